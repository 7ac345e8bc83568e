"""Links resolved to documents: by path, name, alias, permalink and title, and kept right with every change."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store import linking, migrations
from rag.types import Document, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.types import LinkKind, MetaValue

VAULT = """\
v/a/Note.md
v/a/same.md
v/b/same.md
v/my file.md
v/杂记.md
v/paper.pdf
v/x/picture.png
v/y/picture.png
v/trip/index.md
v/README.md
w/other.md
w/a/Note.md""".splitlines()
NO_META: Mapping[str, MetaValue] = {}


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """An empty catalogue with two roots."""
    with closing(opened()) as connection:
        yield connection


def opened() -> sqlite3.Connection:
    """A catalogue in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    migrations.migrate(connection, migrations.CATALOGUE, Path("memory"))
    connection.executemany("INSERT INTO roots VALUES (?, ?)", [("v", "/v"), ("w", "/w")])
    return connection


def add(
    db: sqlite3.Connection,
    doc_id: str,
    *links: str | tuple[LinkKind, str],
    title: str = "",
    meta: Mapping[str, MetaValue] = NO_META,
) -> None:
    """Put a document; a link is a wikilink's target, or kind and target."""
    pairs: list[tuple[LinkKind, str]] = [("wikilink", x) if isinstance(x, str) else x for x in links]
    found = tuple(Link(i, i + 1, target, kind) for i, (kind, target) in enumerate(pairs))
    db.execute(
        "INSERT INTO documents (id, root, status, size, mtime_ns, ctime_ns, inode, scanned_ns, relative, sha256, recipe) "
        "VALUES (?, ?, 'indexed', 0, 0, 0, 0, 0, '', '', '') ON CONFLICT (id) DO UPDATE SET status = 'indexed'",
        (doc_id, doc_id.partition("/")[0]),
    )
    name = title or doc_id.rpartition("/")[2].rpartition(".")[0]
    linking.put(db, Document(doc_id, "x" * len(links), "", name, "markdown", meta=meta, links=found))


def resolved(db: sqlite3.Connection) -> list[tuple[str, int, str]]:
    """What every link leads to."""
    return db.execute("SELECT doc_id, start, resolved FROM links ORDER BY doc_id, start").fetchall()


def leads_to(db: sqlite3.Connection, source: str, target: str, kind: LinkKind = "wikilink") -> str:
    """What one link from a document leads to."""
    add(db, source, (kind, target))
    everything(db)
    return str(db.execute("SELECT resolved FROM links WHERE doc_id = ?", (source,)).fetchone()[0])


def everything(db: sqlite3.Connection) -> None:
    """Resolve all links."""
    linking.settle(db, {doc_id for (doc_id,) in db.execute("SELECT id FROM documents")})


