"""Everything that a note or a model can hold, through the real browser: nothing runs, nothing leaves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import DONE, PANEL, ask
from tests.browser.serving import serving
from tests.integration.llm_server import LLMServer, Reply
from tests.payloads import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WORDS = [
    f"quokka{'abcdefghijklmnopqrstuvwxyz'[i // 26]}{'abcdefghijklmnopqrstuvwxyz'[i % 26]}"
    for i in range(len(PAYLOADS))
]


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note a payload: in its text, its title, a tag, a heading and, as far as a file system lets it, its name."""
    folder = tmp_path_factory.mktemp("hostile") / "notes"
    folder.mkdir()
    for word, payload in zip(WORDS, PAYLOADS, strict=True):
        name = re.sub(r"[/\x00-\x1f]", "", payload)[:60]
        quoted = json.dumps(payload, ensure_ascii=False)
        text = f"---\ntitle: {quoted}\ntags: [{quoted}]\n---\n# {word}\n\n## {payload}\n\nThe {word} says {payload} twice.\n"
        (folder / f"{name} {word}.md").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def url(notes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, with a model that says the payloads one after the other."""
    with LLMServer(*(Reply(f"{payload} is what it says [1]. {payload}") for payload in PAYLOADS)) as server:
        variables = {
            "FOOTNOTES_LLM__URL": server.url,
            "FOOTNOTES_LLM__MODEL": "<img src=x onerror=window.pwned=1>",
        }
        home = tmp_path_factory.mktemp("home") / "footnotes"
        with serving(notes, home, variables=variables) as found:
            yield found


def test_nothing_runs_and_nothing_leaves(open_page: Callable[..., Page]) -> None:
    """Answer, footnotes, source as text and as page, follow-ups; requests and the console are watched all along."""
    assert len(PAYLOADS) > 60
    page = open_page()
    page.add_init_script("window.pwned = undefined")
    for word in WORDS:
        ask(page, f"What does the {word} say?")
        ref = page.locator(f"{DONE} .ref", has_text=word).first
        if ref.count():
            ref.click()
            page.click(f"{PANEL} .view[data-view=page]")
            page.wait_for_selector(f"{PANEL} .looks > *")
            page.keyboard.press("Escape")
        assert page.evaluate("window.pwned") is None, word
        page.click("#fn-new")
        page.wait_for_selector(".welcome")


def test_nor_on_the_other_pages(open_page: Callable[..., Page], url: str) -> None:
    """Lists of files, and what a search finds."""
    page = open_page()
    page.goto(f"{url}notes")
    page.wait_for_selector("[data-part=files] *")
    page.goto(f"{url}search?q=quokka")
    for word in WORDS[::5]:
        page.fill("#fn-query", word)
        page.wait_for_selector(f"#fn-results :text('{word}')")
    assert page.evaluate("window.pwned") is None
