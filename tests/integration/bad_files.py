"""A corpus of bad files of every format, for proofs that none of them stops a sync: what people's disks really hold."""

from __future__ import annotations

import base64
import json
import os
import socket
from typing import TYPE_CHECKING

from ingest import loaders
from tests.integration import bad_binaries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEPTH = 10_000
MANY = 100_000
GOOD = "The pelican of {name} stands on one leg.\n"


def texts(line: int) -> dict[str, bytes]:
    """Markdown and plain text; ``line`` is the length of the longest line in bytes."""
    return {
        "invalid.md": "好的 naïve ".encode() + b"\xff\xfe\xfd\x80\xc3(" * 9,
        "nul.md": b"\x00\x01\x02" * 200,
        "nul-inside.md": b"text\x00with\x00zeros " * 200,
        "surrogates.md": b"a lone \xed\xa0\x80 surrogate and \xed\xb0\x80 another",
        "mixed.md": "中文".encode("gb18030") * 50 + "中文".encode() * 50 + "é".encode("latin-1") * 50,
        "odd-utf16.md": "中文 text".encode("utf-16") + b"\x41",
        "odd-utf16.txt": b"\xfe\xff\x00",
        "only-bom.md": b"\xef\xbb\xbf",
        "one-line.md": b"word and " * (line // 9),
        "one-line-zh.txt": ("笔记" * (line // 6)).encode(),
        "one-word.md": b"x" * (line // 5),
        "blank-lines.md": b"\n" * 1_000_000,
        "carriage.md": b"line\r" * MANY,
        "marks.md": ("a" + "\u0301" * MANY).encode(),
        "controls.log": bytes(range(32)) * 500,
        "right-to-left.md": "\u202e\u2066evil\u202d ".encode() * 2000,
    }


def nestings() -> dict[str, bytes]:
    """Markdown that makes naive parsers take for ever, or recurse without end."""
    return {
        "lists.md": "".join(f"{' ' * min(n, 100)}- item {n}\n" for n in range(DEPTH)).encode(),
        "quotes.md": b"> " * DEPTH + b"deep",
        "brackets.md": b"[" * MANY + b"x" + b"](y)" * 1000,
        "images.md": b"![" * MANY,
        "wikilinks.md": b"[[" * MANY,
        "emphasis.md": b"*a_ " * MANY,
        "stars.md": b"*" * MANY,
        "backticks.md": b"".join(b"`" * (n % 300 + 1) + b" " for n in range(3000)),
        "comments.md": b"<!-- " * MANY,
        "tags.md": b"<div>" * MANY,
        "attributes.md": b"<a " + b"x=1 " * MANY,
        "dollars.md": b"$a$$" * MANY,
        "percents.md": b"%% a " * MANY,
        "shortcodes.md": b"{{< x " * MANY + b"{% y " * MANY,
        "headings.md": b"# a\n" * MANY,
        "hashtags.md": b"#a/b#c" * MANY,
        "table.md": b"|a" * 20_000 + b"|\n" + b"|-" * 20_000 + b"|\n" + b"|1" * 20_000 + b"|\n",
        "footnotes.md": b"".join(b"[^%d]: [^%d]\n" % (n, n + 1) for n in range(20_000)),
        "entities.md": b"&amp;lt;&#99999999999;" * 20_000,
        "base64.md": b"![x](data:image/png;base64," + base64.b64encode(bytes(2_000_000)) + b")",
        "embeds-itself.md": b"![[embeds-itself]] [[embeds-itself#^a]] ^a",
        "cycle-a.md": b"![[cycle-b]] ![](cycle-b.md)",
        "cycle-b.md": b"![[cycle-a]] ![](cycle-a.md)",
        "fences.md": b"```\n~~~\n" * 20_000 + b"````",
        "callouts.md": b"".join(b"> " * (n % 50 + 1) + b"[!note] x\n" for n in range(5000)),
    }


def _matter(yaml: str) -> bytes:
    return f"---\n{yaml}\n---\n\nThe body stays.\n".encode()


def front_matters() -> dict[str, bytes]:
    """Properties: bombs, cycles, wrong types."""
    laughs = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 30))
    return {
        "alias-bomb.md": _matter(f"x0: &x0 [ha]\n{laughs}"),
        "alias-cycle.md": _matter("a: &a [*a, *a]\nb: &b {c: *b}"),
        "merge-bomb.md": _matter(
            "a: &a {k: 1}\n" + "\n".join(f"b{n}: {{<<: [*a, *a]}}" for n in range(2000))
        ),
        "deep-flow.md": _matter("a: " + "[" * 5000 + "]" * 5000),
        "open-flow.md": _matter("title: [unclosed"),
        "wrong-types.md": _matter(
            "title: {a: [1]}\ntags: 5\ndate: [2020, x]\naliases: {x: y}\ncreated: true"
        ),
        "no-mapping.md": _matter("- just\n- a\n- list"),
        "python.md": _matter("a: !!python/object/apply:os.system ['true']"),
        "huge-number.md": _matter("a: " + "9" * 50_000),
        "bad-date.md": _matter("date: 2023-13-45\ncreated: 9999-99-99\nupdated: 0000-00-00"),
        "far-date.md": _matter("date: 9999-12-31T23:59:59-23:59\ncreated: 0001-01-01T00:00:00+14:00"),
        "infinite.md": _matter("a: .inf\nb: .nan\nc: 1e999"),
        "escapes.md": _matter('title: "\\ud800 alone"'),
        "nul-key.md": _matter('"\\0": "\\0"\n? [a, b]\n: c'),
        "long-key.md": _matter("k" * 300_000 + ": v"),
        "never-closed.md": b"---\ntitle: x\n" + b"a: b\n" * 20_000,
        "bad-toml.md": b"+++\ntitle = [[\n+++\n\nbody\n",
        "deep-json.md": b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}\n\nbody\n",
    }


def _export(mapping: object) -> bytes:
    return json.dumps([{"title": "t", "mapping": mapping, "current_node": "a"}]).encode()


def structures() -> dict[str, bytes]:
    """Formats with a grammar of their own."""
    node = {"id": "a", "parent": "a", "children": ["a"], "message": None}
    cells = {"nbformat": 4, "cells": {"a": 1}, "metadata": []}
    odd = [{"cell_type": "code", "source": 5, "outputs": [{"data": {"text/plain": {}}}]}, None, 7]
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000))
    return {
        "columns.csv": b"a," * 1_000_000 + b"\n" + b"1," * 1000,
        "unclosed.csv": b'a,b\n1,"never closed\n' + b"x,y\n" * MANY,
        "long-field.csv": b"a,b\n1," + b"z" * 1_000_000,
        "nul.csv": b"a,b\n\x00,\x00\n",
        "ragged.tsv": b"".join(b"x\t" * (n % 90) + b"\n" for n in range(5000)),
        "cycle.json": _export({"a": node}),
        "wrong-types.json": _export({"a": {"message": {"content": 5, "author": []}, "parent": {}}}),
        "deep.json": b"[" * MANY + b"]" * MANY,
        "surrogates.json": b'[{"title": "\\ud800", "mapping": {}}]',
        "wrong-types.canvas": b'{"nodes": {"a": 1}, "edges": 5}',
        "cycle.canvas": b'{"nodes": [{"id": "a", "type": "file", "file": "cycle.canvas"}], "edges": [null]}',
        "not-json.ipynb": b"{'cells': []}",
        "wrong-types.ipynb": json.dumps(cells).encode(),
        "odd-cells.ipynb": json.dumps({"nbformat": 4, "cells": odd}).encode(),
        "deep.ipynb": b'{"cells": ' + b"[" * MANY + b"]" * MANY + b"}",
        "multiparts.eml": b"Subject: x\n" + parts,
        "headers.eml": b"Subject: " + b"=?utf-8?q?=20?= " * 20_000 + b"\n" + b"X-A: b\n" * 20_000 + b"\nbody",
        "charset.eml": b"Content-Type: text/plain; charset=x-nowhere\n\nna\xefve",
        "bad-base64.eml": b"Content-Transfer-Encoding: base64\n\n!!!!" + b"A" * 9_999,
        "letters.eml": b"Content-Type: message/rfc822\n\n" * 3000,
        "divs.html": b"<div>" * MANY + b"deep",
        "attributes.html": b"<a " + b"b='c' " * MANY,
        "open-tags.html": b"<a<" * MANY,
        "script.html": b"<script>" + b"x" * 1_000_000,
        "entities.html": b"&#x110000;&#xD800;&bogus" * 20_000,
        "charset.html": b'<meta charset="utf-7"><p>+ADw-script',
        "table.html": b"<table>" + b"<tr><td colspan=99999>" * 20_000,
        "include.rst": b".. include:: /etc/passwd\n.. raw:: html\n   :file: /etc/passwd\n",
        "quotes.rst": b"".join(b" " * n + b"x\n" for n in range(1500)),
        "titles.rst": b"".join(b"a\n" + bytes([33 + n % 15]) * 3 + b"\n" for n in range(5000)),
        "stars.org": b"".join(b"*" * (n % 100 + 1) + b" x\n" for n in range(20_000)),
        "blocks.org": b"#+BEGIN_SRC\n#+BEGIN_QUOTE\n" * 20_000,
        "include.adoc": b"include::/etc/passwd[]\n" + b"====\n" * 20_001,
        "macros.tex": b"\\def\\a{\\a\\a}\\a" + b"\\input{macros}" * 999,
        "braces.tex": b"{" * MANY + b"\\begin{a}" * 20_000,
    }