@pytest.mark.parametrize(
    ("source", "target", "kind", "found"),
    [
        ("v/x.md", "note", "wikilink", "v/a/Note.md"),
        ("v/x.md", "NOTE.md", "wikilink", "v/a/Note.md"),
        ("v/x.md", "a/note", "wikilink", "v/a/Note.md"),
        ("v/x.md", "b/note", "wikilink", ""),
        ("v/b/x.md", "same", "wikilink", "v/b/same.md"),
        ("v/a/x.md", "same", "wikilink", "v/a/same.md"),
        ("v/a/deep/x.md", "same", "wikilink", "v/a/same.md"),
        ("v/x.md", "b/same", "wikilink", "v/b/same.md"),
        ("v/a/x.md", "../b/same", "wikilink", "v/b/same.md"),
        ("v/a/x.md", "../b/same.md", "markdown", "v/b/same.md"),
        ("v/a/x.md", "same.md", "markdown", "v/a/same.md"),
        ("v/a/x.md", "./same", "markdown", "v/a/same.md"),
        ("v/a/x.md", "b/same.md", "markdown", "v/b/same.md"),
        ("v/a/x.md", "/b/same.md", "markdown", "v/b/same.md"),
        ("v/a/x.md", "/b/same.md?plain=1", "markdown", "v/b/same.md"),
        ("v/a/x.md", r"..\b\same.md", "markdown", "v/b/same.md"),
        ("v/a/x.md", "../b/same.html", "markdown", "v/b/same.md"),
        ("v/a/x.md", "../old/same.md", "markdown", ""),
        ("v/a/x.md", "../old/same", "wikilink", ""),
        ("v/x/y.md", "./picture.jpg", "embed", ""),
        ("v/deep/x.md", "../old/b/same.md", "markdown", ""),
        ("v/x.md", "./picture.png", "embed", "v/x/picture.png"),
        ("v/a/Note2.md", "../same", "markdown", "v/a/same.md"),
        ("v/x.md", "my%20file.md", "markdown", "v/my file.md"),
        ("v/x.md", "My-File", "wikilink", "v/my file.md"),
        ("v/x.md", "%E6%9D%82%E8%AE%B0.md", "markdown", "v/杂记.md"),
        ("v/x.md", "杂记", "wikilink", "v/杂记.md"),
        ("v/x.md", "paper", "wikilink", "v/paper.pdf"),
        ("v/x.md", "paper.pdf", "embed", "v/paper.pdf"),
        ("v/x.md", "picture.png", "embed", "v/x/picture.png"),
        ("v/y.md", "picture.png", "embed", "v/y/picture.png"),
        ("v/x.md", "other", "wikilink", ""),
        ("v/x.md", "/trip/", "markdown", "v/trip/index.md"),
        ("v/trip/day.md", "../trip/", "markdown", "v/trip/index.md"),
        ("v/trip/day.md", "./", "markdown", "v/trip/index.md"),
        ("v/trip/day.md", "index.md", "markdown", "v/trip/index.md"),
        ("v/trip/day.md", "../", "markdown", "v/README.md"),
        ("v/x.md", "trip", "wikilink", "v/trip/index.md"),
        ("v/x.md", "nowhere/index.md", "markdown", ""),
        ("v/x.md", "https://example.org/note", "markdown", ""),
        ("v/x.md", "mailto:note", "markdown", ""),
        ("v/x.md", "obsidian://open?vault=v&file=a%2FNote", "markdown", "v/a/Note.md"),
        ("v/x.md", "", "wikilink", "v/x.md"),
    ],
)
def test_paths_and_names(
    db: sqlite3.Connection, source: str, target: str, kind: LinkKind, found: str
) -> None:
    """Relative, from the root, by name alone, in any case, percent-encoded, with and without suffix; never across roots."""
    for doc_id in VAULT:
        add(db, doc_id)
    assert leads_to(db, source, target, kind) == found


