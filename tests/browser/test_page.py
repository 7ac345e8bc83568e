"""The page in a real browser, over a real index of sample notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import BOX, DONE, PANEL, ask
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "question", "answer", "path", "line", "listed"),
    [
        ("en-GB", "Who serviced the boiler?", "serviced by Ms Aydin", "boiler.md", "line 3", "Footnotes"),
        ("zh-CN", "锅炉是谁检修的？", "由艾登女士检修", "锅炉.md", "第 3 行", "脚注"),
    ],
)
def test_a_footnote_opens_the_very_line(
    open_page: Callable[..., Page],
    language: str,
    question: str,
    answer: str,
    path: str,
    line: str,
    listed: str,
) -> None:
    """Question, answer, footnote, source: in both languages, with words around them in the browser's."""
    page = open_page(language)
    assert answer in ask(page, question)
    assert page.inner_text(f"{DONE} .notes h3") == listed
    assert page.evaluate("document.documentElement.lang") == ("zh-Hans" if language == "zh-CN" else "en")
    chip = page.locator(f"{DONE} .fn", has_text="1").first
    chip.click()
    page.wait_for_selector(PANEL)
    assert page.inner_text(f"{PANEL} .path b") == path
    assert page.inner_text(f"{PANEL} .where") == line
    assert answer in page.inner_text(f"{PANEL} mark")
    assert page.get_attribute(f"{PANEL} .ln.cited .no", "data-no") == "3"
    assert page.is_visible(f"{PANEL} mark")


def test_the_keyboard_alone_is_enough(open_page: Callable[..., Page]) -> None:
    """Type at once, Enter, a digit opens, Escape closes and returns, a slash goes back to the box."""
    page = open_page()
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("Who serviced the boiler?")
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert page.input_value(BOX) == ""
    page.locator(f"{DONE} .fn").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(PANEL)
    page.keyboard.press("Escape")
    page.wait_for_selector(PANEL, state="detached")
    assert page.evaluate("document.activeElement.className") == "fn"
    page.keyboard.press("1")
    page.wait_for_selector(PANEL)
    page.keyboard.press("/")
    page.wait_for_selector(PANEL, state="detached")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("a/1")
    assert page.input_value(BOX) == "a/1"
    page.keyboard.press("Shift+Enter")
    assert page.input_value(BOX) == "a/1\n"


def test_an_enter_that_ends_a_composition_sends_nothing(open_page: Callable[..., Page]) -> None:
    """Choosing Chinese characters with Enter is not asking."""
    page = open_page("zh-CN")

    def enter(*, composing: bool) -> None:
        for kind in ("keydown", "keypress"):
            page.dispatch_event(BOX, kind, {"key": "Enter", "isComposing": composing, "bubbles": True})

    page.fill(BOX, "guolu")
    enter(composing=True)
    page.wait_for_timeout(500)
    assert page.input_value(BOX) == "guolu"
    assert page.locator(".turn").count() == 0
    enter(composing=False)
    page.wait_for_selector(".turn")


def test_an_edited_note_answers_with_its_new_text(open_page: Callable[..., Page], notes: Path) -> None:
    """The watcher syncs while the page is open: no old text is left to answer."""
    note = notes / "parking.md"
    note.write_text("# Parking\n\nThe parking permit number is 1111.\n", "utf-8")
    page = open_page()
    turn = _ask_until(page, "What is the parking permit number?", "1111", 1)
    note.write_text("# Parking\n\nThe parking permit number is 2222.\n", "utf-8")
    turn = _ask_until(page, "What is the parking permit number?", "2222", turn + 1)
    assert "1111" not in page.inner_text(DONE)
    note.unlink()
    page.wait_for_timeout(100)
    _ask_until(page, "What is the parking permit number?", "2222", turn + 1, gone=True)


def _ask_until(page: Page, question: str, expected: str, turn: int, *, gone: bool = False) -> int:
    """Ask again until the watcher has caught up; returns the last turn's number."""
    for number in range(turn, turn + 20):
        if (expected in ask(page, question, number)) != gone:
            return number
        page.wait_for_timeout(300)
    pytest.fail(f"{expected!r} was {'still' if gone else 'never'} answered: {page.inner_text(DONE)}")


