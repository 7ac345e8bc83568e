"""Files of the home that quote notes: questions on the user's own notes, and verdicts on answers.

They lie in ``evals``: YAML files with a list of questions, JSON Lines with a verdict a line. What they say of notes stands
under fixed keys: ``note`` (a document's id) with ``quote`` beside it, and lists of ids under ``exclude`` and ``read``.
When a note is forgotten, what cannot be shown to quote only notes that are still there goes.
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rag.store.catalogue import Catalogue

    Stands = Callable[[str, str], bool]

_FRESH = ".new"
_LISTS = ("exclude", "read")
_ITEM = re.compile(r"^([ \t]*)-(?=[ \t\n])", re.MULTILINE)


def standing(catalogue: Catalogue) -> Stands:
    """Tells whether a note is indexed and holds a quote word for word; an empty quote asks for the note alone."""

    @cache
    def text_of(doc_id: str) -> str | None:
        document = catalogue.document(doc_id)
        return document.text if document else None

    def stands(doc_id: str, quote: str) -> bool:
        text = text_of(doc_id)
        return text is not None and quote in text

    return stands


def purge(folder: Path, stands: Stands) -> None:
    """Leave only entries all of whose notes and quotes stand; what cannot be read goes too.

    The caller holds the write lock.
    """
    if not folder.is_dir():
        return
    for left_over in folder.glob(f"*{_FRESH}"):
        left_over.unlink()
    for path in sorted(folder.iterdir()):
        kept = {".jsonl": _kept_lines, ".yaml": _kept_items, ".yml": _kept_items}.get(path.suffix)
        if kept is None or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if (left := kept(text, stands)) != text:
            write(path, left)


def write(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    fresh = path.with_name(path.name + _FRESH)
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(text.encode())
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def _kept_lines(text: str, stands: Stands) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    return "".join(f"{line}\n" for line in lines if _is_kept(line, json.loads, stands))


def _kept_items(text: str, stands: Stands) -> str:
    """Cut at each item of the outermost list, so that a broken one takes no other with it."""
    first = _ITEM.search(text)
    if first is None:
        return _comments(text)
    marks = [m.start() for m in _ITEM.finditer(text) if m[1] == first[1]]
    items = [text[a:b] for a, b in zip(marks, [*marks[1:], len(text)], strict=True)]
    return _comments(text[: marks[0]]) + "".join(i for i in items if _is_kept(i, _yaml, stands))


def _comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith("#") or line.isspace())


def _yaml(item: str) -> Any:
    import yaml

    try:
        return yaml.load(textwrap.dedent(item), yaml.BaseLoader)  # noqa: S506 - it makes texts only
    except yaml.YAMLError as e:
        raise ValueError from e


def _is_kept(entry: str, parse: Callable[[str], Any], stands: Stands) -> bool:
    try:
        return all(stands(doc_id, quote) for doc_id, quote in _references(parse(entry)))
    except (ValueError, RecursionError):
        return False


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """The notes that an entry names, each with what is quoted of it."""
    if isinstance(value, dict):
        if "note" in value:
            yield str(value["note"]), str(value.get("quote") or "")
        for name in _LISTS:
            named = value.get(name) or ()
            yield from ((str(doc_id), "") for doc_id in ([named] if isinstance(named, str) else named))
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _references(child)
