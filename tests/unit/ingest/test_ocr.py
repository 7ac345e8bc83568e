"""Text in images, drawn on the spot and read by the real reader."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest import ocr
from ingest.loaders import load
from ingest.loaders.source import Options
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.conftest import Require

FONTS = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-VF.otf.ttc", "NotoSerifCJK-Regular.ttc")
PLACES = ("/usr/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
LINES = (
    "阳台菜园二〇二三年四月计划",
    "The tomato seedlings moved outside on 12 April.",
    "种子：番茄、罗勒、辣椒各两盆",
    "浇水在早上七点之前，every second day",
    "预算 85.50 欧元，发票号 INV-2023-0417",
)


@pytest.fixture
def draw(require: Require) -> Callable[..., Image.Image]:
    """Draws lines of text with a Chinese font, black on white."""
    require(ocr.available(), "RapidOCR", "pip install 'footnotes[ocr]'")
    fonts = [path for place in PLACES for name in FONTS for path in Path(place).rglob(name)]
    require(bool(fonts), "a Chinese font", "install it (Debian: apt-get install fonts-noto-cjk)")

    def drawn(lines: Sequence[str], size: int = 30, width: int = 900, left: int = 30) -> Image.Image:
        image = Image.new("RGB", (width, int(len(lines) * size * 1.6) + 60), "white")
        canvas, font = ImageDraw.Draw(image), ImageFont.truetype(fonts[0], size)
        for number, line in enumerate(lines):
            canvas.text((left, 30 + number * size * 1.6), line, font=font, fill="black")
        return image

    return drawn


def png(image: Image.Image) -> bytes:
    """A PNG file."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def likeness(found: str, lines: Sequence[str]) -> float:
    """How much of the lines was read, in their order; spaces and full-width punctuation do not count."""
    table = str.maketrans("：，。（）", ":,.()", " \n")
    return SequenceMatcher(
        None, found.translate(table), "".join(lines).translate(table), autojunk=False
    ).ratio()


def test_chinese_and_english_are_read(draw: Callable[..., Image.Image]) -> None:
    """Line by line; nothing is downloaded, since no test reaches beyond this machine."""
    found = ocr.read(png(draw(LINES)))
    assert len(found.split("\n")) == len(LINES)
    assert likeness(found, LINES) > 0.97


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_pages_are_turned(draw: Callable[..., Image.Image], angle: int) -> None:
    """A page that lies on its side or head reads from its first line to its last."""
    assert likeness(ocr.read(png(draw(LINES).rotate(angle, expand=True))), LINES) > 0.95


def test_long_screenshots_are_read_to_their_end(draw: Callable[..., Image.Image]) -> None:
    """In parts, each line once."""
    lines = [f"{LINES[number % 3]} {number}" for number in range(40)]
    beats: list[None] = []
    found = ocr.read(png(draw(lines, size=40)), lambda: beats.append(None))
    assert len(found.split("\n")) == len(lines)
    assert likeness(found, lines) > 0.95
    assert len(beats) > 1


def test_a_very_tall_screenshot_is_read_at_its_ends_and_between(draw: Callable[..., Image.Image]) -> None:
    """Each line once, in order, however little of it is text."""
    page = Image.new("RGB", (1000, 12_000), "white")
    for number, top in enumerate((0, 5_900, 11_850)):
        page.paste(draw([LINES[number]]), (20, top))
    assert ocr.read(png(page)).count("\n") == 2
    assert likeness(ocr.read(png(page)), LINES[:3]) > 0.97


def test_lines_longer_than_what_is_read_at_once_stay_in_one_piece(draw: Callable[..., Image.Image]) -> None:
    """No word is lost or doubled where a wide image is cut."""
    lines = [
        " ".join(f"{word} {n}" for n in range(start, start + 28))
        for word, start in (("tomato", 10), ("basil", 50))
    ]
    found = ocr.read(png(draw(lines, width=5_000)))
    assert found.count("\n") == 1
    assert likeness(found.replace(" ", ""), [line.replace(" ", "") for line in lines]) > 0.98


