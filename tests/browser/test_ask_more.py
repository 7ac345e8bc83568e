"""Around an answer: copy, ask again, change, what to ask next, filters, related notes, reload; and with a language model."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import BOX, DONE, PANEL, ask
from tests.browser.serving import serving
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
QUESTION = "Who serviced the boiler?"


def test_an_answer_is_copied_as_markdown_with_its_footnotes(open_page: Callable[..., Page]) -> None:
    """The very text that an export of the conversation has."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, QUESTION)
    page.click(f"{DONE} .after .copy")
    page.wait_for_function("document.querySelector('#fn-current .after .copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"## {QUESTION}\n\n")
    assert "serviced by Ms Aydin in May.[^1-1]" in copied.replace(" [^", "[^")
    assert "[^1-1]: `notes/boiler.md:3`: The boiler was serviced by Ms Aydin in May." in copied


def test_a_question_is_asked_again_or_changed_first(open_page: Callable[..., Page]) -> None:
    """Again is the next turn; a change goes to the box and waits there."""
    page = open_page()
    ask(page, QUESTION)
    page.click(f"{DONE} .again")
    page.wait_for_selector(f"{DONE}[data-turn='2']")
    assert page.inner_text(f"{DONE} h2") == QUESTION
    page.click(f"{DONE} .edit")
    assert page.input_value(BOX) == QUESTION
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert page.locator(".turn").count() == 2


@pytest.mark.parametrize(
    ("language", "asked"), [("en-GB", "What does “Garage” say"), ("zh-CN", "「Garage」里关于")]
)
def test_other_sections_of_a_cited_note_are_offered(
    open_page: Callable[..., Page], notes: Path, language: str, asked: str
) -> None:
    """In the page's language; a click asks."""
    note = notes / "garage.md"
    note.write_text(
        "# Garage\n\n## Door\n\nThe garage door opener code is 4711.\n\n## Heating\n\nOil.\n", "utf-8"
    )
    page = open_page(language)
    for turn in range(1, 30):
        if "4711" in ask(page, "garage door opener code?", turn):
            break
        page.wait_for_timeout(300)
    offered = page.locator(f"{DONE} .follow .example", has_text="Heating").first
    assert offered.inner_text().startswith(asked)
    words = offered.inner_text()
    offered.click()
    page.wait_for_selector(f"{DONE}[data-turn='{turn + 1}']")
    assert page.inner_text(f"{DONE} h2") == words


def test_a_filter_is_chosen_and_stands_in_the_question(open_page: Callable[..., Page]) -> None:
    """Folded at first; what is chosen is typed into the box, is obeyed, and is gone with the next question."""
    page = open_page()
    assert not page.is_visible("#fn-under .filters select")
    page.click("#fn-under .filters summary")
    page.select_option("#fn-under select[data-key=lang]", "zh")
    assert page.input_value(BOX).strip() == "lang:zh"
    page.fill(BOX, f"{page.input_value(BOX)}锅炉 boiler")
    page.press(BOX, "Enter")
    page.wait_for_selector(f"{DONE} .chip.language")
    assert "boiler.md" not in page.inner_text(f"{DONE} .notes")
    page.wait_for_function("document.querySelector('#fn-under select[data-key=lang]').value === ''")


def test_related_notes_stand_beside_the_source(open_page: Callable[..., Page]) -> None:
    """Asked for when they are unfolded, each with its reason."""
    page = open_page()
    ask(page, "When is Mira's birthday?")
    page.click(f"{DONE} .ref >> nth=0")
    page.click(f"{PANEL} .related summary")
    page.wait_for_selector(f"{PANEL} .related li small")
    assert page.locator(f"{PANEL} .related li").count() >= 2
    page.goto(page.url.rstrip("/") + "/search?q=Mira")
    page.click("#fn-results .ref >> nth=0")
    page.click(f"{PANEL} .related summary")
    title = page.inner_text(f"{PANEL} .related .example >> nth=0")
    page.click(f"{PANEL} .related .example >> nth=0")
    page.wait_for_function(
        "title => document.querySelector('#fn-box textarea')?.value.includes(title)", arg=title
    )


def test_a_reload_shows_the_conversation_again_and_tabs_do_not_mix(open_page: Callable[..., Page]) -> None:
    """It goes on where it was, in its own tab; a new page forgets it."""
    page, other = open_page(), open_page()
    ask(page, QUESTION)
    ask(other, "What did the lighthouse keeper write?")
    page.reload()
    page.wait_for_selector(DONE)
    assert page.inner_text(f"{DONE} h2") == QUESTION
    ask(page, "and in June?", 2)
    page.goto(page.url.rstrip("/") + "/search")
    page.go_back()
    page.wait_for_selector(f"{DONE}[data-turn='2']")
    other.reload()
    other.wait_for_selector(DONE)
    assert "lighthouse" in other.inner_text(f"{DONE} h2")
    page.click("#fn-new")
    page.wait_for_selector(".welcome")
    page.reload()
    page.wait_for_selector(".welcome")
    page.wait_for_timeout(500)
    assert page.locator(".turn").count() == 0


@pytest.mark.parametrize(("width", "language"), [(390, "en-GB"), (390, "zh-CN")])
def test_a_phone_is_wide_enough(open_page: Callable[..., Page], width: int, language: str) -> None:
    """With the filters unfolded, and with all that stands below an answer."""
    page = open_page(language, width=width, height=844, has_touch=True, is_mobile=True)
    page.click("#fn-under .filters summary")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ask(page, QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth") == width


# --- with a language model ---------------------------------------------------------------------------------------


def step(tool: str, given: str = "") -> Reply:
    """A reply that asks for a tool."""
    return Reply(json.dumps({"tool": tool, "input": given}))


def open_with(browser: Browser, url: str) -> Page:
    """A tab."""
    page = browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 800})
    page.goto(url)
    page.wait_for_selector(".goes")
    return page


