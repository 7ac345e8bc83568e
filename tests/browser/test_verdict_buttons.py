"""The small buttons at answers, footnotes and chips: where they lie, and what they say to a keyboard and a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import DONE, PANEL, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

QUESTIONS = {
    "en-GB": ("What did the lighthouse keeper write about the ferry in May 2023?", "and in June 2023?"),
    "zh-CN": ("2023 年 5 月灯塔的守塔人写了渡船什么？", "那 6 月呢？"),
}
NAMES = {
    "en-GB": ("Footnote 1 is right", "Footnote 1 is wrong", "This answer is right", "This answer is wrong"),
    "zh-CN": ("脚注 1 是对的", "脚注 1 是错的", "这个回答是对的", "这个回答是错的"),
}

# Each button of an answer or of the page's head whose box shares some pixels with text that is not its own, or lies
# outside the window. A line counts only as far as it is seen: quotes are cut after two.
MISPLACED = """() => {
  const meet = (a, b) => ({
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  });
  const seen = (box, whole, text) => {
    for (let it = text.parentElement; it !== whole; it = it.parentElement)
      if (getComputedStyle(it).overflow !== "visible") box = meet(box, it.getBoundingClientRect());
    return box;
  };
  const found = [];
  for (const button of document.querySelectorAll(".turn :is(.judge, .off), #fn-new")) {
    const whole = button.closest(".turn, #fn-top");
    const place = button.getBoundingClientRect();
    const name = button.getAttribute("aria-label") ?? button.textContent;
    if (place.left < 0 || place.right > innerWidth) found.push(`${name}: outside`);
    const texts = document.createTreeWalker(whole, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (button.contains(text) || text.parentElement.closest(".source")) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const line of range.getClientRects()) {
        const { left, right, top, bottom } = meet(place, seen(line, whole, text));
        if (right - left > 0.5 && bottom - top > 0.5) found.push(`${name}: over “${text.data}”`);
      }
    }
  }
  return found;
}"""

# Not see-through, and on top of whatever lies at its middle, such as the box for questions.
SEEN = """it => {
  const { left, top, width, height } = it.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return getComputedStyle(it.parentElement).opacity === "1" && it === there;
}"""


@pytest.mark.parametrize(("width", "touch"), [(1280, False), (1024, False), (390, True)])
@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_no_button_lies_over_text(
    open_page: Callable[..., Page], language: str, width: int, *, touch: bool
) -> None:
    """With the panel closed and open, in the light and in the dark, in the last answer and in the one before it."""
    page = open_page(language, width=width, has_touch=touch, is_mobile=touch)
    for turn, question in enumerate(QUESTIONS[language], 1):
        ask(page, question, turn)
    page.wait_for_selector(f"{DONE} .chip.question")
    assert page.locator("#fn-thread .turn .notes .judge").count() >= 2
    assert page.locator("#fn-thread .turn .chip .off").count() >= 1
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(MISPLACED) == []
        page.click("#fn-thread .turn .ref >> nth=0")
        page.wait_for_selector(PANEL)
        page.wait_for_timeout(300)  # the column makes room
        assert page.evaluate(MISPLACED) == []
        page.keyboard.press("Escape")
        page.wait_for_selector(PANEL, state="detached")


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_the_keyboard_reaches_every_verdict(open_page: Callable[..., Page], language: str) -> None:
    """From a footnote to its buttons: seen then, named in the page's language, and saying whether they are pressed."""
    page = open_page(language, height=480)
    ask(page, QUESTIONS[language][0])
    right, wrong, *answer = (page.get_by_role("button", name=name, exact=True) for name in NAMES[language])
    page.locator(f"{DONE} .ref").first.focus()
    for button in (right, wrong):
        page.keyboard.press("Tab")
        assert _focused(button)
        assert button.evaluate(SEEN)
        assert button.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Space")
    assert _pressed(right, wrong) == ["false", "true"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert _pressed(right, wrong) == ["true", "false"]
    page.locator(f"{DONE} .notes .judge").last.focus()
    for button in answer:
        page.keyboard.press("Tab")
        assert _focused(button)
        assert button.evaluate(SEEN)
    assert _pressed(*answer) == ["false", "false"]


def _focused(button: Locator) -> bool:
    return bool(button.evaluate("it => it === document.activeElement"))


def _pressed(*buttons: Locator) -> list[str | None]:
    return [button.get_attribute("aria-pressed") for button in buttons]


def test_a_verdict_stays_pressed_when_its_answer_moves_up(open_page: Callable[..., Page]) -> None:
    """It is drawn anew there; a new page forgets it."""
    page = open_page()
    ask(page, "Who serviced the boiler?")
    page.click(f"{DONE} .notes .judge[data-judgement=wrong] >> nth=0")
    ask(page, "What did the lighthouse keeper write?", 2)
    old = page.locator("#fn-thread .turn[data-turn='1'] .notes .judge")
    assert _pressed(old.nth(0), old.nth(1)) == ["false", "true"]
    assert page.locator(f"{DONE} .judge[aria-pressed=true]").count() == 0
    page.click("#fn-new")
    page.wait_for_selector(".welcome")
    ask(page, "Who serviced the boiler?")
    assert page.locator(".judge[aria-pressed=true]").count() == 0


# Presses the last answer's first button, and sends a question some milliseconds later: when the verdict's reply is due.
HASTY = """([later, question]) => {
  const box = document.querySelector("#fn-box textarea");
  document.querySelector("#fn-current .judge").click();
  setTimeout(() => {
    box.value = question;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => document.querySelector("#fn-box .submit-button").click());
  }, later);
}"""


def test_a_question_asked_in_the_instant_of_a_verdict_is_answered(open_page: Callable[..., Page]) -> None:
    """Neither is lost, whichever of the verdict's reply and the question comes first."""
    page = open_page()
    ask(page, "Who serviced the boiler?")
    for turn, later in enumerate((0, 10, 20, 30, 40, 50, 30, 40, 20, 50), 2):
        page.wait_for_timeout(150)  # the answer before is finished
        page.evaluate(HASTY, [later, f"Who serviced the boiler, {turn}?"])
        page.wait_for_selector(f"{DONE}[data-turn='{turn}']")
        judged = page.locator(f"#fn-thread .turn[data-turn='{turn - 1}'] .judge").first
        assert _pressed(judged) == ["true"]
    page.get_by_text("Kept.").wait_for()


def test_the_second_click_of_a_double_click_is_no_verdict(open_page: Callable[..., Page]) -> None:
    """The first one opened a footnote, and a button has moved under the pointer since."""
    page = open_page()
    ask(page, "Who serviced the boiler?")
    button = page.locator(f"{DONE} .notes .judge").first
    button.hover()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    assert _pressed(button) == ["false"]
    button.click()
    assert _pressed(button) == ["true"]
