"""Questions from link texts: what other notes call a note asks for it.

The notes that link so are left out of the search: they hold the very words, and are not what is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rag.evals.cases import Case, Gold, identity
from rag.evals.making.heading import is_telling
from rag.evals.making.notes import balanced
from rag.store.script import is_chinese
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.evals.making.notes import Notes

KIND = "link"


def draft(notes: Notes) -> Iterator[Case]:
    """Link questions, over all notes."""
    known = {note.id: note for note in notes.all}
    found = [
        (label, target, sources)
        for label, (target, sources) in _labels(notes).items()
        if target in known and target not in sources and is_telling(label)
    ]
    for label, target, sources in balanced(
        found,
        lambda one: (is_chinese(one[0]), known[one[1]].folder),
        lambda one: one[0],
        notes.salt(KIND),
    ):
        yield Case(identity(KIND, label), KIND, label, (Gold(target),), exclude=tuple(sources))


def _labels(notes: Notes) -> dict[str, tuple[str, list[str]]]:
    """What a note is called elsewhere than in its title and other names -> the note and those who call it so."""
    with notes.engine.catalogue.database.reading() as db:
        links = db.execute(
            "SELECT label, resolved, doc_id FROM links WHERE label <> '' AND resolved <> '' AND kind <> 'embed' "
            "ORDER BY label, resolved, doc_id"
        ).fetchall()
        own = {(doc_id, fold(label)) for doc_id, label in db.execute("SELECT doc_id, label FROM titles")}
    targets: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, dict[str, None]] = defaultdict(dict)
    spelled: dict[str, str] = {}
    for label, target, doc_id in links:
        name = " ".join(fold(label).split())
        spelled.setdefault(name, " ".join(label.split()))
        targets[name].add(target)
        sources[name][doc_id] = None
    return {
        spelled[name]: (target, list(sources[name]))
        for name, (target, *others) in ((name, sorted(found)) for name, found in targets.items())
        if not others and (target, name) not in own
    }
