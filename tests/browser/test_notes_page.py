"""The notes page: from an empty home to an answer, and what can go wrong on the way."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import DONE, ask
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

FOLDERS, TROUBLE, JOB = ('[data-part="folders"]', '[data-part="trouble"]', '[data-part="job"]')
FILES = '[data-part="files"] .file'


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Three notes and a file that is not read."""
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    (folder / "roof.md").write_text("# Roof\n\nThe roof was mended in 2021.\n", "utf-8")
    (folder / "cellar.md").write_text("# Cellar\n\nThe cellar is dry.\n", "utf-8")
    (folder / "data.bin").write_bytes(b"\0\1\2")
    return folder


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The notes page of an empty home, reached from the empty Ask page."""
    with serving(None, tmp_path / "home") as url:
        tab = browser.new_page(locale="en-GB")
        tab.on("dialog", lambda dialog: dialog.accept())
        tab.goto(url)
        tab.click(".welcome .go")
        tab.wait_for_selector(f"{FOLDERS} .none")
        yield tab
        tab.close()


def add(page: Page, path: object) -> None:
    """Type a folder, press Enter."""
    page.fill('[data-part="path"]', str(path))
    page.keyboard.press("Enter")


def added(page: Page, notes: Path) -> None:
    """Add the folder and wait for the end of its sync."""
    add(page, notes)
    page.wait_for_selector(f"{FOLDERS} li")
    page.wait_for_selector(f"{JOB} .said:not([data-running])")


def test_from_an_empty_home_to_an_answer(page: Page, notes: Path) -> None:
    """Add, see the files and why one is left out, ask."""
    added(page, notes)
    assert "3 notes: 3 added" in page.inner_text(JOB)
    assert "3 notes" in page.inner_text(FOLDERS)
    page.wait_for_selector(FILES)
    page.click('.tab[data-status="skipped"]')
    page.wait_for_function("document.querySelectorAll('[data-part=files] .file').length === 1")
    assert "data.bin" in page.inner_text(FILES)
    page.click('.tab[data-status="indexed"]')
    page.fill('[data-part="query"]', "boil")
    page.wait_for_function("document.querySelectorAll('[data-part=files] .file').length === 1")
    page.click(f"{FILES} summary")
    page.wait_for_selector(".story dl")
    assert "utf-8" in page.inner_text(".story").lower()
    page.click("nav.pages a >> nth=0")
    page.wait_for_selector("#fn-box textarea")
    assert "Ms Aydin" in ask(page, "Who serviced the boiler?")
    assert page.locator(f"{DONE} .fn").count() == 1


def test_a_wrong_folder_is_told_in_one_line(page: Page, notes: Path) -> None:
    """Nothing is added; the path stays to be mended."""
    add(page, notes / "nowhere")
    page.wait_for_function(f"document.querySelector('{TROUBLE}').textContent !== ''")
    assert "does not exist" in page.inner_text(TROUBLE)
    assert page.input_value('[data-part="path"]').endswith("nowhere")
    assert page.is_visible(f"{FOLDERS} .none")


def test_a_folder_that_lost_its_notes_is_left_alone_until_it_is_said_to_be_right(
    page: Page, notes: Path
) -> None:
    """As on the command line; the watcher is off, so that it is this page that tells."""
    page.uncheck('[data-part="watch"]')
    added(page, notes)
    for name in ("roof.md", "cellar.md"):
        (notes / name).unlink()
    page.click(f"{FOLDERS} [data-act=sync]")
    page.wait_for_selector(f"{JOB} .bad")
    assert "has lost 2 of its 3 notes" in page.inner_text(JOB)
    page.click(f"{JOB} [data-act=accept]")
    page.wait_for_function(f"document.querySelector('{JOB}').innerText.includes('2 removed')")
    page.wait_for_function(f"document.querySelector('{FOLDERS}').innerText.includes('1 note')")


def test_a_folder_is_renamed_and_removed_and_its_files_stay(page: Page, notes: Path) -> None:
    """What is asked is answered with yes, and a new name is the suggested one."""
    added(page, notes)
    page.click(f"{FOLDERS} [data-act=remove]")
    page.wait_for_selector(f"{FOLDERS} .none")
    assert sorted(path.name for path in notes.iterdir()) == ["boiler.md", "cellar.md", "data.bin", "roof.md"]
    page.wait_for_function("document.querySelectorAll('[data-part=files] .file').length === 0")


def test_a_file_is_uploaded_into_the_inbox_and_found(browser: Browser, notes: Path, tmp_path: Path) -> None:
    """The second of the same name stands beside the first."""
    (tmp_path / "elsewhere").mkdir()
    upload = tmp_path / "elsewhere" / "boiler.md"
    upload.write_text("# Boiler\n\nThe new boiler is from Vaillant.\n", "utf-8")
    shutil.copy(upload, tmp_path / "elsewhere" / "garden.md")
    with serving(notes, tmp_path / "home", variables={"FOOTNOTES_UI__INBOX": str(notes)}) as url:
        page = browser.new_page(locale="en-GB")
        page.goto(f"{url}notes")
        page.wait_for_selector(FILES)
        page.set_input_files('[data-part="upload"]', [str(upload), str(tmp_path / "elsewhere" / "garden.md")])
        page.wait_for_function("document.querySelectorAll('[data-part=files] .file').length === 6")
        page.close()
    assert "Ms Aydin" in (notes / "boiler.md").read_text("utf-8")
    assert "Vaillant" in (notes / "boiler 2.md").read_text("utf-8")
    assert (notes / "garden.md").is_file()


def test_two_tabs_see_the_same_sync(page: Page, browser: Browser, notes: Path) -> None:
    """What one has begun the other shows."""
    added(page, notes)
    other = browser.new_page(locale="en-GB")
    other.goto(page.url)
    other.wait_for_selector(f"{JOB} .said")
    assert "3 notes" in other.inner_text(JOB)
    other.close()
