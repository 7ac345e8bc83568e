"""PDF files, page by page.

pypdf says what the file is: its outline, title and dates. The text is PDFium's where ``pypdfium2`` is installed (it
keeps words together that pypdf tears apart, and is 20 times faster), else pypdf's. Pages without a text layer are
recognised where the extra ``ocr`` is installed.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import threading
import unicodedata
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest import ocr, recognised
from ingest.dates import document_dates
from ingest.loaders.pages import Page, repaired
from ingest.loaders.pulse import beat
from ingest.loaders.remarks import with_remarks
from ingest.loaders.text import title_from_name
from rag.errors import LoadError
from rag.types import DateRange, Document, Mask, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypdf import PdfReader

    from ingest.loaders.source import Source
    from ingest.recognised import Recognised

# Presentation forms that PDF fonts leave behind: radicals for characters, often before the character itself, and
# compatibility forms after it (two code points for one glyph), and ligatures for letters.
_PRESENTATION = re.compile(r"([\u2e80-\u2fdf])([\u4e00-\u9fff]?)|[\ufb00-\ufb06]")
_TWICE = re.compile(r"([\u3400-\u9fff])([\uf900-\ufaff])")
_RADICALS = str.maketrans(
    "\u2ec1\u2ec4\u2ec5\u2ec6\u2ec9\u2ecb\u2ed3\u2ed4\u2ed8\u2ed9\u2eda\u2edb\u2edc\u2edd\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee8"
    "\u2ee9\u2eec\u2eee\u2ef0\u2ef3",
    "虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
)
_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b\ud800-\udfff\ufeff\uffff]")
_CUT_BY_PDFIUM = re.compile(r"[\ufffe\x02]\n?")
_NO_LETTER = re.compile(r"[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]|\(cid:\d+\)")
_BETWEEN_PAGES = "\n\n"

_FEW = 16  # characters; a page with fewer has no text layer worth the name
_MOST_OF_IT = 0.4  # of a page's area
_RENDERED = 2000  # pixels of a page's longer side
_MOST_ENTRIES = 5_000  # of an outline
_DEEPEST = 6

_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:\d{6}([+-]\d{2})'?(\d{2})?)?")
_DATES = {"/CreationDate": 0.45, "/ModDate": 0.3}  # a PDF is often printed long after it was written
_UNSET = frozenset((date(1970, 1, 1), date(1980, 1, 1), date(2000, 1, 1)))  # programs that know no time
_MEANINGLESS = re.compile(
    r"""\W*(?:(?:microsoft\ )?(?:word|powerpoint|excel|office)\b.*|untitled.*|无标题.*|未命名.*|no\ title|title
        |(?:document|slide|presentation|文档|幻灯片|演示文稿)\W*\d*|[\d\W_]+|.*\.[a-z]{2,4}\d?|https?:.*|[/\\].*)\W*""",
    re.VERBOSE | re.IGNORECASE,
)
_MISREAD = re.compile(r"[\x80-\x9f\ufffd]|[\xa1-\xff]{3}")
_LONGEST_TITLE = 200

_pdfium = threading.Lock()  # PDFium knows no threads

# pypdf's remarks on a file's small faults stay off the terminal; whoever wants them adds a handler.
logging.getLogger("pypdf").addHandler(logging.NullHandler())
logging.getLogger("pypdf").propagate = False


class _Texts(NamedTuple):
    """The text of every page, and a warning for each that has none to give."""

    pages: list[str]
    notes: list[str]


def load(source: Source) -> Document:
    """Read a PDF. A page that cannot be read is left empty, with a warning.

    Raises:
        LoadError: the file is encrypted or not a readable PDF.
    """
    doc_id = source.id
    reader, fault = _reader(doc_id, source.data)
    texts = _texts(source, reader, fault)
    pages = repaired(
        [_clean(with_remarks(reader, n, page)) if reader else page for n, page in enumerate(texts.pages)]
    )
    offsets = _offsets(pages)
    text = _BETWEEN_PAGES.join(page.text for page in pages)
    title = _title(reader) if reader else ""
    return Document(
        doc_id,
        text,
        source.sha256,
        title or title_from_name(doc_id),
        "pdf",
        pages=offsets,
        sections=tuple(_sections(reader, text, offsets)) if reader else (),
        dates=(*document_dates(doc_id, {}, source.options.date_keys), *(_dates(reader) if reader else ())),
        masks=tuple(
            Mask(at + start, at + end, "boilerplate")
            for at, page in zip(offsets, pages, strict=True)
            for start, end in page.running
        ),
        warnings=tuple(texts.notes),
    )


def _offsets(pages: Sequence[Page]) -> tuple[int, ...]:
    offsets: list[int] = []
    at = 0
    for page in pages:
        offsets.append(at)
        at += len(page.text) + len(_BETWEEN_PAGES)
    return tuple(offsets)


def _reader(doc_id: str, data: bytes) -> tuple[PdfReader | None, LoadError | None]:
    """A reader, or why there is none: PDFium may still read what pypdf cannot.

    Raises:
        LoadError: the file is encrypted.
    """
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
        reader.get_num_pages()
    except Exception as e:  # pypdf raises anything on a damaged file
        if "crypt" in str(e).lower():
            raise LoadError("{name}: is encrypted; save a copy without a password.", name=doc_id) from e
        return None, LoadError(
            "{name}: is not a readable PDF: {reason}. Open it in a PDF viewer and save it again.",
            name=doc_id,
            reason=_reason(e),
        )
    if locked:
        raise LoadError("{name}: is encrypted; save a copy without a password.", name=doc_id)
    return reader, None


# The text


def _texts(source: Source, reader: PdfReader | None, fault: LoadError | None) -> _Texts:
    if find_spec("pypdfium2") is not None:
        with _pdfium, contextlib.closing(_Pdfium(source.data)) as rendering:
            if rendering.count:
                return _recognised(
                    source, rendering, _each(source.id, rendering.count, _both(rendering, reader))
                )
    if reader is None:
        assert fault is not None  # noqa: S101 - there is a reader, or the reason why not
        raise fault
    texts = _each(source.id, len(reader.pages), lambda number: reader.pages[number].extract_text())
    return _without_text_layer(source, texts)


def _each(doc_id: str, count: int, text_of: Callable[[int], str]) -> _Texts:
    texts = _Texts([], [])
    for number in range(count):
        try:
            texts.pages.append(_clean(text_of(number)))
        except Exception as e:  # noqa: BLE001 - a broken page raises anything; the others must live
            texts.pages.append("")
            texts.notes.append(f"{doc_id}: page {number + 1} cannot be read: {_reason(e)}")
    return texts


def _both(rendering: _Pdfium, reader: PdfReader | None) -> Callable[[int], str]:
    """PDFium's text of a page; pypdf's where that cannot read it."""

    def text_of(number: int) -> str:
        try:
            return rendering.text(number)
        except Exception:
            if reader is None:
                raise
            return reader.pages[number].extract_text()

    return text_of


class _Pdfium:
    """A file as PDFium sees it. ``count`` is 0 where it cannot read it."""

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        try:
            self._file: Any = pypdfium2.PdfDocument(data)
            self.count = len(self._file)
        except pypdfium2.PdfiumError:
            self._file, self.count = None, 0

    def close(self) -> None:
        """Give its memory back."""
        if self._file is not None:
            self._file.close()

    def text(self, number: int) -> str:
        """The text layer of a page, from 0."""
        page = self._file[number]
        try:
            layer = page.get_textpage()
            try:
                return _CUT_BY_PDFIUM.sub("-\n", _LINE_BREAKS.sub("\n", layer.get_text_range()))
            finally:
                layer.close()
        finally:
            page.close()

    def is_picture(self, number: int) -> bool:
        """Whether an image covers most of a page."""
        import pypdfium2.raw

        page = self._file[number]
        try:
            width, height = page.get_size()
            for one in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
                left, bottom, right, top = one.get_bounds()
                if (right - left) * (top - bottom) >= _MOST_OF_IT * width * height:
                    return True
            return False
        finally:
            page.close()

    def recognise(self, number: int) -> str:
        """The text that a page shows, read from its picture."""
        page = self._file[number]
        try:
            width, height = page.get_size()
            picture = (
                page.render(scale=_RENDERED / max(width, height, 1), rev_byteorder=True)
                .to_pil()
                .convert("RGB")
            )
            if all(low == high for low, high in picture.getextrema()):
                return ""  # a blank page
            return ocr.text_of(picture, beat)
        finally:
            page.close()


def _recognised(source: Source, rendering: _Pdfium, texts: _Texts) -> _Texts:
    """Pages without a text layer get the text that they show.

    Raises:
        MemoryError: there was too little memory for a page, and no other page has any text: with more, all is read.
    """
    if not (source.options.ocr and ocr.available()):
        return _without_text_layer(source, texts)
    bare = [number for number, page in enumerate(texts.pages) if _is_bare(page)]
    starved: MemoryError | None = None
    with recognised.opened(source.options.cache if bare else "") as store:
        for number in bare:
            beat()
            try:
                text = _shown(source, rendering, number, texts.pages[number], store)
            except MemoryError as e:
                starved = e
                texts.notes.append(
                    f"{source.id}: page {number + 1} cannot be recognised in so little memory; "
                    "raise sync.file_memory_mb, then touch the file"
                )
                continue
            except Exception as e:  # noqa: BLE001 - a page that cannot be drawn must not lose the others
                texts.notes.append(f"{source.id}: page {number + 1} cannot be recognised: {_reason(e)}")
                continue
            if len(text) > _letters(texts.pages[number]):
                texts.pages[number] = _clean(text)
    if starved and not any(page.strip() for page in texts.pages):
        raise starved
    return texts


def _shown(source: Source, rendering: _Pdfium, number: int, page: str, store: Recognised | None) -> str:
    """What a page shows beyond its text layer: nothing, where a few words are all that is written on it."""
    if 0 < _letters(page) == len("".join(page.split())) and not rendering.is_picture(number):
        return ""
    return recognised.once(
        store, "ocr", ocr.identity(), source.sha256, lambda: rendering.recognise(number), part=number + 1
    )


def _without_text_layer(source: Source, texts: _Texts) -> _Texts:
    if not any(texts.pages):
        texts.notes.append(
            f"{source.id}: has no text layer; if it was scanned, run text recognition (OCR) on it, "
            "or let Footnotes do so: pip install 'footnotes[ocr]'"
        )
    return texts


def _is_bare(page: str) -> bool:
    """Whether a page's text layer is missing, or written with a font that does not say which letters it shows."""
    letters = _letters(page)
    return letters < _FEW or 2 * letters < len("".join(page.split()))


