"""Conversations are kept: the empty page offers them, and they go on where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import PANEL, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
FIRST = "Who serviced the boiler?"
EARLIER = ".welcome .session"


def test_an_earlier_conversation_is_read_and_gone_on_with(
    open_page: Callable[..., Page], notes: Path
) -> None:
    """From a new page; its footnotes open, a follow-up leans on it, and a note that changed since is marked."""
    page = open_page("en-GB")
    ask(page, FIRST)
    page.click("#fn-new")
    page.wait_for_selector(EARLIER)
    assert FIRST in page.inner_text(f"{EARLIER} >> nth=0")
    page.click(f"{EARLIER} >> nth=0")
    page.wait_for_selector("#fn-current .turn.done")
    assert page.inner_text("#fn-current .turn h2") == FIRST
    assert "Ms Aydin" in page.inner_text("#fn-current .turn")
    page.click("#fn-current .turn .fn >> nth=0")
    page.wait_for_selector(PANEL)
    page.keyboard.press("Escape")
    ask(page, "and in May?", 2)
    assert page.locator("#fn-thread .turn").count() == 1
    page.click("#fn-new")
    page.wait_for_selector(EARLIER)
    listed = page.locator(EARLIER).all_inner_texts()
    assert sum(FIRST in one for one in listed) == 1, "the follow-up went into the same conversation"
    text = (notes / "boiler.md").read_text("utf-8")
    try:
        (notes / "boiler.md").write_text("# Boiler\n\nIt was sold.\n", "utf-8")
        page.wait_for_timeout(3000)  # the watcher reads it
        page.reload()
        page.click(f"{EARLIER} >> nth=0")
        page.wait_for_selector("#fn-thread .turn.done")
        page.wait_for_selector("#fn-thread .turn .badge")
        assert "Ms Aydin" in page.inner_text("#fn-thread .turn")
    finally:
        (notes / "boiler.md").write_text(text, "utf-8")
