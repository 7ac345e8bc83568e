"""LaTeX sources: what comes before the document is layout, comments are comments, commands stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.loaders.blocks import blanked
from ingest.loaders.markup import Marked, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.loaders.source import Source
    from rag.types import Document

_LEVELS = {"part": 0, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_BEGIN, _END = "\\begin{document}", "\\end{document}"
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*+(%[^\n]*)")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted|comment|Verbatim)\*?\}")
_COMMAND = re.compile(
    r"\\(title|date|author|keywords|part|chapter|(?:sub){0,2}section|paragraph)\*?\s*(?:\[[^\[\]\n]{0,300}\])?\s*\{"
)
_PICTURE = re.compile(r"\\includegraphics\s*(?:\[[^\[\]]{0,500}\])?\s*\{([^{}\n]{1,500})\}")
_INPUT = re.compile(r"\\(?:input|include|subfile)\s*\{([^{}\n]{1,500})\}")
_HREF = re.compile(r"\\href\s*\{([^{}\n]{1,1000})\}\s*\{")
_SILENT = re.compile(
    r"\\(?:label|bibliography|bibliographystyle|pagestyle|thispagestyle|vspace|hspace|addbibresource)\*?\{[^{}\n]{0,300}\}|\\(?:maketitle|tableofcontents|newpage|clearpage|centering|noindent|listoffigures|listoftables)\b"
)
_STYLE = re.compile(r"\\(?:textbf|textit|emph|texttt|textsc|text|mbox|underline)\s*\{([^{}]*)\}")
_OTHER = re.compile(r"\\(?:thanks|footnote|label|protect|today)\b(?:\{[^{}]*\})?|\\\\|~|\\(?=[&%$#_{}])|[{}]")
_BRACE = re.compile(r"(?<!\\)[{}]")
_LONGEST = 500


def load(source: Source) -> Document:
    """Read a LaTeX file.

    Raises:
        LoadError: the bytes are not text.
    """
    return document(source, _read)


def _read(found: Marked) -> None:
    view = blanked(found.text, _verbatim(found))
    comments = [m.span(1) for m in _COMMENT.finditer(view)]
    for start, end in comments:
        found.mask(start, end, "comment")
    view = blanked(view, comments)
    begin, stop = _body(view)
    found.mask(0, begin, "layout")
    found.mask(stop, len(view), "layout")
    top = 1 if "\\chapter" in view else 2
    for m in _COMMAND.finditer(view):
        said = _argument(view, m.end())
        if m[1] not in _LEVELS:
            _property(found, m[1], _plain(said))
        elif begin <= m.start() < stop:
            found.section(m.start(), _plain(said), max(1, _LEVELS[m[1]] - top + 1))
    _references(found, view)


def _body(view: str) -> tuple[int, int]:
    """Where the document begins and ends; a chapter of its own is all body."""
    begin = view.find(_BEGIN)
    stop = view.find(_END, max(0, begin))
    return (begin + len(_BEGIN) if begin >= 0 else 0), (stop if stop >= 0 else len(view))


def _verbatim(found: Marked) -> Iterator[tuple[int, int]]:
    at = 0
    for m in _VERBATIM.finditer(found.text):
        if m.start() < at:
            continue
        close = f"\\end{{{m[1]}"
        at = found.text.find(close, m.end())
        if at < 0:  # never closed: nothing after it is either
            return
        yield m.end(), at
        if m[1] == "comment":
            found.mask(m.start(), at + len(close) + 1, "comment")


def _argument(view: str, start: int) -> str:
    """What stands up to the closing brace; braces within count."""
    depth = 1
    for m in _BRACE.finditer(view, start, min(len(view), start + _LONGEST)):
        depth += 1 if m[0] == "{" else -1
        if not depth:
            return view[start : m.start()]
    return view[start : start + _LONGEST].partition("\n")[0]


def _plain(said: str) -> str:
    return " ".join(_OTHER.sub(" ", _STYLE.sub(r"\1", _STYLE.sub(r"\1", said))).split())


def _property(found: Marked, name: str, said: str) -> None:
    if name == "title":
        found.title = found.title or said
    elif said:
        found.meta.setdefault(name, said)


def _references(found: Marked, view: str) -> None:
    for m in _PICTURE.finditer(view):
        found.link(m.start(), m.end(), m[1], kind="embed")
        found.mask(m.start(), m.end())
    for m in _INPUT.finditer(view):
        target = m[1] if "." in m[1].rpartition("/")[2] else f"{m[1]}.tex"
        found.link(m.start(), m.end(), target)
    for m in _HREF.finditer(view):
        label = _argument(view, m.end())
        found.link(m.start(), m.end() + len(label) + 1, m[1], label)
        found.mask(m.start(), m.end())
        found.mask(m.end() + len(label), m.end() + len(label) + 1)
    for m in _SILENT.finditer(view):
        found.mask(m.start(), m.end())
