"""PDF files, page by page."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from typing import TYPE_CHECKING

from ingest.dates import document_dates
from ingest.loaders.text import title_from_name
from rag.errors import LoadError
from rag.types import Document

if TYPE_CHECKING:
    from pypdf import PdfReader

    from ingest.loaders.source import Source

# Presentation forms that PDF fonts leave behind: radicals for characters, often before the character itself
# (two code points for one glyph), and ligatures for letters.
_PRESENTATION = re.compile(r"([\u2e80-\u2fdf])([\u4e00-\u9fff]?)|[\ufb00-\ufb06]")
_RADICALS = str.maketrans(
    "\u2ec1\u2ec4\u2ec5\u2ec6\u2ec9\u2ecb\u2ed3\u2ed4\u2ed8\u2ed9\u2eda\u2edb\u2edc\u2edd\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee8"
    "\u2ee9\u2eec\u2eee\u2ef0\u2ef3",
    "虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
)
_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_BETWEEN_PAGES = "\n\n"

# pypdf's remarks on a file's small faults stay off the terminal; whoever wants them adds a handler.
logging.getLogger("pypdf").addHandler(logging.NullHandler())
logging.getLogger("pypdf").propagate = False


def load(source: Source) -> Document:
    """Read a PDF's text layer. A page that cannot be read is left empty, with a warning.

    Raises:
        LoadError: the file is encrypted or not a readable PDF.
    """
    doc_id = source.id
    pages, notes = _pages(doc_id, _reader(doc_id, source.data))
    offsets: list[int] = []
    at = 0
    for page in pages:
        offsets.append(at)
        at += len(page) + len(_BETWEEN_PAGES)
    if not any(pages):
        notes.append(f"{doc_id}: has no text layer; if it was scanned, run text recognition (OCR) on it")
    return Document(
        doc_id,
        _BETWEEN_PAGES.join(pages),
        source.sha256,
        title_from_name(doc_id),
        "pdf",
        pages=tuple(offsets),
        dates=document_dates(doc_id, {}),
        warnings=tuple(notes),
    )


def _reader(doc_id: str, data: bytes) -> PdfReader:
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
        reader.get_num_pages()
    except Exception as e:
        if "crypt" in str(e).lower():
            raise LoadError("{name}: is encrypted; save a copy without a password.", name=doc_id) from e
        raise LoadError(
            "{name}: is not a readable PDF: {reason}. Open it in a PDF viewer and save it again.",
            name=doc_id,
            reason=_reason(e),
        ) from e
    if locked:
        raise LoadError("{name}: is encrypted; save a copy without a password.", name=doc_id)
    return reader


def _pages(doc_id: str, reader: PdfReader) -> tuple[list[str], list[str]]:
    """The text of every page, and a warning for each that has none to give."""
    pages: list[str] = []
    notes: list[str] = []
    for number in range(len(reader.pages)):
        try:
            pages.append(_clean(reader.pages[number].extract_text()))
        except Exception as e:  # noqa: BLE001 - pypdf raises anything on a broken page; the others must live
            pages.append("")
            notes.append(f"{doc_id}: page {number + 1} cannot be read: {_reason(e)}")
    return pages, notes


def _clean(text: str) -> str:
    text = _LINE_BREAKS.sub("\n", _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", text)))
    text = _PRESENTATION.sub(_plain_form, text)
    return unicodedata.normalize("NFC", text).strip()


def _plain_form(m: re.Match[str]) -> str:
    """A ligature's letters; a radical's character, once where both were written."""
    if not m[1]:
        return unicodedata.normalize("NFKC", m[0])
    character = unicodedata.normalize("NFKC", m[1].translate(_RADICALS))
    return character if character == m[2] else character + m[2]


def _reason(error: Exception) -> str:
    """One line without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
