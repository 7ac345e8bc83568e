"""By what names a document can be linked to, and how a link spells one.

Names are paths: parts with case, spaces, dashes and note suffixes folded away. The key of a name is its last
part; of a folder's page (``index.md``) it is the folder.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.types import Document, MetaValue

PATH, FOLDER, STEM, ALIAS, PERMALINK, TITLE = "pfsaut"
"""Kinds of names: the file's path; its folder's, of a folder's page; without a suffix that is not a note's; given."""
HERE = "/"
"""The key of a link to a folder as such: ``../`` or ``/``."""

FOLDER_PAGES = frozenset({HERE, "index", "-index", "readme"})
"""What a folder's own page is called, folded."""

_NOTE_SUFFIX = re.compile(r"(?<=.)\.(?:md|markdown|mdx|mdown|html?)$", re.IGNORECASE)
_OTHER_SUFFIX = re.compile(r"(?<=.)\.[a-z][a-z0-9]{1,7}$")
_SPACES = re.compile(r"[\s_-]+")
_DATED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})-(.+)")
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_WEB = re.compile(r"[a-z][a-z0-9+.-]+:|//", re.IGNORECASE)
_WEB_IN_WIKI = re.compile(r"[a-z][a-z0-9+.-]+://|mailto:", re.IGNORECASE)
_JOPLIN = re.compile(r":/([0-9a-f]{32})")
_OBSIDIAN = re.compile(r"obsidian://open/?\?(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"https?://[^/]*+", re.IGNORECASE)
_ALIASES = frozenset({"aliases", "alias", "redirectfrom", "redirects"})
_PERMALINKS = frozenset({"permalink", "slug", "url", "abbrlink", "id"})

Parts = tuple[str, ...]


class Spelled(NamedTuple):
    """A link's target: folded parts after ``ups`` steps up, or from the root.

    ``relative``: it begins with ``./`` or ``../``, so that it says where it starts; ``is_file``: it names a note's
    file with its suffix.
    """

    parts: Parts
    ups: int
    absolute: bool
    written: str
    relative: bool = False
    is_file: bool = False


class Name(NamedTuple):
    """What a document is called; ``whole`` is the folded path, joined by slashes."""

    key: str
    kind: str
    whole: str


def spelled(target: str, kind: str) -> Spelled | None:
    """How a link spells its target; None: it leads out of the notes, or is empty."""
    wiki = kind == "wikilink"
    if joplin := _JOPLIN.fullmatch(target):
        return Spelled((joplin[1],), 0, absolute=False, written=joplin[1])
    if uri := _OBSIDIAN.fullmatch(target):
        target = next(iter(parse_qs(uri[1]).get("file", ())), "")
    elif (_WEB_IN_WIKI if wiki else _WEB).match(target):
        return None
    path = _path(target, wiki=wiki)
    if not path:
        return None
    parts: list[str] = []
    ups = 0
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
            else:
                ups += 1
        elif part not in {"", "."}:
            parts.append(part)
    written = "/".join(parts)
    relative = path.startswith(("./", "../"))
    return Spelled(
        folded(written), ups, path.startswith("/"), written, relative, without_suffix(written) != written
    )


def _path(target: str, *, wiki: bool) -> str:
    path = target if wiki else target.partition("?")[0]
    if "%" in path:
        with contextlib.suppress(UnicodeDecodeError):
            path = unquote(path, errors="strict")
    return unicodedata.normalize("NFC", path.replace("\\", "/")).strip()


@lru_cache(maxsize=1 << 14)
def folded(path: str) -> Parts:
    """The parts of a path as they are compared; the suffix of a note is dropped."""
    *folders, name = path.split("/")
    return tuple(filter(None, (*map(_folded, folders), _folded(_NOTE_SUFFIX.sub("", name)))))


def without_suffix(path: str) -> str:
    """A path without the suffix of a note."""
    return _NOTE_SUFFIX.sub("", path)


def is_folder_page(parts: Parts) -> bool:
    """Whether a name says only "the page of some folder"."""
    return not parts or (len(parts) == 1 and parts[0] in FOLDER_PAGES)


def _folded(part: str) -> str:
    return _SPACES.sub("-", unicodedata.normalize("NFC", part).strip().casefold())


def key(parts: Parts) -> str:
    """What a name is kept and looked up by."""
    if not parts:
        return HERE
    return parts[-2] if parts[-1] in FOLDER_PAGES and len(parts) > 1 else parts[-1]


def names_of(document: Document) -> set[Name]:
    """Every name of a document."""
    relative = document.id.partition("/")[2]
    parts = folded(relative)
    if not parts:
        return set()
    found = {*_path_names(relative, parts)}
    for name, values in document.meta.items():
        plain = name.lower().replace("_", "").replace("-", "")
        if plain in _ALIASES or plain in _PERMALINKS:
            found.update(_given(values, ALIAS if plain in _ALIASES else PERMALINK))
    found.update(_dated_names(document, _own(parts)))
    title = folded(document.title)
    if title and title != _own(parts):
        found.add(_name(TITLE, title))
    return found


def _own(parts: Parts) -> Parts:
    """What a file or a bundle is called, without its folders."""
    return parts[-2:-1] if parts[-1] in FOLDER_PAGES and len(parts) > 1 else parts[-1:]


def _name(kind: str, parts: Parts) -> Name:
    return Name(key(parts), kind, "/".join(parts))


def _path_names(relative: str, parts: Parts) -> Iterator[Name]:
    whole = "/".join(parts)
    yield _name(PATH, parts)
    if parts[-1] in FOLDER_PAGES:
        yield Name(parts[-1], PATH, whole)  # ./index.md says no folder
        yield Name(HERE, FOLDER, "/".join(parts[:-1]))
        if len(parts) > 1:
            yield _name(FOLDER, parts[:-1])
    stem = _OTHER_SUFFIX.sub("", parts[-1])
    if stem != parts[-1] and "." in relative:
        yield _name(STEM, (*parts[:-1], stem))
    if "___" in relative or "%2f" in relative.lower():  # Logseq's slashes
        yield _name(ALIAS, folded(re.sub("___|%2f", "/", relative.rpartition("/")[2], flags=re.IGNORECASE)))


def _given(values: MetaValue, kind: str) -> Iterator[Name]:
    """Aliases and permalinks; an alias that is a path is an old permalink."""
    for value in values if isinstance(values, tuple) else (values,):
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not text or (kind == PERMALINK and ":" in _HOST.sub("", text)):
            continue  # /:year/:title/ is a template
        of_kind = PERMALINK if text.startswith("/") or _HOST.match(text) else kind
        parts = folded(unquote(_HOST.sub("", text)) if of_kind == PERMALINK else text)
        if parts:
            yield _name(of_kind, parts)


def _dated_names(document: Document, own: Parts) -> Iterator[Name]:
    """``/2022/06/18/title/``, as Jekyll and Hexo make it of a dated file name, or of date and name."""
    in_name = _DATED.fullmatch(own[0])
    day = in_name or _DAY.match(str(document.meta.get("date", "")))
    slug = document.meta.get("slug")
    named = folded(str(slug)) if slug else (in_name[4],) if in_name else own
    if day and named:
        year, month, date = day[1], day[2], day[3]
        yield _name(PERMALINK, (year, month.zfill(2), date.zfill(2), *named))