@pytest.mark.parametrize(
    ("target", "kind", "found"),
    [
        ("the plan", "wikilink", "v/posts/a.md"),
        ("C/C++", "wikilink", "v/posts/a.md"),
        ("/old/place/", "markdown", "v/posts/a.md"),
        ("A title of its own", "wikilink", "v/posts/b.md"),
        ("/2022/06/18/summer/", "markdown", "v/_posts/2022-06-18-summer.md"),
        ("/blog/2022/6/18/summer.html", "markdown", "v/_posts/2022-06-18-summer.md"),
        ("/posts/summer/", "markdown", "v/_posts/2022-06-18-summer.md"),
        ("../2022/06/summer", "markdown", "v/_posts/2022-06-18-summer.md"),
        ("../summer", "markdown", ""),
        ("/tech/2022/06/18/summer/", "markdown", "v/_posts/2022-06-18-summer.md"),
        ("/2021/06/18/summer/", "markdown", ""),
        ("2022-06-18-summer", "wikilink", "v/_posts/2022-06-18-summer.md"),
        ("/2022/07/01/b/", "markdown", "v/posts/b.md"),
        ("/2022/07/02/named/", "markdown", "v/posts/c.md"),
        ("/posts/3ab5f1c9.html", "markdown", "v/posts/d.md"),
        ("/about-me/", "markdown", "v/posts/e.md"),
        ("/blog/about-me", "markdown", "v/posts/e.md"),
        (":/0123456789abcdef0123456789abcdef", "markdown", "v/posts/f.md"),
        ("lang/rust", "wikilink", "v/lang___rust.md"),
        ("/other/summer/", "markdown", ""),
    ],
)
def test_given_names(db: sqlite3.Connection, target: str, kind: LinkKind, found: str) -> None:
    """Aliases, permalinks, slugs, dated addresses, redirects, ids and, last, titles."""
    add(db, "v/posts/a.md", meta={"aliases": ("The Plan", "C/C++", "/old/place/")})
    add(db, "v/posts/b.md", title="A title of its own", meta={"date": "2022-07-01 10:00"})
    add(db, "v/_posts/2022-06-18-summer.md")
    add(db, "v/posts/c.md", meta={"date": "2022-07-02", "slug": "named"})
    add(db, "v/posts/d.md", meta={"abbrlink": "3ab5f1c9"})
    add(db, "v/posts/e.md", meta={"permalink": "/about-me/", "url": "/:year/:title/"})
    add(db, "v/posts/f.md", meta={"id": "0123456789abcdef0123456789abcdef"})
    add(db, "v/lang___rust.md")
    assert leads_to(db, "v/x.md", target, kind) == found


def test_the_better_way_of_fitting_wins(db: sqlite3.Connection) -> None:
    """A file's name beats another's alias, an alias another's title."""
    add(db, "v/a.md", meta={"aliases": ("b", "c")})
    add(db, "v/b.md")
    add(db, "v/d.md", title="c")
    assert leads_to(db, "v/x.md", "b") == "v/b.md"
    assert leads_to(db, "v/x.md", "c") == "v/a.md"


def test_links_wait_for_their_document(db: sqlite3.Connection) -> None:
    """A link resolves when its document comes, moves on when it is renamed, and is unresolved when it goes or fails."""
    add(db, "v/x.md", "n", "a/n")
    linking.settle(db, {"v/x.md"})
    assert resolved(db) == [("v/x.md", 0, ""), ("v/x.md", 1, "")]
    add(db, "v/a/n.md")
    linking.settle(db, {"v/a/n.md"})
    assert resolved(db) == [("v/x.md", 0, "v/a/n.md"), ("v/x.md", 1, "v/a/n.md")]
    assert linking.backlinks(db, "v/a/n.md") == ["v/x.md"]
    db.execute("UPDATE documents SET id = 'v/b/n.md' WHERE id = 'v/a/n.md'")
    add(db, "v/b/n.md")
    linking.settle(db, {"v/a/n.md", "v/b/n.md"})
    assert resolved(db) == [("v/x.md", 0, "v/b/n.md"), ("v/x.md", 1, "")]
    db.execute("UPDATE documents SET status = 'failed' WHERE id = 'v/b/n.md'")
    linking.settle(db, {"v/b/n.md"})
    assert resolved(db) == [("v/x.md", 0, ""), ("v/x.md", 1, "")]
    assert linking.backlinks(db, "v/b/n.md") == []


def test_keys_say_nothing_of_the_web() -> None:
    """The key is the last part, folded; of a folder's page the folder."""
    assert linking.key_of("a/My_Note.md", "markdown") == "my-note"
    assert linking.key_of("a/Trip/index.md", "markdown") == "trip"
    assert linking.key_of("https://example.org/a", "markdown") == ""
    assert linking.key_of("Re: plan", "wikilink") == "re:-plan"
    assert linking.key_of("", "wikilink") == ""


