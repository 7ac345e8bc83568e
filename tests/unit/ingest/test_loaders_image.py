"""Images as documents; the reader and the vision model are scripted."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from ingest import caption, ocr
from ingest.chunk import chunk
from ingest.loaders import image as reading
from ingest.loaders import loader_of
from ingest.loaders.source import Caption, Options, Source
from rag.errors import LoadError, ModelError
from rag.types import Section

if TYPE_CHECKING:
    from pathlib import Path

ASKED = Caption("http://127.0.0.1:9", "eyes")
TAKEN, ZONE = 0x9003, 0x9011


def photo(form: str = "PNG", **exif: Any) -> bytes:
    """A small picture; ``taken`` and ``zone`` go into its EXIF data."""
    picture = Image.new("RGB", (40, 30), "green")
    out = io.BytesIO()
    details = picture.getexif()
    if exif:
        details.get_ifd(0x8769).update({TAKEN: exif["taken"], ZONE: exif.get("zone", "")})
    picture.save(out, form, exif=details)
    return out.getvalue()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A reader that finds the lines given in this list, and notes nothing else."""
    lines = ["番茄 2.50"]
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "identity", lambda: "scripted")
    monkeypatch.setattr(ocr, "read", lambda *_: "\n".join(lines))
    return lines


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A vision model that says the last of these, or fails where there is none."""
    says = ["A receipt on a table."]

    def describe(*_: object) -> str:
        if not says:
            raise ModelError("{url} refuses (HTTP {status})", url="http://127.0.0.1:9", status=500)
        return says[-1]

    monkeypatch.setattr(caption, "describe", describe)
    return says


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"])
def test_images_need_the_extra(suffix: str) -> None:
    """By it they are told from files that nobody reads; a hostile one meets a worker process."""
    loader = loader_of(f"v/a.{suffix}")
    assert loader is not None
    assert (loader.module, loader.extra, loader.isolated) == ("image", "ocr", True)
    assert set(loader.needs) == set(ocr.PACKAGES)


@pytest.mark.usefixtures("model")
def test_text_comes_first_and_a_description_is_marked(reader: list[str]) -> None:
    """What a machine says of an image has its own section, so that nobody takes it for the user's words."""
    document = reading.load(Source("v/receipt.png", photo(), options=Options(caption=ASKED)))
    assert document.text == "番茄 2.50\n\nA receipt on a table."
    assert document.sections == (Section(len("番茄 2.50\n\n"), "", 0, "machine"),)
    assert (document.title, document.format, document.warnings) == ("receipt", "image", ())
    reader.clear()
    document = reading.load(Source("v/receipt.png", photo(), options=Options(caption=ASKED)))
    assert document.text == "A receipt on a table."
    assert document.sections == (Section(0, "", 0, "machine"),)


def test_an_image_without_text_is_found_by_its_name(reader: list[str]) -> None:
    """One empty passage."""
    reader.clear()
    document = reading.load(Source("v/first day of school.png", photo()))
    assert (document.text, document.sections) == ("", ())
    assert [(c.text, c.title) for c in chunk(document)] == [("", "first day of school")]


@pytest.mark.usefixtures("reader")
def test_a_silent_model_is_a_warning(model: list[str], tmp_path: Path) -> None:
    """The text of the image is there all the same; a description that came is kept, one that did not is not."""
    options = Options(caption=ASKED, cache=str(tmp_path / "recognised.db"))
    said = model.copy()
    model.clear()
    document = reading.load(Source("v/a.png", photo(), options=options))
    assert document.text == "番茄 2.50"
    assert document.warnings == ("v/a.png: has no description: http://127.0.0.1:9 refuses (HTTP 500)",)
    model += said
    assert "receipt" in reading.load(Source("v/a.png", photo(), options=options)).text
    model.clear()
    assert "receipt" in reading.load(Source("v/b.png", photo(), options=options)).text


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("taken", "zone", "expected"),
    [
        ("2023:05:06 12:00:00", "+08:00", ("2023-05-06", "+08:00")),
        ("2023:05:06 12:00:00", "nonsense", ("2023-05-06", "")),
        ("2023-05-06T12:00:00", "", ("2023-05-06", "")),
        ("2000:01:01 00:00:00", "", None),
        ("0000:00:00 00:00:00", "", None),
        ("    :  :     :  :  ", "", None),
        ("", "", None),
    ],
)
def test_the_day_of_a_photo(taken: str, zone: str, expected: tuple[str, str] | None) -> None:
    """As the camera wrote it; a clock that was never set says nothing."""
    document = reading.load(Source("v/a.jpg", photo("JPEG", taken=taken, zone=zone)))
    found = [(d.first.isoformat(), d.zone) for d in document.dates if d.source == "exif:DateTimeOriginal"]
    assert found == ([expected] if expected else [])
    assert all(d.first == d.last for d in document.dates)


@pytest.mark.usefixtures("reader")
def test_a_date_in_the_name_counts_too() -> None:
    """Telephones write it there."""
    document = reading.load(Source("v/IMG_20230506_120000.png", photo()))
    assert date(2023, 5, 6) in {d.first for d in document.dates}


def test_what_is_no_image_fails_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not anybody would read it."""
    monkeypatch.setattr(ocr, "available", lambda: False)
    with pytest.raises(LoadError, match=r"^v/a\.png: is not an image that can be read\.$"):
        reading.load(Source("v/a.png", b"<html>"))
