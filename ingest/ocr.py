"""The text in an image, read on this machine by RapidOCR (extra ``ocr``), whose wheel carries its models.

Nothing is downloaded: the models are named by their path. The reader is made when the first image comes and kept for
the life of the process; it computes with two threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import math
import sys
import threading
import warnings
from difflib import SequenceMatcher
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

PACKAGES = ("rapidocr", "onnxruntime")
"""What the extra installs, as imported."""

_VERSION = 2  # raised with every change to what is made of an image
_THREADS = 2
_MOST_PIXELS = 50_000_000
_WIDEST = 1600  # pixels of the shorter side that are looked at; letters of a scan are large enough then
_NARROWEST = 736  # pixels of the shorter side; a smaller image is enlarged, as RapidOCR would
_TILE = 2000  # pixels; a long screenshot is read in parts of at most this height
_BROAD = 2600  # pixels; lines that are longer are read in parts of this width
_AREA = 1_400_000  # pixels of a part: the reader takes some 250 MB for them, besides the 450 that it has
_OVERLAP = 160  # pixels that two parts share, one above the other: no line of text is cut in both
_SHARED = 480  # and side by side: no word is
_SURE = 0.6  # a line that the reader trusts less is noise
_SURE_CHARACTER = 0.85  # of a single character even more: patterns look like one
_TALL = 1.5  # a box this much higher than wide holds a line that stands upright
_WORD = 3  # characters; a box with fewer says nothing of how its line lies
_TELLING = 20  # heights of a line are looked at for how it lies: the reader squeezes a longer one until none can tell
_SAMPLE = 5
_GUTTERS = 21  # places between 1/4 and 3/4 of the width at which columns may part
_PROSE = 6  # lines of prose are at least so many times wider than high; cells of a table are not

_MMAP_THRESHOLD = -3  # mallopt's number for M_MMAP_THRESHOLD
_OWN_PAGES = 4_000_000  # bytes; larger pieces go back to the system when they are freed

_reading = threading.Lock()


class Box(NamedTuple):
    """A line of text with its upright rectangle, in pixels."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left


def available() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in PACKAGES)


@cache
def identity() -> str:
    """Names what reads: texts that another reader made are not taken for its."""
    return f"rapidocr {metadata.version('rapidocr')}, reading {_VERSION}"


def read(data: bytes, beat: Callable[[], None] = lambda: None) -> str:
    r"""Lines in reading order, joined by ``\n``; empty where the image shows no text.

    Pages that lie on their side or head are turned. Columns of prose are read one after the other, cells of a table
    line by line.

    Args:
        data: an image file of a format that Pillow reads; of several frames the first.
        beat: called before each part of a long image: the work goes on.

    Raises:
        LoadError: no readable image, or one of too many pixels. The message has no file name: the caller knows it.
    """
    return text_of(opened(data), beat)