FOLDERS = st.sampled_from(["", "a/", "b/", "a/b/"])
STEMS = st.sampled_from(["n", "N", "index", "README", "2022-01-02-n", "m n", "m-n"])
IDS = st.builds("{}/{}{}.md".format, st.sampled_from("vw"), FOLDERS, STEMS)
TARGETS = st.one_of(
    STEMS, st.builds("{}{}".format, st.sampled_from(["", "/", "../", "a/", "/2022/01/02/", "q/"]), STEMS)
)
LINKS = st.lists(st.tuples(st.sampled_from(["wikilink", "markdown", "embed"]), TARGETS), max_size=4)
METAS = st.sampled_from([{}, {"aliases": ("n", "/q/n/")}, {"permalink": "/a/n/"}, {"date": "2022-01-02"}])
STEPS = st.tuples(st.sampled_from(["put", "move", "remove", "fail"]), IDS, IDS, LINKS, METAS)


@given(st.lists(st.lists(STEPS, min_size=1, max_size=4), max_size=12))
def test_changes_give_what_a_fresh_resolution_gives(batches: Sequence[Sequence[tuple[object, ...]]]) -> None:
    """After any batches of edits, renames, removals and failures, resolving everything anew changes nothing."""
    with closing(opened()) as db:
        for batch in batches:
            linking.settle(db, {doc_id for step in batch for doc_id in apply(db, *step)})  # type: ignore[arg-type]
        kept = resolved(db)
        db.execute("UPDATE links SET resolved = ''")
        everything(db)
        assert resolved(db) == kept


def apply(
    db: sqlite3.Connection,
    op: str,
    doc_id: str,
    other: str,
    links: list[tuple[LinkKind, str]],
    meta: dict[str, MetaValue],
) -> list[str]:
    """One change; returns the ids that it concerns."""
    present = {i for (i,) in db.execute("SELECT id FROM documents")}
    if op == "put":
        add(db, doc_id, *links, meta=meta)
    elif op == "remove":
        db.execute("DELETE FROM documents WHERE id = ?", (doc_id,))
    elif op == "fail" and doc_id in present:
        db.execute("UPDATE documents SET status = 'failed' WHERE id = ?", (doc_id,))
        db.execute("DELETE FROM links WHERE doc_id = ?", (doc_id,))
    elif op == "move" and doc_id in present and other not in present:
        db.execute("UPDATE documents SET id = ?, root = ? WHERE id = ?", (other, other[0], doc_id))
        add(db, other, *links, meta=meta)
    return [doc_id, other]


def test_one_note_among_many_settles_at_once(db: sqlite3.Connection, soak: bool) -> None:
    """A saved note costs milliseconds in a vault of thousands, even one that hundreds of others link to."""
    notes, each = (10_000, 10) if soak else (2_000, 5)
    choose = random.Random(7)
    db.execute("BEGIN")
    names = [f"f{i % 50}/note {i}" for i in range(notes)]
    for name in names:
        add(db, f"v/{name}.md", "note 7", *(choose.choice(names).rpartition("/")[2] for _ in range(each - 1)))
    everything(db)
    assert all(found for _, _, found in resolved(db))
    add(db, f"v/{names[500]}.md", "note 3", "note 9")
    start = perf_counter()
    linking.settle(db, {f"v/{names[500]}.md"})
    assert perf_counter() - start < 0.5


def test_names_that_hold_a_word(db: sqlite3.Connection) -> None:
    """Titles, aliases and file names, each once; no folder, no address, no other name of the same note."""
    add(db, "v/2022/plans.md")
    add(db, "v/2022-年终总结.md", title="2022 年终总结", meta={"aliases": ("Review 7/2022",)})
    add(db, "v/a/report 2022.pdf", title="Report")
    add(db, "v/b.md", title="B", meta={"permalink": "/2022/06/18/b/"})
    assert linking.names_holding(db, "2022") == [
        "2022-年终总结",
        "report-2022",
        "report-2022.pdf",
        "review-7/2022",
    ]
    assert linking.names_holding(db, "总结") == ["2022-年终总结"]
    assert linking.names_holding(db, "%") == []
