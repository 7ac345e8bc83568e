"""Images: the text that they show, then what a model says of them where the user asked for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ingest import caption, ocr, recognised
from ingest.dates import document_dates
from ingest.loaders.pulse import beat
from ingest.loaders.text import title_from_name
from rag.errors import FootnotesError, LoadError
from rag.types import DateRange, Document, Section

if TYPE_CHECKING:
    from PIL.Image import Exif

    from ingest.loaders.source import Caption, Source
    from ingest.recognised import Recognised

_EXIF_PART = 0x8769
_TAKEN, _TAKEN_ZONE = 0x9003, 0x9011  # DateTimeOriginal, OffsetTimeOriginal
_CONFIDENCE = 0.9  # a camera's clock, as far as somebody has set it
_UNSET = frozenset((date(1970, 1, 1), date(1980, 1, 1), date(2000, 1, 1)))  # a clock that nobody set


def load(source: Source) -> Document:
    """Read an image. Without any text in it the document is empty: its title and its notes find it.

    A description that a server fails to give is left out with a warning; it is asked for again when the file or the
    caption's settings change.

    Raises:
        LoadError: no readable image, or one of too many pixels.
    """
    doc_id, options = source.id, source.options
    notes: list[str] = []
    with recognised.opened(options.cache) as store:
        text = _text(source, store) if options.ocr and ocr.available() else _checked(source)
        said = _caption(source, options.caption, store, notes) if options.caption else ""
    start = len(text) + 2 if text and said else 0
    return Document(
        doc_id,
        "\n\n".join(part for part in (text, said) if part),
        source.sha256,
        title_from_name(doc_id),
        "image",
        sections=(Section(start, "", speaker="machine"),) if said else (),
        dates=(*document_dates(doc_id, {}, options.date_keys), *_taken(source.data)),
        warnings=tuple(notes),
    )


def _text(source: Source, store: Recognised | None) -> str:
    def read() -> str:
        try:
            return ocr.read(source.data, beat)
        except LoadError as e:
            raise _named(source, e) from e

    return recognised.once(store, "ocr", ocr.identity(), source.sha256, read)


def _checked(source: Source) -> str:
    """Nothing, of what is an image."""
    try:
        ocr.opened(source.data)
    except LoadError as e:
        raise _named(source, e) from e
    return ""


def _named(source: Source, error: LoadError) -> LoadError:
    return LoadError("{name}: {reason}.", name=source.id, reason=str(error))


def _caption(source: Source, asked: Caption, store: Recognised | None, notes: list[str]) -> str:
    def describe() -> str:
        beat()
        return caption.describe(asked, ocr.opened(source.data), beat)

    try:
        return recognised.once(store, "caption", caption.identity(asked), source.sha256, describe)
    except LoadError as e:
        raise _named(source, e) from e
    except FootnotesError as e:
        notes.append(f"{source.id}: has no description: {e}")
        return ""


def _taken(data: bytes) -> tuple[DateRange, ...]:
    """When the camera took it; () where it does not say, or its clock was never set."""
    exif = _exif(data)
    if exif is None:
        return ()
    details = exif.get_ifd(_EXIF_PART)
    written = str(details.get(_TAKEN, ""))
    try:
        day = date(*map(int, written[:10].replace("-", ":").split(":")))
    except (ValueError, TypeError):
        return ()
    if day in _UNSET:
        return ()
    zone = str(details.get(_TAKEN_ZONE, "")).strip("\0 ")
    return (DateRange(day, day, "exif:DateTimeOriginal", _CONFIDENCE, zone if _is_zone(zone) else ""),)


def _exif(data: bytes) -> Exif | None:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.getexif()
    except Exception:  # noqa: BLE001 - damaged EXIF data raises anything; the image itself was read
        return None


def _is_zone(zone: str) -> bool:
    return len(zone) == len("+08:00") and zone[0] in "+-" and zone[1:].replace(":", "", 1).isdecimal()