def names() -> dict[str, bytes]:
    """Good notes with hard names: they must be found."""
    hard = [
        "two\nlines.md",
        "tab\tbell\a.md",
        "🦢🦢.md",
        "\u202egnp.md",
        "  spaces  .md",
        "per%20cent#hash?.md",
        "quote'\"`$(x).md",
        "-rf.md",
        "n" * 252 + ".md",
        "名" * 84 + ".md",
        "a.b.c.MD",
        "con.md",
    ]
    return {
        name: GOOD.format(name="hard names").encode() for name in hard if os.name != "nt" or name.isalnum()
    }


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = path.parent
    with socket.socket(socket.AF_UNIX) as server:
        old = os.open(".", os.O_RDONLY)
        os.chdir(here)  # a socket's whole path is limited to about 100 bytes
        try:
            server.bind(path.name)
        finally:
            os.fchdir(old)
            os.close(old)


def _locked(path: Path) -> None:
    path.write_text("secret", "utf-8")
    path.chmod(0)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "pipe.md": _fifo,
    "socket.md": _socket,
    "locked.md": _locked,
    "nowhere.md": lambda path: path.symlink_to("not-there.md"),
    "itself.md": lambda path: path.symlink_to(path.name),
    "outside.md": lambda path: path.symlink_to("/etc/passwd"),
    "up": lambda path: path.symlink_to(".."),
}


def corpus(line: int) -> dict[str, dict[str, bytes]]:
    """All files that are bytes, by folder."""
    return {
        "texts": texts(line),
        "nestings": nestings(),
        "front": front_matters(),
        "structures": structures(),
        "names": names(),
        "pdfs": bad_binaries.pdfs(),
        "offices": bad_binaries.offices(),
        "images": bad_binaries.images(),
        "empty": {f"empty{suffix}": b"" for suffix in sorted(loaders.SUFFIXES)},
        "space": {f"space{suffix}": b" \n\t\n" for suffix in sorted(loaders.SUFFIXES)},
    }


def write(folder: Path, line: int) -> int:
    """Write the corpus into ``folder``; returns how many files that are."""
    total = 0
    for name, files in corpus(line).items():
        (folder / name).mkdir(parents=True)
        for file, data in files.items():
            (folder / name / file).write_bytes(data)
        total += len(files)
    if os.name == "posix":
        (folder / "special").mkdir()
        for file, make in SPECIAL.items():
            make(folder / "special" / file)
        total += len(SPECIAL)
    return total