def test_a_model_is_named_before_anything_is_sent_and_looks_deeper(
    browser: Browser, notes: Path, tmp_path: Path
) -> None:
    """Where to, what exactly; then the steps as they happen, and the answer."""
    replies = (
        step("search", "boiler service"),
        step("answer"),
        Reply("The boiler was serviced by Ms Aydin in May [1]. She sold the house in 1999 [1]."),
    )
    with LLMServer(*replies) as server:
        variables = {"FOOTNOTES_LLM__URL": server.url, "FOOTNOTES_LLM__MODEL": "tiny"}
        with serving(notes, tmp_path / "home", variables=variables) as url:
            page = open_with(browser, url)
            assert "tiny on this machine (http://127.0.0.1" in page.inner_text(".goes")
            page.click(".goes .preview")
            assert page.inner_text("dialog.preview") == "Write the question first."
            page.keyboard.press("Escape")
            page.fill(BOX, QUESTION)
            page.click(".goes .preview")
            page.wait_for_selector("dialog.preview pre")
            assert "The boiler was serviced by Ms Aydin in May." in page.inner_text("dialog.preview pre")
            assert "notes/boiler.md" in page.inner_text("dialog.preview ul")
            assert server.requests == []
            page.click("dialog .shut")
            page.check(".goes .deep")
            page.press(BOX, "Enter")
            page.wait_for_selector(DONE)
            page.click(f"{DONE} .steps summary")
            assert "search: boiler service" in page.inner_text(f"{DONE} .steps")
            assert "serviced by Ms Aydin in May" in page.inner_text(f"{DONE} .prose-fn")
            assert page.inner_text(f"{DONE} .doubt.unsupported").startswith("She sold the house in 1999")
            assert page.locator(f"{DONE} .doubt").count() == 1
            assert len(server.requests) == 3
            page.close()


def test_a_search_in_steps_is_stopped(browser: Browser, notes: Path, tmp_path: Path) -> None:
    """The steps so far stay; the model's server is hung up on."""
    with LLMServer(step("search", "boiler service"), Reply("thinking ", fault="endless")) as server:
        variables = {"FOOTNOTES_LLM__URL": server.url, "FOOTNOTES_LLM__MODEL": "tiny"}
        with serving(notes, tmp_path / "home", variables=variables) as url:
            page = open_with(browser, url)
            page.check(".goes .deep")
            page.fill(BOX, QUESTION)
            page.press(BOX, "Enter")
            page.wait_for_selector("#fn-current .steps li >> nth=1")
            page.click("#fn-box .stop-button")
            page.wait_for_selector("#fn-current .turn.stopped")
            assert "search: boiler service" in page.inner_text("#fn-current .steps")
            assert page.is_visible("#fn-current .turn.stopped .again")
            assert server.client_gone.wait(20)
            page.close()
            time.sleep(1)  # the server notices that the tab is gone


def test_a_model_that_is_down_leaves_the_notes_own_sentences(
    browser: Browser, notes: Path, tmp_path: Path
) -> None:
    """And a line that says so."""
    with LLMServer(Reply(status=404)) as server:
        variables = {"FOOTNOTES_LLM__URL": server.url, "FOOTNOTES_LLM__MODEL": "tiny"}
        with serving(notes, tmp_path / "home", variables=variables) as url:
            page = open_with(browser, url)
            assert "serviced by Ms Aydin" in ask(page, QUESTION)
            assert "The language model did not finish" in page.inner_text(DONE)
            page.close()