def _letters(page: str) -> int:
    return len("".join(_NO_LETTER.sub("", page).split()))


def _clean(text: str) -> str:
    text = _LINE_BREAKS.sub("\n", _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", text)))
    text = _TWICE.sub(_once, _PRESENTATION.sub(_plain_form, text))
    return unicodedata.normalize("NFC", text).strip()


def _plain_form(m: re.Match[str]) -> str:
    """A ligature's letters; a radical's character, once where both were written."""
    if not m[1]:
        return unicodedata.normalize("NFKC", m[0])
    character = unicodedata.normalize("NFKC", m[1].translate(_RADICALS))
    return character if character == m[2] else character + m[2]


def _once(m: re.Match[str]) -> str:
    return m[1] if unicodedata.normalize("NFC", m[2]) == m[1] else m[0]


# What the file says of itself


def _sections(reader: PdfReader, text: str, offsets: Sequence[int]) -> Iterator[Section]:
    """The outline: each entry where its title stands on its page, or else where the page begins."""
    found: list[Section] = []
    for title, level, number in _entries(reader):
        if 0 <= number < len(offsets):
            end = offsets[number + 1] if number + 1 < len(offsets) else len(text)
            at = _place(text, title, offsets[number], end)
            found.append(Section(offsets[number] if at is None else at, title, level))
    yield from sorted(found, key=lambda section: section.start)


def _entries(reader: PdfReader) -> Iterator[tuple[str, int, int]]:
    """Title, level and page of each entry; what is damaged is left out."""
    with contextlib.suppress(Exception):
        waiting: list[tuple[Any, int]] = [(entry, 1) for entry in reversed(reader.outline)]
        for _ in range(_MOST_ENTRIES):
            if not waiting:
                return
            entry, level = waiting.pop()
            if isinstance(entry, list):
                waiting += [(below, min(level + 1, _DEEPEST)) for below in reversed(entry)]
                continue
            with contextlib.suppress(Exception):
                title = " ".join(_clean(str(entry.title)).split())[:_LONGEST_TITLE]
                number = reader.get_destination_page_number(entry)
                if title and number is not None:
                    yield title, level, number


def _place(text: str, title: str, start: int, end: int) -> int | None:
    """Where a line begins with the title, numbered or not."""
    words = r"\s*".join(map(re.escape, title.split()))
    m = re.compile(rf"^(?:[\dIVX.]+\s+|第.{{1,4}}[章节]\s*)?{words}", re.MULTILINE).search(text, start, end)
    return m.start() if m else None


def _title(reader: PdfReader) -> str:
    """The title that its author gave it; empty where a program did."""
    with contextlib.suppress(Exception):
        info = reader.metadata
        title = " ".join(_clean(str(info.title or "")).split()) if info else ""
        if 1 < len(title) <= _LONGEST_TITLE and not (_MEANINGLESS.fullmatch(title) or _MISREAD.search(title)):
            return title
    return ""


def _dates(reader: PdfReader) -> Iterator[DateRange]:
    for key, confidence in _DATES.items():
        with contextlib.suppress(Exception):
            info = reader.metadata
            m = _DATE.match(str(info.get(key, "")) if info else "")
            day = date(int(m[1]), int(m[2]), int(m[3])) if m else None
            if m and day and day not in _UNSET:
                zone = f"{m[4]}:{m[5] or '00'}" if m[4] else ""
                yield DateRange(day, day, f"pdf:{key[1:]}", confidence, zone)


def _reason(error: Exception) -> str:
    """One line without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