def test_hostile_notes_run_nothing_and_fetch_nothing(open_page: Callable[..., Page]) -> None:
    """Markup in a note is text; the requests are checked after every test."""
    page = open_page()
    ask(page, "What is on the zanzibar spice list?")
    assert "<svg onload=" in page.inner_text(DONE)
    page.click(f"{DONE} .ref >> nth=0")
    page.wait_for_selector(PANEL)
    assert "<script>window.pwned=2</script>" in page.inner_text(PANEL)
    page.wait_for_timeout(300)
    assert page.evaluate("window.pwned") is None


def test_the_policy_stops_what_escaping_might_miss(browser: Browser, url: str) -> None:
    """An inline handler or a foreign image that got into the page would be blocked by the browser itself."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".welcome")
    stopped = page.evaluate(
        """async () => {
        const stopped = [];
        document.addEventListener("securitypolicyviolation", (e) => stopped.push(e.effectiveDirective));
        document.querySelector(".welcome").innerHTML =
          '<img src="data:," onerror="window.pwned=1"><img src="http://192.0.2.1/a.png"><iframe src="/health">';
        try { await fetch("http://192.0.2.1/"); } catch {}
        await new Promise((done) => setTimeout(done, 300));
        return stopped; }"""
    )
    assert {"script-src-attr", "img-src", "frame-src", "connect-src"} <= set(stopped)
    assert page.evaluate("window.pwned") is None
    context.close()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_phone_scrolls_in_one_direction_only(open_page: Callable[..., Page], language: str) -> None:
    """At 390 pixels nothing is wider than the screen, in any state of the page."""
    page = open_page(language, width=390, height=844, has_touch=True, is_mobile=True)

    def width() -> int:
        found: int = page.evaluate("document.documentElement.scrollWidth")
        return found

    assert width() == 390
    ask(page, "锅炉 boiler")
    assert width() == 390
    page.locator(f"{DONE} .fn").first.click()
    page.wait_for_selector(PANEL)
    assert width() == 390
    assert page.locator(PANEL).bounding_box()["width"] == 390  # type: ignore[index]


def test_dark_and_light_follow_the_system(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """Also when the system changes its mind; text stays readable on its ground."""
    page = open_page(color_scheme="dark")
    ask(page, "Who serviced the boiler?")
    page.screenshot(path=str(tmp_path / "dark.png"))
    dark = _ground_and_ink(page)
    page.emulate_media(color_scheme="light")
    light = _ground_and_ink(page)
    assert dark[0] < 0.05
    assert dark[1] > 0.7
    assert light[0] > 0.8
    assert light[1] < 0.05


def _ground_and_ink(page: Page) -> tuple[float, float]:
    """Relative luminance of the page and of an answer's text (roughly: gamma 2.2)."""
    colours: list[str] = page.evaluate(
        """() => ["body", "#fn-current .prose-fn p"].map((s, i) =>
        getComputedStyle(document.querySelector(s))[i ? "color" : "backgroundColor"])"""
    )
    values = [[int(part) / 255 for part in c[c.index("(") + 1 : -1].split(",")[:3]] for c in colours]
    ground, ink = (sum(w * v**2.2 for w, v in zip((0.21, 0.72, 0.07), rgb, strict=True)) for rgb in values)
    return ground, ink


def test_nothing_of_the_frameworks_own_furniture_is_left(open_page: Callable[..., Page]) -> None:
    """No footer, no API link, no settings: one page with one purpose."""
    page = open_page()
    assert "gradio" not in page.inner_text("body").lower()
    assert page.locator("footer:visible").count() == 0
    assert page.title() == "Footnotes"


def test_examples_ask_themselves_and_a_new_page_is_clean(open_page: Callable[..., Page]) -> None:
    """A click on an example is a question; New page brings the welcome back."""
    page = open_page()
    example = page.inner_text(".welcome .example >> nth=0")
    page.click(".welcome .example >> nth=0")
    page.wait_for_selector(DONE)
    assert page.inner_text(f"{DONE} h2") == example
    assert page.locator(".welcome").count() == 0
    page.click("#fn-new")
    page.wait_for_selector(".welcome")
    assert page.locator(".turn").count() == 0


