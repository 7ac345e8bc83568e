"""Between documents and files: where a document lies, and what a path on disk is called here."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.scan import sha256_of
from ingest.walk import document_id, storable
from rag.types import IN_LINES

if TYPE_CHECKING:
    from rag.store.catalogue import Catalogue, Root
    from rag.types import Citation


@dataclass(frozen=True, slots=True)
class Place:
    """What a user's word for a file or folder stands for.

    Attributes:
        id: the document's id, or a folder's, which no slash ends; of a path outside every root the path itself.
        path: where it lies; None for documents that are not files.
        root: the root that it belongs to; None outside of all.
        relative: its path in the root, as the disk spells it; empty for the root itself.
    """

    id: str
    path: Path | None
    root: Root | None = None
    relative: str = ""

    @property
    def exists(self) -> bool:
        """Whether something lies there."""
        return self.path is not None and os.path.lexists(self.path)


def place_of(catalogue: Catalogue, given: str) -> Place:
    """A path on disk, absolute or relative to the working directory, or a document's id."""
    on_disk = _on_disk(catalogue, Path(os.path.abspath(Path(given).expanduser())))  # noqa: PTH100 - links stay
    if on_disk.exists and on_disk.root is not None:
        return on_disk
    name, _, relative = given.rstrip("/").partition("/")
    for root in catalogue.roots():
        if root.name == name:
            doc_id = given.rstrip("/")
            record = catalogue.record(doc_id) or catalogue.record(doc_id + "/")
            relative = record.state.relative if record and record.state.relative else relative
            return Place(
                record.id if record else doc_id, root.path / relative if root.path else None, root, relative
            )
    return on_disk


def file_of(catalogue: Catalogue, doc_id: str) -> Path | None:
    """Where a document's file lies; None for documents that are not files."""
    name, _, relative = doc_id.partition("/")
    record = catalogue.record(doc_id)
    if record is not None and record.state.relative:
        relative = record.state.relative
    for root in catalogue.roots():
        if root.name == name and root.path is not None:
            return root.path / relative
    return None


def located(catalogue: Catalogue, citation: Citation) -> Citation:
    """A citation with its file, the heading that its quote stands under, and whether the file has changed since."""
    citation = replace(citation, heading=_heading(catalogue, citation))
    path = file_of(catalogue, citation.doc_id)
    if path is None:
        return citation
    anchor = f"#L{citation.lines[0]}" if citation.format in IN_LINES else ""
    if citation.format == "pdf":
        anchor = f"#page={citation.page}"
    with contextlib.suppress(OSError):
        return replace(citation, uri=path.as_uri() + anchor, changed=_has_changed(catalogue, citation, path))
    return replace(citation, uri=path.as_uri() + anchor, changed=True)


def _heading(catalogue: Catalogue, citation: Citation) -> tuple[str, ...]:
    """The passage's headings; where no line number tells the place, those of the very quote."""
    if citation.format not in {"prose", "book"}:
        return citation.heading
    document = catalogue.document(citation.doc_id)
    path: list[tuple[int, str]] = []
    for section in document.sections if document else ():
        if section.start > citation.start:
            break
        path = [(level, title) for level, title in path if level < section.level]
        path.append((section.level, section.title))
    return tuple(title for _, title in path if title) or citation.heading


def _has_changed(catalogue: Catalogue, citation: Citation, path: Path) -> bool:
    record = catalogue.record(citation.doc_id)
    return record is None or record.sha256 != sha256_of(path)


def _on_disk(catalogue: Catalogue, path: Path) -> Place:
    """Roots are registered by their real paths; a link on the way to one leads there too, a link to a note does not."""
    for candidate in (path, path.parent.resolve() / path.name, path.resolve()):
        for root in catalogue.roots():
            if root.path is not None and candidate.is_relative_to(root.path):
                relative = candidate.relative_to(root.path).as_posix()
                relative = "" if relative == "." else relative
                return Place(_id_of(catalogue, root, relative), candidate, root, relative)
    return Place(str(path), path)


def _id_of(catalogue: Catalogue, root: Root, relative: str) -> str:
    if not relative:
        return root.name
    record = catalogue.record_at(root.name, relative) or catalogue.record_at(root.name, relative + "/")
    return record.id if record else storable(document_id(root.name, relative))
