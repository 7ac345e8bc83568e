"""A page of a PDF as a picture with a passage boxed, drawn in a process of its own: a PDF may be anything.

``python -m ui.pdf_page PAGE`` reads, from its standard input, a line of JSON, ``{"passage": ...}``, then the file; it writes a PNG.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Box = tuple[float, float, float, float]

_TIMEOUT_S = 20.0
_places = threading.BoundedSemaphore(2)  # processes at a time
_MEMORY = 2 * 1024**3  # bytes of address space
_WIDTH = 1400  # pixels
_MOST_PIXELS = 8_000_000
_MARK, _EDGE = (255, 214, 90, 90), (150, 56, 31, 255)
_MARGIN = 2  # points around a box
_JOINT = "-\u00ad\u2010\ufffe\x02"  # what stands where a word is cut at a line's end


def is_available() -> bool:
    """Whether pages can be drawn here (extra: ocr)."""
    return find_spec("pypdfium2") is not None


def picture(name: str, data: bytes, page: int, passage: str) -> bytes:
    """A PNG of a page, from 1, with the boxes of the passage; without them where it is not found in the page's text.

    Raises:
        LoadError: the page cannot be drawn, or not soon.
    """
    told = json.dumps({"passage": passage}).encode() + b"\n" + data
    command = [sys.executable, "-m", "ui.pdf_page", str(page)]
    try:
        with _places:
            done = subprocess.run(command, input=told, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as e:
        raise LoadError("{name}: page {page} takes too long to draw.", name=name, page=page) from e
    if done.returncode or not done.stdout:
        raise LoadError("{name}: page {page} cannot be drawn.", name=name, page=page)
    return done.stdout


def found(shown: str, passage: str) -> tuple[int, int] | None:
    """Where a passage stands in a page's text, white space and cut words aside: its first character, and how many."""
    places = [i for i, c in enumerate(shown) if not (c.isspace() or c in _JOINT)]
    wanted = "".join(c for c in passage if not (c.isspace() or c in _JOINT))
    at = "".join(shown[i] for i in places).find(wanted) if wanted else -1
    if at < 0:
        return None
    first, last = places[at], places[at + len(wanted) - 1]
    return first, last - first + 1


def draw(data: bytes, page: int, passage: str) -> bytes:
    """As ``picture``, in this process."""
    import io

    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        sheet = document[page - 1]
        width, height = sheet.get_size()
        scale = min(_WIDTH / max(width, 1), (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        image = sheet.render(scale=scale, rev_byteorder=True).to_pil().convert("RGBA")
        layer = sheet.get_textpage()
        _box(image, [_on_picture(sheet, box, image.size) for box in _boxes(layer, passage)])
        out = io.BytesIO()
        image.convert("RGB").save(out, "PNG")
        return out.getvalue()


def _boxes(layer: Any, passage: str) -> Iterator[Box]:
    """Left, bottom, right, top in points: one a line of the passage; also of one that runs on to the next page."""
    shown = "".join(layer.get_text_range(i, 1) or " " for i in range(layer.count_chars()))
    lines = [line for line in passage.splitlines() if line.strip()]
    for part in [passage] if found(shown, passage) else lines:
        place = found(shown, part)
        for index in range(layer.count_rects(*place)) if place else ():
            yield layer.get_rect(index)


def _on_picture(sheet: Any, box: Box, size: tuple[int, int]) -> Box:
    """A box in pixels, from the picture's upper left corner; pages may be turned and cut."""
    import ctypes

    import pypdfium2.raw as pdfium

    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    left, bottom, right, top = box
    for point in ((left - _MARGIN, top + _MARGIN), (right + _MARGIN, bottom - _MARGIN)):
        pdfium.FPDF_PageToDevice(sheet, 0, 0, *size, 0, *point, x, y)
        corners.append((x.value, y.value))
    (a, b), (c, d) = corners
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _box(image: Any, boxes: list[Box]) -> None:
    from PIL import Image, ImageDraw

    over = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(over)
    for box in boxes:
        pen.rectangle(box, fill=_MARK, outline=_EDGE, width=2)
    image.alpha_composite(over)


def _main() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    told, _, data = sys.stdin.buffer.read().partition(b"\n")
    sys.stdout.buffer.write(draw(data, int(sys.argv[1]), json.loads(told)["passage"]))


if __name__ == "__main__":
    _main()