# --- what has become of the cited notes --------------------------------------------------------------------------

CHANGED = "This note has changed since this answer"
GONE = "This note is gone"


@pytest.mark.parametrize(
    ("language", "changed", "gone"),
    [("en-GB", CHANGED, GONE), ("zh-CN", "回答之后，这篇笔记有改动", "这篇笔记已经不在了")],
)
def test_an_old_answer_says_that_its_note_has_changed_or_is_gone(
    open_page: Callable[..., Page], notes: Path, language: str, changed: str, gone: str
) -> None:
    """At the footnote and in its panel, where the passage stays the one that was used; and it is taken back."""
    note, was = notes / f"locker {language}.md", f"# Locker\n\nThe locker code {language} is 3141.\n"
    note.write_text(was, "utf-8")
    page = open_page(language)
    _ask_until(page, f"locker code {language}?", "3141", 1)
    number = page.locator(f"{DONE} .ref", has_text=note.name).first.get_attribute("data-n")
    badge, panel_badge = f"{DONE} .ref[data-n='{number}'] .fate", f"{PANEL} .fate"

    def opened() -> None:
        page.keyboard.press("Escape")
        page.click(f"{DONE} .ref[data-n='{number}']")
        page.wait_for_selector(f"{PANEL}[data-n='{number}']")

    opened()
    page.wait_for_timeout(300)
    assert page.inner_text(badge) == ""
    assert not page.is_visible(panel_badge)
    note.write_text(was.replace("3141", "2718"), "utf-8")
    opened()
    page.wait_for_function(
        "([it, said]) => document.querySelector(it).innerText === said", arg=[badge, changed]
    )
    assert changed in page.inner_text(panel_badge)
    assert "3141" in page.inner_text(f"{PANEL} mark")
    assert "2718" not in page.inner_text(PANEL)
    note.unlink()
    page.evaluate("dispatchEvent(new Event('focus'))")  # the reader comes back to the tab
    page.wait_for_function("([it, said]) => document.querySelector(it).innerText === said", arg=[badge, gone])
    assert gone in page.inner_text(panel_badge)
    assert "3141" in page.inner_text(f"{PANEL} mark")
    note.write_text(was, "utf-8")
    page.wait_for_timeout(1500)  # the watcher indexes it again
    opened()
    page.wait_for_function("it => document.querySelector(it).innerText === ''", arg=badge)
    note.unlink()


def test_an_answer_that_moved_up_the_page_keeps_its_mark(open_page: Callable[..., Page], notes: Path) -> None:
    """It is drawn anew there, by a server that knew nothing of the change."""
    note = notes / "kiosk.md"
    note.write_text("# Kiosk\n\nThe kiosk shutter opens at 6:40.\n", "utf-8")
    page = open_page()
    turn = _ask_until(page, "When does the kiosk shutter open?", "6:40", 1)
    note.write_text("# Kiosk\n\nThe kiosk shutter opens at 7:20.\n", "utf-8")
    ask(page, "Who serviced the boiler?", turn + 1)
    old = page.locator(f"#fn-thread .turn[data-turn='{turn}'] .ref", has_text="kiosk.md").first
    old.locator(".fate:not(:empty)").wait_for()
    assert old.locator(".fate").inner_text() == CHANGED
    assert page.locator(f"{DONE} .fate:not(:empty)").count() == 0
    note.unlink()


# --- asking quickly, at length, and of nothing -------------------------------------------------------------------


def test_questions_asked_in_haste_are_all_answered(open_page: Callable[..., Page]) -> None:
    """The next one waits in the box until the answer before it is finished; none is lost, none is asked twice."""
    page = open_page()
    asked = ["Who serviced the boiler?", "锅炉是谁检修的？", "When is Mira's birthday?", "boiler again?"]
    for question in asked:
        page.fill(BOX, question)  # waits while the box is held
        page.press(BOX, "Enter")
        page.press(BOX, "Enter")
    page.wait_for_selector(f"{DONE}[data-turn='4']")
    assert page.locator(".turn h2").all_inner_texts() == asked
    page.wait_for_timeout(500)
    assert page.locator(".turn").count() == 4
    assert page.input_value(BOX) == ""
    assert page.is_editable(BOX)


