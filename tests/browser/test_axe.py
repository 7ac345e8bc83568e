"""What axe, the checker of accessibility, finds on every page: nothing serious."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import DONE, PANEL, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

SERIOUS = {"serious", "critical"}
PAGES = {
    "search?q=boiler": "#fn-results .ref",
    "notes": '[data-part="files"] .file',
    "graph": "#fn-top .brand",
    "evals": "#fn-top .brand",
    "settings": "#set-llm\\.url",
}


def found(page: Page) -> list[str]:
    """What is seriously wrong, and where."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in violations
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_serious_faults(open_page: Callable[..., Page], url: str, path: str, scheme: str) -> None:
    """In both colour schemes."""
    page = open_page(color_scheme=scheme)
    page.goto(url + path)
    page.wait_for_selector(PAGES[path])
    page.wait_for_timeout(500)  # what is drawn later
    assert found(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ask_page_has_no_serious_faults(open_page: Callable[..., Page], scheme: str) -> None:
    """Empty, and with an answer and an open note."""
    page = open_page(color_scheme=scheme)
    assert found(page) == []
    ask(page, "Who serviced the boiler?")
    page.click(f"{DONE} .ref")
    page.wait_for_selector(PANEL)
    page.wait_for_timeout(500)  # the panel slides in
    assert found(page) == []


def test_faults_are_found(browser: Browser) -> None:
    """So that the tests above can fail."""
    page = browser.new_page()
    page.set_content("<html lang='en'><title>x</title><button></button></html>")
    assert [line.partition(":")[0] for line in found(page)] == ["button-name"]
    page.close()
