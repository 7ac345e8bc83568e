"""The search page, as a reader uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.asking import PANEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

QUERY, HITS = "#fn-query", "#fn-results .ref"


@pytest.fixture
def search(open_page: Callable[..., Page], url: str) -> Callable[..., Page]:
    """Opens the search page in a new tab."""

    def opened(address: str = "search", **options: Any) -> Page:
        page = open_page(**options)
        page.goto(url + address)
        page.wait_for_selector(QUERY)
        return page

    return opened


def test_passages_come_as_one_types(search: Callable[..., Page]) -> None:
    """Grouped by note, the words marked; the address holds the query, so a reload shows the same."""
    page = search()
    assert page.evaluate("document.activeElement.id") == "fn-query"
    page.keyboard.type("boiler serviced")
    page.wait_for_selector(HITS)
    page.wait_for_function("document.querySelector('#fn-results .note')?.innerText.includes('boiler.md')")
    assert {"boiler", "serviced"} <= {
        m.lower() for m in page.locator(".note >> nth=0 >> mark").all_inner_texts()
    }
    assert not page.is_visible("#fn-teach")
    assert parse_qs(urlsplit(page.url).query) == {"q": ["boiler serviced"]}
    page.reload()
    page.wait_for_selector(HITS)
    assert page.input_value(QUERY) == "boiler serviced"


def test_the_keyboard_leads_to_the_passage_in_its_note(search: Callable[..., Page]) -> None:
    """Down, Enter, and the note opens beside; Escape and slash lead back."""
    page = search("search?q=boiler")
    page.wait_for_selector(HITS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{PANEL} mark")
    assert "The boiler was serviced by Ms Aydin in May." in page.inner_text(PANEL)
    page.keyboard.press("Escape")
    page.wait_for_selector(PANEL, state="detached")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "fn-query"


def test_filters_are_written_into_the_box_and_limit_what_is_found(search: Callable[..., Page]) -> None:
    """A folder is chosen; its chip takes it back, as words."""
    page = search("search?q=Berlin")
    page.wait_for_selector(HITS)
    page.click(".filters summary")
    page.select_option(".filters [data-key=path]", "日记/2022/")
    page.wait_for_selector(".chip.path")
    assert page.input_value(QUERY) == "path:日记/2022/ Berlin"
    assert all("日记/2022/" in path for path in page.locator(".note > .at").all_inner_texts())
    page.select_option(".filters [data-key=path]", "")
    page.wait_for_selector(".chip.path", state="detached")
    assert page.input_value(QUERY) == "Berlin"


def test_a_wrong_filter_is_told_and_an_empty_box_teaches(search: Callable[..., Page]) -> None:
    """One line, and examples that can be tried."""
    page = search("search?q=after:nonsense")
    page.wait_for_selector("#fn-results .failed")
    assert "nonsense" in page.inner_text("#fn-results")
    page.fill(QUERY, "")
    page.wait_for_selector("#fn-teach")
    page.click(".try >> nth=0")
    page.wait_for_selector("#fn-results article")
    assert page.input_value(QUERY) == "tag:travel"


def test_a_late_reply_changes_nothing(search: Callable[..., Page]) -> None:
    """The reply to what was typed first comes after the reply to what was typed last."""
    page = search()
    held: list[Any] = []

    def hold(route: Any) -> None:
        if "q=lighthouse" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    page.route("**/found?*", hold)
    page.fill(QUERY, "lighthouse")
    page.wait_for_function("document.querySelector('#fn-results').getAttribute('aria-busy') === 'true'")
    page.fill(QUERY, "boiler")
    page.wait_for_selector(HITS)
    for route in held:
        route.abort()
    page.wait_for_timeout(200)
    assert "boiler.md" in page.inner_text("#fn-results .note >> nth=0")
    assert held


def test_what_a_note_says_is_text(search: Callable[..., Page]) -> None:
    """Titles and bodies that hold markup run nothing."""
    page = search("search?q=zanzibar")
    page.wait_for_selector(HITS)
    page.click(HITS)
    page.wait_for_selector(PANEL)
    assert "<svg onload" in page.inner_text(PANEL)
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_it_fits_a_phone(search: Callable[..., Page], language: str) -> None:
    """No page is wider than the screen, in both languages."""
    page = search("search?q=柏林", language=language, width=390, height=844)
    page.wait_for_selector(HITS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.inner_text("nav.pages a[aria-current]") == {"en-GB": "Search", "zh-CN": "搜索"}[language]