def test_a_waiting_question_says_so_and_can_be_taken_back(open_page: Callable[..., Page]) -> None:
    """Escape makes it editable again, and it is not asked."""
    page = open_page()
    _make_it_seem_busy(page)
    page.fill(BOX, "Who serviced the boiler?")
    page.press(BOX, "Enter")
    assert not page.is_editable(BOX)
    assert "Asked as soon as this answer is finished" in page.inner_text("#fn-hint")
    page.keyboard.press("Escape")
    assert page.is_editable(BOX)
    assert "Asked as soon" not in page.inner_text("#fn-hint")
    page.evaluate("document.querySelector('#fn-current .turn').remove()")
    page.wait_for_timeout(300)
    assert page.input_value(BOX) == "Who serviced the boiler?"
    assert page.locator(".turn").count() == 0


def _make_it_seem_busy(page: Page) -> None:
    """Answers from notes take no time; this stands for one that a language model writes."""
    page.evaluate(
        """document.querySelector('#fn-current').append(Object.assign(document.createElement('article'),
        {className: 'turn live'}))"""
    )


def test_a_long_question_is_folded_until_it_is_clicked(open_page: Callable[..., Page]) -> None:
    """12,000 characters are answered, and take four lines."""
    page = open_page()
    ask(page, "Who serviced the boiler? " * 480)
    question = page.locator(f"{DONE} .asked h2")
    folded = question.bounding_box()
    question.click()
    opened = question.bounding_box()
    assert folded is not None
    assert opened is not None
    assert folded["height"] < 200
    assert opened["height"] > 2000


def test_without_notes_the_page_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    """Not that the notes say nothing."""
    with serving(None, tmp_path / "home") as url:
        page = browser.new_page(locale="en-GB")
        page.goto(url)
        page.wait_for_selector(".welcome")
        page.fill(BOX, "Who serviced the boiler?")
        page.press(BOX, "Enter")
        page.wait_for_selector("#fn-current .turn.failed")
        said = page.inner_text("#fn-current .turn")
        page.close()
    assert "There are no notes here yet." in said
    assert "Add a folder" in said


def test_what_was_understood_is_shown_and_switched_off(open_page: Callable[..., Page]) -> None:
    """A chip says which time was meant; its button asks again without it."""
    page = open_page("en-GB")
    page.fill(BOX, "Who serviced the boiler in May 2022?")
    page.press(BOX, "Enter")
    page.wait_for_selector(f"{DONE} .chip.time")
    assert "2022-05-01..2022-05-31" in page.inner_text(f"{DONE} .chip.time")
    page.click(f"{DONE} .chip.time .off")
    page.wait_for_selector('#fn-current .turn.done[data-turn="2"]')
    assert page.query_selector("#fn-current .chip.time") is None
    assert "Ms Aydin" in page.inner_text("#fn-current")


def test_a_question_may_lean_on_the_one_before(open_page: Callable[..., Page]) -> None:
    """It is shown as it was asked in the end."""
    page = open_page("en-GB")
    for number, question in enumerate(("Who directed Past Lives?", "When did I watch it?"), 1):
        page.fill(BOX, question)
        page.press(BOX, "Enter")
        page.wait_for_selector(f'#fn-current .turn.done[data-turn="{number}"]')
    assert "When did I watch Past Lives?" in page.inner_text("#fn-current .chip.question")


def test_a_verdict_is_kept(open_page: Callable[..., Page]) -> None:
    """The button stays pressed, and the page says so."""
    page = open_page("en-GB")
    page.fill(BOX, "Who serviced the boiler?")
    page.press(BOX, "Enter")
    page.wait_for_selector(DONE)
    page.hover(f"{DONE} .notes li")
    page.click(f"{DONE} .notes li .judge[data-judgement=right]")
    page.wait_for_selector("#fn-judged p")
    assert "eval own" in page.inner_text("#fn-judged")
    assert page.get_attribute(f"{DONE} .notes li .judge[data-judgement=right]", "aria-pressed") == "true"