def opened(data: bytes) -> Image:
    """The first frame, upright as its camera was held, RGB on white, at most ``_WIDEST`` on its shorter side.

    Raises:
        LoadError: as for ``read``.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large images; the limit here is our own
            image = Image.open(io.BytesIO(data))
            _check_size(image)
            image.draft("RGB", (_WIDEST, _WIDEST))  # JPEG: decoded at a fraction of its size
            small = _smaller(image)
            ImageOps.exif_transpose(small, in_place=True)
            return _on_white(small)
    except (LoadError, MemoryError):
        raise
    except Image.DecompressionBombError as e:
        raise _too_large() from e
    except Exception as e:  # Pillow's decoders raise anything on a damaged file
        reason = " ".join(str(e).split()).rstrip(".") or type(e).__name__
        if "BytesIO" in reason:
            raise LoadError("is not an image that can be read") from e
        raise LoadError("is not a readable image: {reason}", reason=reason) from e


def text_of(image: Image, beat: Callable[[], None] = lambda: None) -> str:
    """As ``read``, of an image that is open, RGB."""
    if min(image.size) < _THREADS:  # nothing can be written there
        return ""
    image = _larger(image)
    boxes = _boxes(image, beat)
    if _on_its_side(boxes):
        turned = image.rotate(90, expand=True)
        again = _boxes(turned, beat)
        if not _on_its_side(again):
            image, boxes = turned, again
    if _on_its_head(image, boxes):
        boxes = [Box(-b.right, -b.bottom, -b.left, -b.top, b.text) for b in boxes]
    return "\n".join(_lines(_ordered(boxes)))


def _check_size(image: Image) -> None:
    """Before a pixel is decoded.

    Raises:
        LoadError: there are too many.
    """
    if image.width * image.height > _MOST_PIXELS:
        raise _too_large()


def _too_large() -> LoadError:
    return LoadError("has more than {most} million pixels; make it smaller", most=_MOST_PIXELS // 1_000_000)


def _smaller(image: Image) -> Image:
    shorter = min(image.size)
    if shorter <= _WIDEST:
        return image
    scale = _WIDEST / shorter
    if image.mode == "P":
        image = image.convert("RGBA")  # colours of a palette have no means
    return image.resize((round(image.width * scale), round(image.height * scale)), reducing_gap=2.0)


def _larger(image: Image) -> Image:
    scale = min(_NARROWEST / min(image.size), math.sqrt(_AREA / (image.width * image.height)))
    if scale <= 1:
        return image
    return image.resize((round(image.width * scale), round(image.height * scale)))


def _on_white(image: Image) -> Image:
    """Transparent parts of a drawing are read as paper."""
    from PIL import Image

    if not image.has_transparency_data:
        image.load()
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image if image.mode == "RGBA" else image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image)
    return paper


# The reader


@cache
def _engine() -> Any:
    import rapidocr

    _give_back_memory()
    folder = Path(rapidocr.__file__).parent / "models"
    logging.getLogger("RapidOCR").disabled = True
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": _SURE,
            "Global.max_side_len": _BROAD,
            "Det.limit_type": "max",  # RapidOCR enlarges what is low or narrow, without a bound
            "Det.limit_side_len": _BROAD,
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Rec.rec_batch_num": 2,  # lines at once: more cost memory and save no time
            "Det.model_path": _model(folder, "*_det_*.onnx"),
            "Rec.model_path": _model(folder, "*_rec_*.onnx"),
            "Cls.model_path": _model(folder, "*_cls_*.onnx"),
        }
    )


def _give_back_memory() -> None:
    """Keep glibc from holding what the models free: in pieces of many sizes it would grow with every image."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        if sys.platform == "linux":
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _OWN_PAGES)


def _model(folder: Path, pattern: str) -> str:
    """The one model of its kind in the package: with a path, RapidOCR asks no server for it."""
    for path in sorted(folder.glob(pattern)):
        return str(path)
    raise LoadError("the package rapidocr holds no model {pattern}: install it again", pattern=pattern)


