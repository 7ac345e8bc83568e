"""The settings page: what is chosen is checked, kept and used without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.browser.asking import ask
from tests.browser.serving import serving
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

TROUBLE = '[data-part="trouble"]'


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """One note."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    return folder


@pytest.fixture
def settings(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page of a server."""
    pages: list[Page] = []

    def opened(url: str) -> Page:
        page = browser.new_page(locale="en-GB")
        pages.append(page)
        page.goto(f"{url}settings")
        page.wait_for_selector("#set-llm\\.url")
        return page

    yield opened
    for page in pages:
        page.close()


def put(page: Page, key: str, value: str) -> None:
    """Type a value and leave the field."""
    field = f'[id="set-{key}"]'
    page.fill(field, value)
    page.press(field, "Tab")


def saved(page: Page, home: Path) -> dict[str, object]:
    """What the home's file holds once the page has been drawn anew."""
    page.wait_for_selector(".choice .back")
    loaded: dict[str, object] = yaml.safe_load((home / "settings.yaml").read_text("utf-8"))
    return loaded


def test_a_language_model_is_chosen_tested_and_answers_without_a_restart(
    settings: Callable[..., Page], notes: Path, tmp_path: Path
) -> None:
    """The server is asked when the button is pressed, and then by the next question."""
    reply = Reply("Ms Aydin serviced the boiler in May. [1]")
    with LLMServer(reply, reply) as server, serving(notes, tmp_path / "home") as url:
        page = settings(url)
        put(page, "llm.url", server.url)
        page.wait_for_selector('.back[data-key="llm.url"]')
        put(page, "llm.model", "scripted")
        page.wait_for_selector('.back[data-key="llm.model"]')
        assert saved(page, tmp_path / "home")["llm"] == {"model": "scripted", "url": server.url}
        page.click(".test")
        page.wait_for_selector('[data-part="tested"] .said')
        page.goto(url)
        page.wait_for_selector(".welcome")
        assert "answers by scripted" in page.inner_text(".facts")
        assert "Ms Aydin serviced the boiler in May." in ask(page, "Who serviced the boiler?")
        assert "scripted" in page.inner_text(".colophon")


def test_a_wrong_value_is_refused_and_nothing_is_changed(
    settings: Callable[..., Page], notes: Path, tmp_path: Path
) -> None:
    """One line with the key and the value; a right one is kept, and can be taken back."""
    with serving(notes, tmp_path / "home") as url:
        page = settings(url)
        put(page, "search.per_note", "none at all")
        page.wait_for_function(f"document.querySelector('{TROUBLE}').textContent !== ''")
        assert "search.per_note" in page.inner_text(TROUBLE)
        assert "none at all" in page.inner_text(TROUBLE)
        assert not (tmp_path / "home" / "settings.yaml").exists()
        put(page, "search.per_note", "2")
        assert saved(page, tmp_path / "home") == {"search": {"per_note": 2}}
        page.click(".back")
        page.wait_for_selector(".back", state="detached")
        assert page.input_value('[id="set-search.per_note"]') == "4"


def test_what_the_environment_says_cannot_be_changed_here(
    settings: Callable[..., Page], notes: Path, tmp_path: Path
) -> None:
    """It is shown, with where it comes from."""
    with serving(notes, tmp_path / "home", variables={"FOOTNOTES_SEARCH__PER_NOTE": "3"}) as url:
        page = settings(url)
        field = page.locator('[id="set-search.per_note"]')
        assert field.is_disabled()
        assert field.input_value() == "3"
        assert "$FOOTNOTES_SEARCH__PER_NOTE" in page.inner_text('.choice:has([id="set-search.per_note"])')


def test_the_look_is_chosen_and_stays(settings: Callable[..., Page], notes: Path, tmp_path: Path) -> None:
    """On all pages of this browser."""
    with serving(notes, tmp_path / "home") as url:
        page = settings(url)
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.check('[name="theme"][value="dark"]')
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        page.goto(url)
        page.wait_for_selector(".welcome")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_the_language_is_chosen_for_everybody(
    settings: Callable[..., Page], notes: Path, tmp_path: Path
) -> None:
    """The page is in it after the next load."""
    with serving(notes, tmp_path / "home") as url:
        page = settings(url)
        page.select_option('[id="set-language"]', "zh")
        page.wait_for_selector('.back[data-key="language"]')
        page.reload()
        page.wait_for_selector("#set-llm\\.url")
        assert page.inner_text("nav.pages a[aria-current]") == "设置"
