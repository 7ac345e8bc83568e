"""The catalogue's schema: numbered, append-only migrations, each in a transaction of its own."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from rag.errors import HomeError
from rag.store import script

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CATALOGUE: tuple[str, ...] = (
    # 1: roots, documents, passages, links, journal.
    """
    CREATE TABLE roots (
        name TEXT PRIMARY KEY,
        path TEXT UNIQUE            -- NULL: documents that are not files
    ) STRICT;
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,        -- root/relative/path
        root TEXT NOT NULL REFERENCES roots(name) ON DELETE CASCADE,
        status TEXT NOT NULL CHECK (status IN ('indexed', 'failed', 'skipped')),
        reason TEXT NOT NULL DEFAULT '',
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        scanned_ns INTEGER NOT NULL, -- clock when the file was looked at
        relative TEXT NOT NULL,      -- its path in the root, as the disk spells it
        sha256 TEXT NOT NULL,
        recipe TEXT NOT NULL,       -- versions of loader and chunker that made the rows
        title TEXT NOT NULL DEFAULT '',
        format TEXT NOT NULL DEFAULT 'text',
        encoding TEXT NOT NULL DEFAULT '',
        pages TEXT NOT NULL DEFAULT '[]',
        dates TEXT NOT NULL DEFAULT '[]',
        tags TEXT NOT NULL DEFAULT '[]',
        meta TEXT NOT NULL DEFAULT '{}',
        masks TEXT NOT NULL DEFAULT '[]',
        warnings TEXT NOT NULL DEFAULT '[]'
    ) STRICT;
    CREATE INDEX documents_root ON documents(root);
    CREATE INDEX documents_sha256 ON documents(sha256);
    CREATE TABLE texts (            -- apart, so that listing documents reads no text
        doc_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE chunks (
        key INTEGER PRIMARY KEY AUTOINCREMENT,   -- 64 bits, never reused
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        first_line INTEGER NOT NULL,
        last_line INTEGER NOT NULL,
        page INTEGER,
        heading TEXT NOT NULL,
        dates TEXT NOT NULL DEFAULT '[]',
        text TEXT NOT NULL,
        body TEXT,                  -- NULL: the same as text
        text_hash BLOB NOT NULL     -- of index_text; keys the vector cache
    ) STRICT;
    CREATE INDEX chunks_doc ON chunks(doc_id);
    CREATE INDEX chunks_text_hash ON chunks(text_hash);
    CREATE TABLE links (
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        target TEXT NOT NULL,
        kind TEXT NOT NULL,
        label TEXT NOT NULL DEFAULT '',
        anchor TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX links_doc ON links(doc_id);
    CREATE TABLE journal (
        generation INTEGER NOT NULL,
        key INTEGER NOT NULL,
        op TEXT NOT NULL CHECK (op IN ('add', 'remove'))
    ) STRICT;
    CREATE INDEX journal_generation ON journal(generation);
    CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
    INSERT INTO state VALUES ('generation', 0), ('journal_start', 0), ('last_scan_ns', 0);
    """,
    # 2: sections and speakers, resolved links, dates that many notes share, images of the web.
    """
    ALTER TABLE documents ADD COLUMN loader TEXT NOT NULL DEFAULT '';
    ALTER TABLE documents ADD COLUMN sections TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE documents ADD COLUMN shared_dates TEXT NOT NULL DEFAULT '[]'; -- sources of dates that came with an import
    ALTER TABLE chunks ADD COLUMN speaker TEXT NOT NULL DEFAULT '';
    ALTER TABLE links ADD COLUMN key TEXT NOT NULL DEFAULT '';       -- what names of documents are compared with
    ALTER TABLE links ADD COLUMN resolved TEXT NOT NULL DEFAULT '';  -- a document id, or nothing
    CREATE INDEX links_key ON links(key);
    CREATE INDEX links_resolved ON links(resolved);
    CREATE TABLE names (            -- by what a document can be linked to
        key TEXT NOT NULL,
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE
    ) STRICT;
    CREATE INDEX names_key ON names(key);
    CREATE INDEX names_doc ON names(doc_id);
    CREATE TABLE images (           -- images of the web that notes show
        url TEXT PRIMARY KEY,
        status TEXT NOT NULL CHECK (status IN ('fetched', 'failed')),
        doc_id TEXT NOT NULL DEFAULT '',   -- of the fetched file
        reason TEXT NOT NULL DEFAULT '',
        tried_ns INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX images_doc ON images(doc_id);
    """,
    # 3: which notes share a date.
    """
    CREATE TABLE days (
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        root TEXT NOT NULL GENERATED ALWAYS AS (substr(doc_id, 1, instr(doc_id, '/') - 1)) VIRTUAL,
        source TEXT NOT NULL,
        day TEXT NOT NULL,          -- ISO 8601
        shared INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX days_doc ON days(doc_id);
    CREATE INDEX days_day ON days(root, source, day, shared);
    """,
    # 4: the knowledge graph. Written by rag.store.facts; names found in other notes by graph.titles.
    """
    CREATE TABLE entities (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,   -- graph.keys.key_of its names; the node is entity:KEY
        label TEXT NOT NULL,        -- its most frequent spelling
        kind TEXT NOT NULL,         -- graph.model.EntityKind, the most frequent
        shown INTEGER NOT NULL DEFAULT 0,      -- 1: some document is sure enough that it is a name
        generation INTEGER NOT NULL DEFAULT 0, -- of the graph, in which label, kind or shown last changed
        settled INTEGER NOT NULL DEFAULT 0     -- 0: the three are still to be computed
    ) STRICT;
    CREATE INDEX entities_generation ON entities(generation);
    CREATE INDEX entities_unsettled ON entities(id) WHERE settled = 0;
    CREATE TABLE mentions (         -- a document says a name
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        chunk INTEGER,              -- key of the passage that holds it; NULL: it stands in none
        start INTEGER NOT NULL,     -- in the document's text
        "end" INTEGER NOT NULL,
        entity INTEGER NOT NULL REFERENCES entities(id),
        name TEXT NOT NULL,         -- as it is written here
        kind TEXT NOT NULL,
        extractor TEXT NOT NULL,    -- title: that of another note, found by graph.titles
        confidence REAL NOT NULL
    ) STRICT;
    CREATE INDEX mentions_doc ON mentions(doc_id);
    CREATE INDEX mentions_entity ON mentions(entity);
    CREATE TABLE relations (        -- properties of a note, and what a language model read
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        subject INTEGER REFERENCES entities(id), -- NULL: the note itself
        subject_name TEXT NOT NULL, -- as it is written; empty: the note itself
        predicate TEXT NOT NULL,
        object INTEGER NOT NULL REFERENCES entities(id),
        value TEXT NOT NULL,        -- the object as it is written
        extractor TEXT NOT NULL,
        confidence REAL NOT NULL
    ) STRICT;
    CREATE INDEX relations_doc ON relations(doc_id);
    CREATE INDEX relations_subject ON relations(subject) WHERE subject IS NOT NULL;
    CREATE INDEX relations_object ON relations(object);
    CREATE INDEX relations_predicate ON relations(predicate);
    CREATE TABLE aliases (          -- a document says that two names are one
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        entity INTEGER NOT NULL REFERENCES entities(id),
        name TEXT NOT NULL,         -- of entity, as it is written
        other INTEGER NOT NULL REFERENCES entities(id),
        other_name TEXT NOT NULL
    ) STRICT;
    CREATE INDEX aliases_doc ON aliases(doc_id);
    CREATE INDEX aliases_entity ON aliases(entity);
    CREATE INDEX aliases_other ON aliases(other);
    CREATE TABLE titles (           -- what a note is called, where that is a name that others may say
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        entity INTEGER NOT NULL REFERENCES entities(id),
        key TEXT NOT NULL,          -- of entity
        label TEXT NOT NULL,        -- as it is written, and looked for in other notes
        kind TEXT NOT NULL CHECK (kind IN ('title', 'alias')),
        beginning TEXT NOT NULL,    -- of the label, folded: rag.store.called.beginning
        searched INTEGER NOT NULL DEFAULT 0 -- 1: every document was searched for this label
    ) STRICT;
    CREATE INDEX titles_doc ON titles(doc_id);
    CREATE INDEX titles_entity ON titles(entity);
    CREATE INDEX titles_label ON titles(label);
    CREATE INDEX titles_beginning ON titles(beginning);
    CREATE INDEX titles_new ON titles(label) WHERE searched = 0;
    ALTER TABLE documents ADD COLUMN searched INTEGER NOT NULL DEFAULT 0; -- 1: for the titles of all other notes
    CREATE INDEX documents_unsearched ON documents(id) WHERE searched = 0 AND status = 'indexed';
    CREATE TABLE graph_changes (    -- documents whose graph.model.Contribution may have changed; gone ones too
        doc_id TEXT PRIMARY KEY,
        generation INTEGER NOT NULL -- of the graph, the last in which it did
    ) STRICT;
    CREATE INDEX graph_changes_generation ON graph_changes(generation);
    CREATE TABLE graph_generations (generation INTEGER PRIMARY KEY) STRICT; -- the last ones: those of our history
    INSERT INTO graph_generations VALUES (0);
    INSERT INTO state VALUES ('graph', 0);
    """,
    # 5: the days that notes and passages speak of, kept by triggers; the language of a passage.
    """
    CREATE TABLE times (
        doc_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE ON UPDATE CASCADE,
        key INTEGER REFERENCES chunks(key) ON DELETE CASCADE, -- NULL: a date of the note
        first TEXT NOT NULL,        -- ISO 8601
        last TEXT NOT NULL,
        source TEXT NOT NULL,
        confidence REAL NOT NULL    -- what rag.store.dating leaves of it
    ) STRICT;
    CREATE INDEX times_doc ON times(doc_id);
    CREATE INDEX times_key ON times(key, confidence) WHERE key IS NOT NULL;
    CREATE INDEX times_passages ON times(first, last, key, confidence) WHERE key IS NOT NULL;
    CREATE INDEX times_notes ON times(first, last, doc_id, confidence, key) WHERE key IS NULL;
    CREATE VIEW written_times AS    -- the dates of documents and chunks, one a row; what is no JSON has none
        SELECT d.id AS doc_id, NULL AS key, d.shared_dates AS shared, iif(j.type = 'array', j.value, '[]') AS value
        FROM documents d, json_each(iif(json_valid(d.dates), d.dates, '[]')) j
        UNION ALL
        SELECT c.doc_id, c.key, d.shared_dates, iif(j.type = 'array', j.value, '[]')
        FROM chunks c JOIN documents d ON d.id = c.doc_id, json_each(iif(json_valid(c.dates), c.dates, '[]')) j;
    CREATE VIEW due_times AS        -- what times must hold: rag.store.dating.lowered
        SELECT doc_id, key, first, last, source, CAST(iif(
            shared <> '[]' AND json_valid(shared) AND EXISTS (SELECT 1 FROM json_each(shared) s
                WHERE s.value = source
                    OR (instr(source, ' from ') AND s.value = substr(source, instr(source, ' from ') + 6))),
            round(confidence * 0.2, 3), confidence) AS REAL) AS confidence
        FROM (SELECT doc_id, key, shared, json_extract(value, '$[0]') AS first, json_extract(value, '$[1]') AS last,
            json_extract(value, '$[2]') AS source, json_extract(value, '$[3]') AS confidence FROM written_times)
        WHERE first IS NOT NULL AND last IS NOT NULL AND source IS NOT NULL AND confidence IS NOT NULL;
    CREATE TRIGGER note_dated AFTER UPDATE OF dates ON documents WHEN OLD.dates <> NEW.dates
    BEGIN
        DELETE FROM times WHERE doc_id = NEW.id AND key IS NULL;
        INSERT INTO times SELECT * FROM due_times WHERE doc_id = NEW.id AND key IS NULL;
    END;
    CREATE TRIGGER note_trusted AFTER UPDATE OF shared_dates ON documents WHEN OLD.shared_dates <> NEW.shared_dates
    BEGIN
        DELETE FROM times WHERE doc_id = NEW.id;
        INSERT INTO times SELECT * FROM due_times WHERE doc_id = NEW.id;
    END;
    CREATE TRIGGER passage_added AFTER INSERT ON chunks WHEN NEW.dates <> '[]'
    BEGIN
        INSERT INTO times SELECT * FROM due_times WHERE doc_id = NEW.doc_id AND key = NEW.key;
    END;
    CREATE TRIGGER passage_dated AFTER UPDATE OF dates ON chunks WHEN OLD.dates <> NEW.dates
    BEGIN
        DELETE FROM times WHERE key = NEW.key;
        INSERT INTO times SELECT * FROM due_times WHERE doc_id = NEW.doc_id AND key = NEW.key;
    END;
    INSERT INTO times SELECT * FROM due_times;
    ALTER TABLE chunks ADD COLUMN language TEXT NOT NULL DEFAULT ''; -- of what is indexed: rag.store.script
    UPDATE chunks SET language = language_of(coalesce(body, text));
    """,
)

VECTORS: tuple[str, ...] = (
    # 1: content-addressed vectors.
    """
    CREATE TABLE vectors (
        model TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        vector BLOB NOT NULL,       -- float32, little-endian
        PRIMARY KEY (model, text_hash)
    ) STRICT, WITHOUT ROWID;
    """,
    # 2: what a text's tokens are, where its model reads passages too: rag.store.vectors.
    """
    CREATE TABLE tokens (           -- beside the vectors, whose rows are too long to be read quickly
        model TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        tokens BLOB NOT NULL,
        PRIMARY KEY (model, text_hash)
    ) STRICT, WITHOUT ROWID;
    """,
)


def migrate(db: sqlite3.Connection, steps: Sequence[str], path: Path) -> None:
    """Bring a database to the newest schema.

    Raises:
        HomeError: it was written by a newer Footnotes.
    """
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found > len(steps):
        raise HomeError(
            "{path} has format {found}; this Footnotes knows {known}. Upgrade Footnotes, or use another home.",
            path=path,
            found=found,
            known=len(steps),
        )
    db.create_function("language_of", 1, script.language, deterministic=True)
    for number in range(found + 1, len(steps) + 1):
        _apply(db, steps[number - 1], number)


def _apply(db: sqlite3.Connection, step: str, number: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        if db.execute("PRAGMA user_version").fetchone()[0] < number:
            for statement in _statements(step):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _statements(step: str) -> list[str]:
    """Its statements; a trigger's own ones stay together."""
    lines = (line.partition("--")[0] for line in step.splitlines())
    found, begun = [], ""
    for part in "\n".join(lines).split(";")[:-1]:
        begun += part + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    return found