def _boxes(image: Image, beat: Callable[[], None]) -> list[Box]:
    """Every line that is trusted; of a large image part by part."""
    found: list[Box] = []
    for left, right in _stretches(image.width, _BROAD, _SHARED):
        column: list[Box] = []
        for top, bottom in _stretches(image.height, min(_TILE, _AREA // (right - left)), _OVERLAP):
            beat()
            first = top + _OVERLAP / 2 if top else float("-inf")
            last = bottom - _OVERLAP / 2 if bottom < image.height else float("inf")
            part = _recognised(image.crop((left, top, right, bottom)), left, top)
            column += [box for box in part if first <= (box.top + box.bottom) / 2 < last]
        found = list(_sewn(found, column))
    return found


def _stretches(length: int, most: int, shared: int) -> Iterator[tuple[int, int]]:
    for start in range(0, max(1, length - shared), most - shared):
        yield start, min(start + most, length)


def _sewn(left: Sequence[Box], right: Sequence[Box]) -> Iterator[Box]:
    """Two parts side by side; a line that both show is one."""
    rest = list(right)
    for one in left:
        other = next((box for box in rest if box.left < one.right and _beside(one, box)), None)
        if other is None:
            yield one
            continue
        rest.remove(other)
        shared = (one.right - other.left) / max(1, one.width)
        edges = (
            min(one.left, other.left),
            min(one.top, other.top),
            other.right,
            max(one.bottom, other.bottom),
        )
        yield Box(*edges, _sewn_text(one.text, other.text, math.ceil(shared * len(one.text)) + _WORD))
    yield from rest


def _sewn_text(left: str, right: str, shared: int) -> str:
    """What both show stands there once; at the cuts letters may be misread."""
    tail = left[-shared:]
    same = SequenceMatcher(None, tail, right, autojunk=False).find_longest_match(0, len(tail), 0, 2 * shared)
    if same.size < _WORD:
        return f"{left} {right}"
    return left[: len(left) - len(tail) + same.a] + right[same.b :]


def _asked(image: Image, **steps: bool) -> Any:
    import numpy as np

    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # BGR, as OpenCV has it
    try:
        with _reading:
            return _engine()(pixels, **steps)
    except (LoadError, MemoryError):
        raise
    except Exception as e:
        if "bad_alloc" in str(e):
            raise MemoryError from e
        raise LoadError("cannot be recognised: {reason}", reason=type(e).__name__) from e


def _recognised(image: Image, left: int, top: int) -> Iterator[Box]:
    found = _asked(image, use_det=True, use_cls=True, use_rec=True)
    if found.boxes is None or found.txts is None:
        return
    for corners, said, score in zip(found.boxes, found.txts, found.scores, strict=True):
        text = " ".join(said.split())
        if text and score >= (_SURE if len(text) > 1 else _SURE_CHARACTER):
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            yield Box(left + min(xs), top + min(ys), left + max(xs), top + max(ys), text)


def _on_its_side(boxes: Sequence[Box]) -> bool:
    longer = [box for box in boxes if len(box.text) >= _WORD]
    return bool(longer) and 2 * sum(box.height > _TALL * box.width for box in longer) > len(longer)


def _on_its_head(image: Image, boxes: Sequence[Box]) -> bool:
    """What the reader says of the longest lines: it turns each by itself, and says nothing of their order."""
    longest = sorted(boxes, key=lambda box: -box.width)[:_SAMPLE]
    turned = 0
    for box in longest:
        right = min(box.right, box.left + _TELLING * box.height)
        line = image.crop((round(box.left), round(box.top), round(right) + 1, round(box.bottom) + 1))
        said = _asked(line, use_det=False, use_cls=True, use_rec=False)
        turned += any(label == "180" and score > _SURE for label, score in said.cls_res or ())
    return 2 * turned > len(longest)


# The order


def _ordered(boxes: Sequence[Box]) -> list[list[Box]]:
    """Blocks of lines, in reading order: columns of prose between lines that span them."""
    gutter = _gutter(boxes)
    if gutter is None:
        return [list(boxes)] if boxes else []
    blocks: list[list[Box]] = []
    left: list[Box] = []
    right: list[Box] = []
    for box in sorted(boxes, key=lambda b: b.top):
        if box.left < gutter < box.right:
            blocks += [*_ordered(left), *_ordered(right), [box]]
            left, right = [], []
        else:
            (left if box.right <= gutter else right).append(box)
    return [*blocks, *_ordered(left), *_ordered(right)]


def _gutter(boxes: Sequence[Box]) -> float | None:
    """Where two columns of prose part, if there are such."""
    if len(boxes) < 2 * _SAMPLE:
        return None
    first, last = min(b.left for b in boxes), max(b.right for b in boxes)
    places = [first + (last - first) * (0.25 + i / (2 * (_GUTTERS - 1))) for i in range(_GUTTERS)]
    best = min(places, key=lambda x: (sum(b.left < x < b.right for b in boxes), abs(x - (first + last) / 2)))
    left = [b for b in boxes if b.right <= best]
    right = [b for b in boxes if b.left >= best]
    if min(len(left), len(right)) < _SAMPLE or 4 * (len(boxes) - len(left) - len(right)) > len(boxes):
        return None
    return (
        best
        if all(median(b.width / max(1, b.height) for b in side) >= _PROSE for side in (left, right))
        else None
    )


def _lines(blocks: Sequence[Sequence[Box]]) -> Iterator[str]:
    for block in blocks:
        line: list[Box] = []
        for box in sorted(block, key=lambda b: b.top + b.bottom):
            if line and not _beside(line[0], box):
                yield _joined(line)
                line = []
            line.append(box)
        if line:
            yield _joined(line)


def _beside(first: Box, second: Box) -> bool:
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    return 2 * shared > min(first.height, second.height)


def _joined(line: Sequence[Box]) -> str:
    return " ".join(box.text for box in sorted(line, key=lambda b: b.left))
