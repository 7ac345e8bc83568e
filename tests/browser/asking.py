"""Asking on the page; shared by the browser's tests and the script for the README's screenshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

VAULT = Path(__file__).parents[1] / "data" / "vault"
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
BOX = "#fn-box textarea"
DONE = "#fn-current .turn.done"
PANEL = ".source.open"


def ask(page: Page, question: str, turn: int = 1) -> str:
    """Type a question, press Enter, and return the answer's text."""
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_selector(f"{DONE}[data-turn='{turn}']")
    return page.inner_text(f"{DONE} .prose-fn")
