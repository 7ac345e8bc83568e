"""Names that their author has marked as such: works in 《》 or in quotation marks, links, addresses, inline code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from graph.extract.english import is_ordinary
from graph.extract.english import kind as kind_of
from graph.extract.listed import words
from graph.extract.names_en import CALENDAR, FUNCTION, JUNK
from graph.extract.view import MARK
from graph.extract.words_en import is_common
from graph.model import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph.extract.view import View
    from graph.model import EntityKind
    from rag.types import Document, Link

_WORK = re.compile(r"《([^《》\n]{1,40})》")
_QUOTED = re.compile(r"[“\"]([A-Z][^“”\"\n]{3,60})[”\"]")
_MARKUP = " *_`[]~="
_CLOSING = ".,!?;:，。"
_CAPITAL = re.compile(r"[A-Z0-9]")
_DRIVE = re.compile(r"[A-Z]:\w")
_LONGEST_TITLE = 8  # words

_LONGEST_NAME: Final = 40
_SYMBOLS = re.compile(r"^[^\w《]+")
_DATED = re.compile(r"\d{2,4}[-_./年]?\d{0,2}([-_./月]?\d{0,2}日?)?|\d{4}-?W\d+|第?\d+周?", re.IGNORECASE)
_FILE = re.compile(r"\.\w{2,5}$")
_SENTENCE = re.compile(r"[。，！？；：!?;]|\. |, ")
_WORDS_IN_TARGET = 6
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_IN_TARGET = 16

_HOST = re.compile(r"https?://(?:www\.)?([\w.-]+\.[A-Za-z]{2,})(?::\d+)?(?=[/?#]|$)", re.IGNORECASE)
_REPOSITORY = re.compile(
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|gitee\.com|codeberg\.org|bitbucket\.org|huggingface\.co)"
    r"/([\w-]+/[\w.-]+?)(?:\.git)?(?=[/?#]|$)",
    re.IGNORECASE,
)
_HOSTS = frozenset(
    {"github.com", "gitlab.com", "gitee.com", "codeberg.org", "bitbucket.org", "huggingface.co"}
)
_NO_OWNERS = words(
    "topics search features orgs settings marketplace sponsors explore about apps login join user collections datasets "
    "spaces blog docs models pulls issues notifications assets user-attachments"
)
# Where pictures lie, and what shortens addresses: no place that a note tells of.
_NO_DOMAINS = re.compile(
    r"(?:^|\.)(?:img|image|images|pic|pics|static|assets|cdn|file|files|oss|s3|media|res)\d*\."
    r"|githubusercontent|aliyuncs|qiniu|clouddn|imgur|sinaimg|qpic|hdslb|\bt\.c[on]\b|bit\.ly|goo\.gl|localhost|example\.",
    re.IGNORECASE,
)
_BARE = re.compile(r"https?://[^\s<>\"'`（），。；：！？》」\])}|]+", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W_]+")
_LONGEST_LABEL = 4  # words

_IDENTIFIER = re.compile(r"@?[A-Za-z_][\w.]*(?:[/\-][A-Za-z_][\w.]*)*(?<=[A-Za-z0-9])(?:\(\))?$")
_SPECIFIC = re.compile(r"[a-z][A-Z]|[A-Za-z]_[A-Za-z]|\w\.[A-Za-z]|\w[/-]\w")
_LONGEST_CODE = 40
_FILE_NAME = re.compile(
    r"\.(?:md|txt|json|ya?ml|toml|html?|css|jsx?|tsx?|py|rb|java|go|rs|c|h|cpp|sh|sql|xml|png|jpe?g|gif|svg|pdf|log|conf|"
    r"ini|lock|zip|tar|gz|exe|dll|so|vue|php|bat|csv)$",
    re.IGNORECASE,
)
_KEYWORDS = words(
    "true false null none undefined this self super return import export class function const let var int str string bool "
    "boolean float double void async await yield static public private main index test tests src lib bin"
)


def works(view: View) -> Iterator[Mention]:
    """《红楼梦》, and titles between quotation marks."""
    text = view.text
    if "《" in text:
        for m in _WORK.finditer(text):
            yield from _mention(text, m.start(1), m.end(1), "work", 0.9)
    for m in _QUOTED.finditer(text):
        title = m[1].rstrip(_CLOSING)
        if _is_title(title):
            sure = 0.4 if all(is_ordinary(w) for w in title.split()) else 0.6
            yield from _mention(text, m.start(1), m.start(1) + len(title), "work", sure)


def _mention(text: str, start: int, end: int, kind: EntityKind, confidence: float) -> Iterator[Mention]:
    name = text[start:end]
    start += len(name) - len(name.lstrip(_MARKUP))
    name = name.strip(_MARKUP)
    if MARK not in name and any(map(str.isalpha, name)):  # with it, the name stands nowhere in the note
        yield Mention(start, start + len(name), name, kind, "name", confidence)


def _is_title(quote: str) -> bool:
    """Whether each word that counts bears a capital, and one at least is longer than a cry."""
    words = quote.split()
    if (
        not 1 < len(words) <= _LONGEST_TITLE
        or "\\" in quote
        or _DRIVE.match(quote)
        or any(w.lower() in CALENDAR for w in words)
    ):
        return False
    big = [w for w in words if w.lower() not in FUNCTION]
    return len(big) > 1 and all(_CAPITAL.match(w) for w in big) and not quote.isupper()


def links(document: Document, view: View) -> Iterator[Mention]:
    """Where links lead: notes, repositories, domains; and labels that are the names of those."""
    for link in document.links:
        if link.start < view.begin:
            continue
        if link.kind == "wikilink":
            yield from _wikilink(document.text, link)
        elif link.kind == "markdown" and "://" in link.target[:9]:
            yield from _web(document.text, link)
    if "://" in view.addressed:
        for m in _BARE.finditer(view.addressed, view.begin):
            yield from _address(view.addressed, m.start(), m.end())


def _wikilink(text: str, link: Link) -> Iterator[Mention]:
    name = _SYMBOLS.sub("", link.target.rpartition("/")[2].removesuffix(".md")).strip()
    start = text.find(name, link.start, link.end) if is_name(name) else -1
    if start >= 0:
        kind = kind_of(name, name.split()) if name.isascii() else "concept"
        yield Mention(start, start + len(name), name, kind, "link", 0.8)


def is_name(name: str) -> bool:
    """Whether the title of a note may name a thing: neither a date, nor a file, nor a sentence."""
    if (
        not 1 < len(name) <= _LONGEST_NAME
        or _DATED.fullmatch(name)
        or _FILE.search(name)
        or _SENTENCE.search(name)
    ):
        return False
    if name.lower() in JUNK or name.lower() in FUNCTION:
        return False
    return len(name.split()) <= _WORDS_IN_TARGET and len(_HAN.findall(name)) <= _HAN_IN_TARGET


def _web(text: str, link: Link) -> Iterator[Mention]:
    at = text.find(link.target, link.start, link.end)
    if at < 0:
        return
    yield from _address(text, at, at + len(link.target))
    label = link.label.strip(_MARKUP)
    start = text.find(label, link.start, link.end) if label else -1
    if start >= 0 and _is_named_in(label, link.target):
        yield Mention(start, start + len(label), label, _kind_of_label(label), "link", 0.8)


def _is_named_in(label: str, target: str) -> bool:
    """Whether an address spells its label: ``[File Cleaner](https://github.com/monzo/file-cleaner)``."""
    if label.count(" ") >= _LONGEST_LABEL:
        return False
    spelled = "".join(_LETTERS.findall(label)).lower()
    if len(spelled) < 3 or not label.isascii() or "://" in label or "\n" in label:  # noqa: PLR2004 - too short to name
        return False
    if (label.islower() and is_common(label)) or label.lower() in JUNK or spelled.isdigit():
        return False
    repository = _REPOSITORY.match(target)
    host = _HOST.match(target)
    if repository:
        parts = repository[1].split("/")[1:]
    elif host and host[1].lower() not in _HOSTS and not target[host.end() :].strip("/"):
        parts = host[1].split(".")[:-1]
    else:
        return False
    return any(spelled == "".join(_LETTERS.findall(unquote(part))).lower() for part in parts)


def _kind_of_label(label: str) -> EntityKind:
    found = kind_of(label, label.split())
    return "technology" if found in {"concept", "person"} else found


def _address(text: str, start: int, end: int) -> Iterator[Mention]:
    """The repository that an address leads to, else its domain."""
    address = text[start:end]
    repository = _REPOSITORY.match(address)
    if repository:
        if repository[1].split("/")[0].lower() not in _NO_OWNERS:
            at = start + repository.start(1)
            yield Mention(at, at + len(repository[1]), repository[1], "technology", "url", 0.8)
        return
    host = _HOST.match(address)
    if (
        host
        and host[1].lower() not in _HOSTS
        and not _NO_DOMAINS.search(host[1])
        and not host[1][-1].isdigit()
    ):
        at = start + host.start(1)
        yield Mention(at, at + len(host[1]), host[1], "organisation", "url", 0.5)


def code(document: Document, view: View) -> Iterator[Mention]:
    """Identifiers between backticks: ``useEffect``, ``asyncio.gather()``; neither files nor keywords."""
    for start, end in view.code:
        said = document.text[start:end]
        name = said.strip("`").strip()
        if not 2 < len(name) <= _LONGEST_CODE or not _IDENTIFIER.match(name) or _FILE_NAME.search(name):  # noqa: PLR2004 - too short to name
            continue
        low = name.lower().removesuffix("()")
        if low in _KEYWORDS or low in JUNK or low in FUNCTION or is_common(low):
            continue
        at = start + said.index(name)
        sure = 0.5 if _SPECIFIC.search(name) else 0.4
        yield Mention(at, at + len(name), name, "technology", "code", sure)
