"""The source panel: a passage in its note as a page, in a PDF, in a picture; what opens its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import DONE, PANEL, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
LOOKS = f"{PANEL} .looks"


def test_a_note_is_read_as_a_page_with_its_passage_marked(open_page: Callable[..., Page]) -> None:
    """Markdown becomes a page, the passage is in sight, and the next source is shown in the same way."""
    page = open_page()
    ask(page, "Who serviced the boiler?")
    page.click(f"{DONE} .ref >> nth=0")
    page.wait_for_selector(PANEL)
    assert not page.is_visible(LOOKS)
    page.click(f"{PANEL} .view[data-view=page]")
    page.wait_for_selector(f"{LOOKS} mark")
    assert page.inner_text(f"{LOOKS} h1") == "Boiler"
    assert "serviced by Ms Aydin" in page.inner_text(f"{LOOKS} mark")
    assert not page.is_visible(f"{PANEL} .lines")
    page.keyboard.press("Escape")
    page.click(f"{DONE} .ref >> nth=0")
    page.wait_for_selector(f"{LOOKS} mark")
    page.click(f"{PANEL} .view[data-view=text]")
    assert page.is_visible(f"{PANEL} .lines mark")
    assert not page.is_visible(LOOKS)


def test_a_page_of_a_pdf_is_shown_with_its_passage_boxed(
    open_page: Callable[..., Page],
) -> None:
    """The picture is drawn by the server; its boxes are of the marker's colour."""
    pytest.importorskip("pypdfium2")
    page = open_page()
    ask(page, "What is the deposit of the Berlin flat?")
    page.locator(f"{DONE} .ref", has_text="berlin-flat-handbook.pdf").first.click()
    page.click(f"{PANEL} .view[data-view=page]")
    page.wait_for_function("document.querySelector('.source.open .sheet')?.naturalWidth > 900")
    marked = page.evaluate(
        """() => {
        const image = document.querySelector(".source.open .sheet");
        const canvas = Object.assign(document.createElement("canvas"), {width: image.naturalWidth, height: image.naturalHeight});
        const pen = canvas.getContext("2d");
        pen.drawImage(image, 0, 0);
        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
        let marked = 0;
        for (let i = 0; i < data.length; i += 4) marked += data[i] > 240 && data[i + 2] < 225;
        return marked / (data.length / 4); }"""
    )
    assert 0.001 < marked < 0.2


def test_a_picture_of_the_vault_is_shown_and_one_of_the_web_is_not(
    open_page: Callable[..., Page], notes: Path
) -> None:
    """The first comes from the index; the second is its words, and no request leaves."""
    note = notes / "tool shed.md"
    note.write_text(
        "# Tool shed\n\nThe tool shed key hangs behind the drill. ![[kitchen-notice.png]] "
        "![far away](http://192.0.2.1/far.png)\n",
        "utf-8",
    )
    page = open_page()
    for turn in range(1, 30):
        if "behind the drill" in ask(page, "Where does the tool shed key hang?", turn):
            break
        page.wait_for_timeout(300)
    page.locator(f"{DONE} .ref", has_text="tool shed.md").first.click()
    page.click(f"{PANEL} .view[data-view=page]")
    page.wait_for_function("document.querySelector('.source.open .looks img')?.naturalWidth > 10")
    assert page.locator(f"{LOOKS} img").count() == 1
    assert page.inner_text(f"{LOOKS} a") == "far away"


def test_on_this_machine_a_source_opens_in_an_editor(open_page: Callable[..., Page], notes: Path) -> None:
    """At the very line; the link is a link of ours, whatever the file is called."""
    page = open_page()
    ask(page, "Who serviced the boiler?")
    page.click(f"{DONE} .ref >> nth=0")
    link = page.get_attribute(f"{PANEL} .opens", "href")
    assert link == f"vscode://file{notes / 'boiler.md'}:3"


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_the_panel_fits_a_phone(open_page: Callable[..., Page], language: str) -> None:
    """Nothing of the page view is wider than the screen."""
    page = open_page(language, width=390, height=844, has_touch=True, is_mobile=True)
    ask(page, "锅炉 boiler")
    page.click(f"{DONE} .ref >> nth=0")
    page.click(f"{PANEL} .view[data-view=page]")
    page.wait_for_selector(f"{LOOKS} mark")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
