"""Evals in a real browser: from an empty page over questions and a run to its table, and two runs compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TABLE = '[data-part="report"] table'


def _open(page: Page, url: str) -> None:
    page.goto(f"{url}evals")
    page.wait_for_selector('#evals [data-part="questions"] > *')


def test_from_nothing_to_a_table_and_a_comparison(open_page: Callable[..., Page], url: str) -> None:
    """Make, ask, read; a reload and another tab show the same; a second run is compared with the first; all fits a phone."""
    page = open_page()
    _open(page, url)
    assert "There are no questions yet" in page.inner_text('[data-part="questions"]')
    page.select_option('[data-part="count"]', "50")
    page.click('[data-act="make"]')
    page.wait_for_selector('[data-part="job"]:has-text("new questions")', timeout=60_000)
    page.wait_for_selector('[data-part="questions"]:has-text("50 questions")')
    page.click('[data-act="run"]')
    page.wait_for_selector(TABLE, timeout=120_000)
    assert "kept as page-" in page.inner_text('[data-part="job"]')
    header = page.inner_text(f"{TABLE} thead").split("\t")
    assert header[:3] == ["kind", "questions", "nDCG@10"]
    last = page.inner_text(f"{TABLE} tbody tr:last-child").split("\t")
    assert last[:2] == ["all", "50"]
    assert 50 < float(last[2]) <= 100
    assert page.locator('[data-part="report"] svg rect.fill').count() > 3
    page.reload()
    page.wait_for_selector(TABLE)
    assert page.inner_text(f"{TABLE} tbody tr:last-child").split("\t") == last
    page.wait_for_timeout(1_100)  # runs are named by the second
    page.click('[data-act="run"]')
    page.wait_for_selector('[data-part="runs"] .compare', timeout=120_000)
    page.focus('[data-part="runs"] .compare')
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-part="comparison"] table')
    row = page.inner_text('[data-part="comparison"] tbody tr >> nth=0').split("\t")
    assert row[0] == "nDCG@10"
    assert row[1] == row[2] == last[2]
    assert "No question has changed" in page.inner_text('[data-part="comparison"]')
    for language, tag in (("en-GB", "en"), ("zh-CN", "zh-Hans")):  # wide tables scroll by themselves
        phone = open_page(language, 390, 844)
        _open(phone, url)
        phone.wait_for_selector(TABLE)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert phone.evaluate("document.documentElement.lang") == tag
