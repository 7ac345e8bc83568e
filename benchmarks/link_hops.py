"""Questions that take one link: they name a note, and ask what stands in a note that it links to.

python benchmarks/link_hops.py DIR... [--home FOLDER] [--out FILE]

Each folder is synced into a home of its own, and up to 100 questions are made by rule: a note with a title of its own
and at most 30 links, one of the notes it links to, and a word of that note which a good many other notes have and the first has not. So neither the title
nor the word alone finds it. Printed: how often it is among the first 10 notes with the graph and without, and by how
much a paired randomisation test takes that for chance.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from eval_all import write  # type: ignore[import-not-found] # a script beside this one

import footnotes
from rag.evals.significance import p_value
from rag.store import tokens

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.types import Document

QUESTIONS = 100
MOST_LINKS = 30
RARE, COMMON = 0.005, 0.1  # share of notes that have the word
FIRST = 10
DEPTH = 100
HAN = re.compile(r"[\u4e00-\u9fff]")
HEADINGS = ("folder", "notes", "questions", "recall@10 without", "with the graph", "p")


class Question(NamedTuple):
    """What is asked, and the note to be found."""

    text: str
    wanted: str


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--home", type=Path, help="where homes are kept; default: nowhere")
    parser.add_argument("--out", metavar="FILE", help="keep the table")
    options = parser.parse_args()
    lines = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1))]
    with tempfile.TemporaryDirectory() as scratch:
        lines += [
            measured(folder, (options.home or Path(scratch)) / folder.name) for folder in options.folders
        ]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    print(text)
    if options.out:
        write(options.out, text)


def measured(folder: Path, home: Path) -> tuple[str, ...]:
    """One row of the table."""
    with footnotes.open(home) as engine:
        engine.add_root(folder, folder.name)
        engine.sync()
        notes = documents(engine)
        questions = made(notes)
    found = {}
    for backend in ("none", "local"):
        with footnotes.open(home, settings={"graph.backend": backend}) as engine:
            found[backend] = np.array([float(is_found(engine, question)) for question in questions])
    return (
        folder.name,
        f"{len(notes):,}",
        str(len(questions)),
        f"{100 * found['none'].mean():.1f}",
        f"{100 * found['local'].mean():.1f}",
        f"{p_value(found['local'] - found['none']):.4f}",
    )


def documents(engine: Engine) -> dict[str, Document]:
    """All notes by id."""
    with engine.catalogue.database.reading() as db:
        ids = [row[0] for row in db.execute("SELECT id FROM documents WHERE status = 'indexed' ORDER BY id")]
    return {doc_id: note for doc_id in ids if (note := engine.document(doc_id))}


def made(notes: dict[str, Document]) -> list[Question]:
    """Questions by rule, always the same ones."""
    words = {
        doc_id: {word for word in tokens.words(note.text) if word.isalpha()} for doc_id, note in notes.items()
    }
    frequency = Counter(word for said in words.values() for word in said)
    titles = Counter(note.title for note in notes.values())
    chance = random.Random(0)
    questions = []
    for doc_id in chance.sample(sorted(notes), len(notes)):
        note = notes[doc_id]
        linked = sorted({link.resolved for link in note.links if link.resolved in notes} - {doc_id})
        if titles[note.title] > 1 or not 1 <= len(linked) <= MOST_LINKS:
            continue
        wanted = chance.choice(linked)
        telling = sorted(
            word
            for word in words[wanted] - words[doc_id] - tokens.common()
            if len(word) > 1 and RARE <= frequency[word] / len(notes) <= COMMON
        )
        if telling:
            questions.append(Question(asked(note.title, chance.choice(telling)), wanted))
    return questions[:QUESTIONS]


def asked(title: str, word: str) -> str:
    """The question, in the title's language."""
    if HAN.search(title):
        return f"《{title}》链接到的笔记里，关于“{word}”说了什么？"
    return f"What does a note that {title} links to say about {word}?"


def is_found(engine: Engine, question: Question) -> bool:
    """Whether the wanted note is among the first."""
    ids = dict.fromkeys(hit.chunk.doc_id for hit in engine.search(question.text, DEPTH).hits)
    return question.wanted in list(ids)[:FIRST]


if __name__ == "__main__":
    main()
