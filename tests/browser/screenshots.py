"""Takes the README's screenshots: ``python -m tests.browser.screenshots`` (needs Chromium and playwright)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.asking import DONE, FLAGS, PANEL, VAULT, ask
from tests.browser.serving import serving

DOCS = Path(__file__).parents[2] / "docs"
SHOTS = (
    ("screenshot.png", "en-GB", "What did lunch cost in April 2022?", 0),
    ("screenshot.zh.png", "zh-CN", "2021 年春天外公的手表修好了吗？", 1),
)


def main() -> None:
    """Ask one question a language over the sample notes, open a footnote, and take a picture of 1280 x 800."""
    named = os.environ.get("FOOTNOTES_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        notes = Path(folder) / "notes"
        shutil.copytree(VAULT, notes)
        browser = playwright.chromium.launch(executable_path=named, args=list(FLAGS))
        with serving(notes, Path(folder) / "home") as url:
            for name, language, question, opened in SHOTS:
                page = browser.new_page(locale=language, viewport={"width": 1280, "height": 800})
                page.goto(url)
                page.wait_for_selector(".welcome")
                ask(page, question)
                page.wait_for_selector(f"{DONE} .chip")
                page.click(f"{DONE} .ref >> nth={opened}")
                page.wait_for_selector(PANEL)
                page.mouse.move(0, 0)  # nothing looks touched
                page.wait_for_timeout(500)  # the panel slides in
                page.screenshot(path=str(DOCS / name))
        browser.close()


if __name__ == "__main__":
    main()
