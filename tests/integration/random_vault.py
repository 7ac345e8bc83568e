"""A folder of notes, or several, with a history: people and programs add, edit, move, spoil and restore files.

Every version of a note holds a word of its own, so that a ghost is known by its word.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = (
    "index.md",
    "计划.md",
    "Trip to Berlin.md",
    "🎈 party.md",
    "Cafe\u0301.md",
    "a/index.md",
    "a/b/long name " + "长" * 60 + ".md",
    "c.txt",
    "a/page.html",
    "table.csv",
    "drawing.xyz",
)
WORDS = (
    "柏林",
    "手表",
    "外公",
    "年糕",
    "厨房",
    "搬家",
    "马拉松",
    "对账",
    "服务器",
    "备份",
    "harbour",
    "kestrel",
    "lantern",
    "marathon",
    "budget",
    "violin",
    "recipe",
    "passport",
    "balcony",
    "invoice",
)
SAYINGS = (  # what makes entities, relations and written aliases
    "Ada Lovelace met Charles Babbage in London.",
    "We moved from PostgreSQL to Qdrant 2; see https://github.com/qdrant/qdrant.",
    "我们在北京大学用向量数据库（vector database），读了《红楼梦》。",
    "王小波住在云南。",
    "The World Health Organization (WHO) wrote, and the WHO agreed.",
    "`parse_config()` is called by Ada Lovelace.",
    "",
)
MARK = "zqx"
_MARKED = re.compile(rb"zqx[bcfhjkmptv]+[zw]")
ENCODINGS = ("utf-8-sig", "gb18030", "utf-16")
RULES = ".footnotesignore"
PATTERNS = ("note 1*.md", "a/", "*.txt", "!note 12.md", "/index.md", "folder ?", "# nothing", "page.html")
State = tuple[int, int, int, int]


def mark(number: int) -> str:
    """A word of its own, of letters that no stemmer and no tokeniser takes apart."""
    return MARK + "".join("bcfhjkmptv"[int(digit)] for digit in str(number)) + "z"


def decoded(data: bytes) -> str:
    """What a file of ours says."""
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read(path: Path) -> str:
    """What a note says, whatever it is encoded in."""
    return decoded(path.read_bytes())


def marks_in(data: bytes) -> set[str]:
    """The words of versions in a file, whatever it is encoded in, and however badly."""
    return {word.decode() for word in _MARKED.findall(data.replace(b"\0", b""))}


@dataclass
class Vault:
    """Folders and their history.

    Attributes:
        count: versions of notes written so far; each has a word of its own.
        log: what was done.
    """

    folders: list[Path]
    rng: random.Random
    count: int = 0
    log: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    older: list[bytes] = field(default_factory=list)

    def files(self) -> list[Path]:
        """All files but rules, in a fixed order."""
        found = (p for folder in self.folders for p in folder.rglob("*") if p.is_file())
        return sorted(p for p in found if p.name != RULES)

    def states(self) -> dict[Path, State]:
        """What a watcher sees: every file, rules too, and which folders there are."""
        infos = [(p, p.stat()) for folder in self.folders for p in sorted(folder.rglob("*"))]
        return {
            p: (0, 0, 0, i.st_ino) if p.is_dir() else (i.st_size, i.st_mtime_ns, i.st_ctime_ns, i.st_ino)
            for p, i in infos
        }

    def text(self) -> str:
        """A note with a word that no other version of any note has."""
        self.count += 1
        rng = self.rng
        title = f"# {rng.choice(WORDS)} {rng.choice(WORDS)}\n\n" if rng.random() < 0.5 else ""
        parts = [
            f"## {rng.choice(WORDS)}\n\n{' '.join(rng.choices(WORDS, k=rng.randrange(1, 120)))} "
            f"{self.link()} {rng.choice(SAYINGS)}\n\n"
            for _ in range(rng.randrange(4))
        ]
        return f"{self.properties()}{title}{mark(self.count)} {rng.choice(WORDS)}\n\n" + "".join(parts)

    def link(self) -> str:
        """To another note, to an alias, to nothing; often none."""
        rng, others = self.rng, self.files()
        kinds = ["", "", f"[[{rng.choice(WORDS)}]]", "[there](../index.md)", "![[drawing.xyz]]"]
        if others:
            kinds += [f"[[{rng.choice(others).stem}]]", f"[x]({rng.choice(others).name.replace(' ', '%20')})"]
        return rng.choice(kinds)

    def properties(self) -> str:
        """Front matter with a name, a day that others may share, tags."""
        rng = self.rng
        lines = [
            f"aliases: [{rng.choice(WORDS)}, {rng.choice(WORDS)}]",
            f"date: 2023-05-0{rng.randrange(1, 4)}",
            f"tags: [{rng.choice(WORDS)}]",
            "title: '" + rng.choice(WORDS) + "'",
            f"director: {rng.choice(('王家卫', 'Agnès Varda', '[[violin]]'))}",
            f"rating: {rng.randrange(1, 6)}",
        ]
        chosen = [line for line in lines if rng.random() < 0.5]
        return "---\n" + "\n".join(chosen) + "\n---\n" if chosen and rng.random() < 0.4 else ""

    def place(self) -> Path:
        """Somewhere a note may be put; a file may be there, and what is in the way is removed."""
        rng = self.rng
        name = rng.choice(NAMES) if rng.random() < 0.4 else f"note {rng.randrange(30)}.md"
        path = rng.choice(self.folders) / name
        for around in reversed(path.parents):
            if around.is_file():
                around.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        return path

    def step(self) -> None:
        """One to three changes."""
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            change = self.rng.choice(CHANGES)
            self.note(change.__name__.lstrip("_"))
            change(self)
            while len(self.files()) < 6:
                _add(self)

    def note(self, what: str) -> None:
        """Remember that it was done."""
        self.log.append(what)
        self.done[what] += 1

    def marks(self) -> dict[Path, set[str]]:
        """The words of versions that stand in each file now."""
        return {p: marks_in(p.read_bytes()) for p in self.files()}

    def living(self) -> set[str]:
        """The words of versions that stand in some file now."""
        return set().union(*self.marks().values())


def _add(vault: Vault) -> None:
    path = vault.place()
    path.write_text(vault.text(), "utf-8")
    vault.older.append(path.read_bytes())


def _edit(vault: Vault) -> None:
    path = vault.rng.choice(vault.files())
    kept = read(path).split("\n\n")
    kept[vault.rng.randrange(len(kept))] = vault.text()
    path.write_text("\n\n".join(kept), "utf-8")


def _edit_in_disguise(vault: Vault) -> None:
    """The same size and the same modification time."""
    path = vault.rng.choice(vault.files())
    before, data = path.stat(), path.read_bytes()
    word = next((w for w in data.split() if w.startswith(MARK.encode())), b"")
    if word:
        path.write_bytes(data.replace(word, word[:-1] + b"w"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _append(vault: Vault) -> None:
    with vault.rng.choice(vault.files()).open("ab") as f:
        f.write(f"\n\n{mark(vault.count)}\n".encode())


def _encode(vault: Vault) -> None:
    path = vault.rng.choice(vault.files())
    path.write_bytes(read(path).encode(vault.rng.choice(ENCODINGS)))


def _spoil(vault: Vault) -> None:
    """No text any more: nothing of it may be found."""
    path = vault.rng.choice(vault.files())
    path.write_bytes(vault.rng.choice((b"", b"\0\1\2\xff" * 50, path.read_bytes()[:-3] + b"\0\xff\xfe")))


def _restore(vault: Vault) -> None:
    """An older version, bytes and all."""
    vault.place().write_bytes(vault.rng.choice(vault.older))


def _rename(vault: Vault) -> None:
    target, source = vault.place(), vault.rng.choice(vault.files())
    source.replace(target)


def _save_atomically(vault: Vault) -> None:
    """As editors do: another file takes its name."""
    path = vault.rng.choice(vault.files())
    between = path.with_name(path.name + ".tmp")
    between.write_text(vault.text(), "utf-8")
    between.replace(path)


def _change_case(vault: Vault) -> None:
    path = vault.rng.choice(vault.files())
    target = path.with_name(path.stem.swapcase() + path.suffix)
    if not target.is_dir():
        path.replace(target)


def _delete(vault: Vault) -> None:
    vault.rng.choice(vault.files()).unlink()


def _touch(vault: Vault) -> None:
    os.utime(vault.rng.choice(vault.files()))


def _set_back(vault: Vault) -> None:
    """A stamp of long ago, or of next year."""
    path, seconds = vault.rng.choice(vault.files()), vault.rng.choice((0, 1_000_000_000, 4_000_000_000))
    os.utime(path, (seconds, seconds))


def _swap(vault: Vault) -> None:
    first, second = vault.rng.sample(vault.files(), 2)
    between = first.with_name("between")
    first.replace(between)
    second.replace(first)
    between.replace(second)


def _copy(vault: Vault) -> None:
    target = vault.place()
    source = vault.rng.choice(vault.files())
    if source != target:
        shutil.copy2(source, target)


def _move_folder(vault: Vault) -> None:
    folders = [p for folder in vault.folders for p in folder.iterdir() if p.is_dir()]
    if folders:
        folder = vault.rng.choice(folders)
        target = vault.rng.choice(vault.folders) / f"folder {vault.rng.randrange(9)}"
        if not target.exists():
            folder.rename(target)


def _file_to_folder(vault: Vault) -> None:
    """A folder takes the name of a note, and has notes."""
    path = vault.rng.choice(vault.files())
    path.unlink()
    path.mkdir()
    (path / "inner.md").write_text(vault.text(), "utf-8")


def _folder_to_file(vault: Vault) -> None:
    folders = [p for folder in vault.folders for p in folder.rglob("*") if p.is_dir()]
    if folders:
        folder = vault.rng.choice(folders)
        shutil.rmtree(folder)
        folder.write_text(vault.text(), "utf-8")


def _rules(vault: Vault) -> None:
    """Rules appear, change, or go."""
    path = vault.rng.choice(vault.files()).parent / RULES
    if path.exists() and vault.rng.random() < 0.6:
        path.unlink()
    else:
        path.write_text("\n".join(vault.rng.sample(PATTERNS, 2)), "utf-8")


CHANGES: tuple[Callable[[Vault], None], ...] = (
    *(_add, _add, _add, _add),
    *(_edit, _edit, _edit_in_disguise, _append, _save_atomically, _restore),
    *(_rename, _rename, _change_case, _delete, _delete),
    *(_touch, _set_back, _swap, _copy, _move_folder),
    *(_encode, _spoil, _file_to_folder, _folder_to_file, _rules),
)


def made(folders: list[Path], seed: int, notes: int) -> Vault:
    """Folders with their first notes."""
    vault = Vault(folders, random.Random(seed))
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for _ in range(notes):
        _add(vault)
    return vault