def test_images_of_any_shape_are_read_in_bounded_memory(
    draw: Callable[..., Image.Image], tmp_path: Path
) -> None:
    """One after the other in one process, which may hold no more than a worker by default."""
    if sys.platform != "linux":
        pytest.skip("only Linux limits a process's memory")
    shapes = ((2880, 1800), (1000, 12_000), (5_000, 700), (1_600, 203), (640, 480))
    for number, size in enumerate(shapes):
        page = Image.new("RGBA" if number % 2 else "RGB", size, "white")
        for top in range(20, size[1] - 150, 300):
            page.paste(draw(LINES[:2]), (20, top))
        page.save(tmp_path / f"{number}.png")
    code = (
        "import resource, sys; from pathlib import Path; from ingest import ocr\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1_000_000_000,) * 2)\n"
        "for path in sys.argv[1:]: assert 'tomato seedlings' in ocr.read(Path(path).read_bytes()), path"
    )
    subprocess.run([sys.executable, "-c", code, *map(str, sorted(tmp_path.iterdir()))], check=True)


def test_columns_of_prose_are_read_one_after_the_other(draw: Callable[..., Image.Image]) -> None:
    """While cells of a table are read line by line."""
    left = [f"left column line number {n} of the story" for n in range(8)]
    right = [f"right column line number {n} of the news" for n in range(8)]
    page = draw([""] * 8, size=24, width=1200)
    page.paste(draw(left, size=24, width=600), (0, 0))
    page.paste(draw(right, size=24, width=600), (600, 0))
    assert likeness(ocr.read(png(page)), left + right) > 0.95
    cells = draw([""] * 6, size=24, width=700)
    cells.paste(draw([f"item {n}" for n in range(6)], size=24, width=350), (0, 0))
    cells.paste(draw([f"{n}.50" for n in range(6)], size=24, width=350), (350, 0))
    assert likeness(ocr.read(png(cells)), [f"item {n} {n}.50" for n in range(6)]) > 0.9


def test_a_picture_without_text_gives_none(draw: Callable[..., Image.Image]) -> None:
    """Blank, tiny, transparent."""
    assert draw is not None
    for image in (Image.new("RGB", (300, 200), "white"), Image.new("RGB", (1, 1)), Image.new("LA", (50, 50))):
        assert ocr.read(png(image)) == ""


def test_light_text_on_a_transparent_ground_is_read(draw: Callable[..., Image.Image]) -> None:
    """A drawing on nothing is read as if on paper."""
    drawn = draw(LINES[:2])
    image = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), mask=drawn.convert("L").point(lambda v: 255 - v))
    assert likeness(ocr.read(png(image)), LINES[:2]) > 0.95


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels would not fit."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\0" * 1000))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bomb(50_000, 50_000), "has more than 50 million pixels"),
        (bomb(10_000, 10_000), "has more than 50 million pixels"),
        (b"", "is not an image"),
        (b"<svg/>", "is not an image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is not"),
        (bomb(500, 500)[:60], "is not a readable image"),
    ],
)
def test_what_is_no_image_is_refused_before_it_is_decoded(data: bytes, reason: str) -> None:
    """In one line."""
    with pytest.raises(LoadError, match=reason) as caught:
        ocr.opened(data)
    assert "\n" not in str(caught.value)


def test_photos_are_turned_as_the_camera_was_held() -> None:
    """Also large ones, which are made smaller first, whatever their colours are made of."""
    for form, mode in (
        ("JPEG", "RGB"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "L"),
        ("PNG", "I;16"),
        ("TIFF", "CMYK"),
    ):
        image = Image.new(mode, (4000, 2000))
        exif = image.getexif()
        exif[0x0112] = 6  # on its side
        out = io.BytesIO()
        image.save(out, form, exif=exif)
        found = ocr.opened(out.getvalue())
        assert (found.size, found.mode) == ((1600, 3200), "RGB"), (form, mode)


def scan(*pages: Image.Image) -> bytes:
    """A PDF of pictures."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def test_scanned_pages_of_a_pdf_are_read_once(draw: Callable[..., Image.Image], tmp_path: Path) -> None:
    """Each page keeps its number, a blank one too; the second time the texts are known."""
    pytest.importorskip("pypdfium2")
    data = scan(draw(LINES[:2]), Image.new("RGB", (900, 400), "white"), draw(LINES[2:]))
    options = Options(cache=str(tmp_path / "recognised.db"))
    document = load("v/scan.pdf", data, options=options)
    first, second, third = document.pages
    assert likeness(document.text[first:second], LINES[:2]) > 0.95
    assert likeness(document.text[third:], LINES[2:]) > 0.95
    assert document.warnings == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr, "text_of", lambda *_: pytest.fail("read again"))
        assert load("v/moved.pdf", data, options=options).text == document.text
    off = load("v/scan.pdf", data, options=Options(ocr=False))
    assert off.text.strip() == ""
    assert "no text layer" in off.warnings[0]
