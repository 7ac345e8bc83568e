"""What the front matter of a file says, in YAML, TOML or JSON: values by key, and where each key stands.

Values are plain (strings, numbers, booleans, None, lists, mappings); dates stay as they were written, since
they are read in one place (``ingest.dates``).
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 1 << 16
_DEEPEST = 50

_YAML_KEY = re.compile(
    r"""(?m)^("[^"\n]++"|'[^'\n]++'|[^\s#\-?:,\[\]{}&*!|>'"%@`][^:\n]*?|-[^\s:][^:\n]*?)\s*:(?=\s|\Z)"""
)
_TOML_KEY = re.compile(r"""(?m)^(?:\[\[?[ \t]*)?("[^"\n]++"|'[^'\n]++'|[\w-]++)(?=[ \t]*[=.\]])""")
_TOML_NESTING = re.compile(rf"""(?<!["'\w-])(?:["'\w-]++[ \t]*+\.[ \t]*+){{{_DEEPEST}}}""")
_JSON_KEY = re.compile(r'[\s,]*+"((?:[^"\\]|\\.)*+)"\s*+:\s*+')
_BRACKET = re.compile(r"[\[\]{}]")
_INLINE_NESTING = re.compile(r"(?:[-?:][ \t]+){20}")
_SPECIAL = tuple("[]{}&*!|>%@`'\"#,")  # what a plain scalar of YAML does not begin with
_SCALAR = re.compile(r"[ \t]*(\S[^\n]*)")


class Front(NamedTuple):
    """Values by key, the span of each key's lines in the source, and what was wrong."""

    data: dict[str, object]
    entries: list[Entry]
    warning: str = ""


class Entry(NamedTuple):
    """A top-level key with its lines, the nested ones included."""

    key: str
    start: int
    end: int


class NotPropertiesError(ValueError):
    """It is some other text between two fences."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, in C where there is one; leaves dates as they were written.

    ``<<`` is a key like any other: merging what aliases stand for makes a small file take hours.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Nothing is merged."""


# 12:30 is a time, not the number 750.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in {"bool", "null"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}$"), list("-+0123456789")
)


def read(source: str, mark: str) -> Front:
    """Read front matter by its opening mark: ``---``, ``+++`` or ``{``.

    Raises:
        NotPropertiesError: there are no properties in it.
    """
    if mark == "+++":
        return _toml(source)
    return _json(source) if mark == "{" else _yaml(source)


def _yaml(source: str) -> Front:
    """YAML; where it is not valid, each key by itself, so that a tab or a colon costs no more than its own key."""
    entries = list(_entries(source, _YAML_KEY))
    try:
        data = _parsed(source)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        return Front(_singly(source, entries), entries, f"front matter is not valid YAML: {_reason(e)}")
    if data is not None and not isinstance(data, dict):
        raise NotPropertiesError
    return Front({str(key): value for key, value in (data or {}).items()}, entries)


def _parsed(source: str) -> object:
    if _is_deep(_bounded(source)):
        raise _too_deep()
    return yaml.load(source, _Loader)  # noqa: S506 - a safe loader


def _is_deep(source: str) -> bool:
    """Whether its brackets or inline lists nest so deeply that parsing them takes the square of the time."""
    depth = 0
    for m in _BRACKET.finditer(source):
        depth = depth + 1 if m[0] in "[{" else max(0, depth - 1)
        if depth > _DEEPEST:
            return True
    return _INLINE_NESTING.search(source) is not None


def _singly(source: str, entries: list[Entry]) -> dict[str, object]:
    found: dict[str, object] = {}
    if len(source) > _LARGEST:
        return found
    for entry in entries:
        lines = source[entry.start : entry.end].replace("\t", "  ")
        try:
            data = _parsed(lines)
        except (yaml.YAMLError, ValueError, RecursionError):
            value = _SCALAR.fullmatch(lines.partition(":")[2])
            data = {entry.key: value[1].strip()} if value and not value[1].startswith(_SPECIAL) else None
        if isinstance(data, dict):
            found.update((str(key), value) for key, value in data.items())
    return found


def _toml(source: str) -> Front:
    entries = list(_entries(source, _TOML_KEY))
    try:
        if _TOML_NESTING.search(_bounded(source)):
            raise _too_deep()
        data = tomllib.loads(source)
    except (ValueError, RecursionError) as e:
        return Front({}, entries, f"front matter is not valid TOML: {_reason(e)}")
    return Front(data, entries)


def _json(source: str) -> Front:
    """Raises NotPropertiesError for what is not an object: then it is a note that begins with a brace."""
    decode = json.JSONDecoder().raw_decode
    data: dict[str, object] = {}
    entries: list[Entry] = []
    at = 0
    try:
        while len(source) <= _LARGEST and (m := _JSON_KEY.match(source, at)):
            data[m[1]], at = decode(source, m.end())
            start = m.start(1) - 1
            after = at + 1 if source.startswith(",", at) else at
            entries.append(Entry(m[1], start, after))
    except (ValueError, RecursionError):
        raise NotPropertiesError from None
    if not data or source[at:].strip(", \t\n"):
        raise NotPropertiesError
    return Front(data, entries)


def _too_deep() -> ValueError:
    return ValueError(f"it is nested more than {_DEEPEST} levels deep")


def _bounded(source: str) -> str:
    if len(source) > _LARGEST:
        raise ValueError(f"it is longer than {_LARGEST} characters")
    return source


def _entries(source: str, key: re.Pattern[str]) -> Iterator[Entry]:
    found = list(key.finditer(source))
    for i, m in enumerate(found):
        end = found[i + 1].start() if i + 1 < len(found) else len(source)
        yield Entry(m[1].strip("\"'"), m.start(), m.start() + len(source[m.start() : end].rstrip()))


def _reason(error: Exception) -> str:
    """One line, with the place where the parser gave up."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    # +2: marks count from 0, and the opening fence is a line too.
    where = f" (line {mark.line + 2})" if mark else ""
    return " ".join(str(problem).split()) + where
