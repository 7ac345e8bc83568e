"""A Markdown note as a page, with a passage marked in it. Pure functions.

Nothing of a note becomes markup by itself: its HTML is text, its links lead to the web or nowhere, its pictures are
those of the index or their alternative text, and what comes out is sanitised once more.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline  # noqa: TC002 - the annotation of a rule
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from rag.answer.cite import display
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.types import Document

    Span = tuple[int, int]

_REACH = 30_000  # characters rendered before and after the passage
_LONGEST_MATH = 2000
_WIKILINK = re.compile(r"!?\[\[(?P<target>[^\[\]|#\n]*)[^\[\]\n]*\]\]")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_TEXTS = frozenset({"text", "code_inline", "math_inline", "math_inline_double"})
_BLOCKS = frozenset({"fence", "code_block", "front_matter", "math_block"})
_MATHML = frozenset(
    {
        *("math", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace"),
        *("msqrt", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"),
    }
)
_TAGS = _MATHML | frozenset(
    {
        *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "hr", "img", "li", "mark", "ol", "p", "pre", "s", "span", "strong"),
        *("table", "tbody", "td", "th", "thead", "tr", "ul"),
    }
)
_PICTURE = "source/image?"
_ATTRIBUTES = {
    "a": {"href", "target"},
    "img": {"src", "alt", "loading"},
    "math": {"display"},
    "mo": {"stretchy"},
    "ol": {"start"},
}
_CLASSES = {"code": {"math"}, "pre": {"meta"}, "span": {"link", "picture"}}


class _Piece(NamedTuple):
    """Some text that a reader sees: a token of an inline one, or a block of code."""

    tokens: list[Token]
    token: Token


def note_html(document: Document, passage: Span) -> str:
    """The note, or what lies around the passage in a long one, as HTML that is safe to show.

    Args:
        document: of the format ``markdown``.
        passage: what is marked: characters of its text; where it cannot be told apart, the blocks that it stands in.
    """
    start, end = _window(document.text, passage)
    whole = document.text[start:end]
    lines = (
        document.text.count("\n", start, passage[0]),
        document.text.count("\n", start, max(passage[0], passage[1] - 1)) + 1,
    )
    pictures = {unquote(link.target): link.resolved for link in document.links if link.resolved}
    environment = {"pictures": pictures}
    tokens = _parser().parse(whole, environment)
    _mark(tokens, document.text[slice(*passage)], lines)
    return _clean(_parser().renderer.render(tokens, _parser().options, environment))


def _window(text: str, passage: Span) -> Span:
    """The passage and some characters on each side, up to the next blank lines."""
    start = text.rfind("\n\n", 0, max(0, passage[0] - _REACH))
    end = text.find("\n\n", passage[1] + _REACH)
    return (0 if start < 0 else start + 2), (len(text) if end < 0 else end)


# --- the passage -------------------------------------------------------------------------------------------------


def _mark(tokens: Sequence[Token], passage: str, lines: Span) -> None:
    """Mark a passage in the blocks of some lines."""
    wanted = _letters("".join(piece.token.content for piece in _pieces(_parser().parse(passage, {}))))
    pieces = list(_pieces(tokens, lines))
    seen = _letters("".join(piece.token.content for piece in pieces))
    at = seen.find(wanted) if wanted else -1
    first, last = (at, at + len(wanted)) if at >= 0 else (0, len(seen))
    for piece in reversed(pieces):  # from the end: a piece is replaced by several
        seen = seen[: len(seen) - len(_letters(piece.token.content))]
        begin = max(first - len(seen), 0)
        stop = min(last - len(seen), len(_letters(piece.token.content)))
        if begin < stop:
            _mark_piece(
                piece, _offset(piece.token.content, begin), _offset(piece.token.content, stop - 1) + 1
            )


def _pieces(tokens: Sequence[Token], lines: Span | None = None) -> Iterator[_Piece]:
    for token in tokens:
        if lines and not (token.map and token.map[0] < lines[1] and token.map[1] > lines[0]):
            continue
        if token.type in _BLOCKS:
            yield _Piece([], token)
        children = token.children or []
        yield from (_Piece(children, child) for child in children if child.type in _TEXTS)


def _letters(text: str) -> str:
    """Text without what Markdown changes: white space, and signs that stand alone where a passage begins between two."""
    return "".join(c for c in text if not _is_changed(c))


def _is_changed(character: str) -> bool:
    return character.isspace() or character in "*_~`"


def _offset(text: str, letter: int) -> int:
    """Where in a text its n-th letter stands, from 0."""
    return [i for i, c in enumerate(text) if not _is_changed(c)][letter]


def _mark_piece(piece: _Piece, start: int, end: int) -> None:
    tokens, token = piece
    if not tokens:
        token.meta = {**token.meta, "marked": (start, end)}
        return
    at = next(i for i, one in enumerate(tokens) if one is token)
    if token.type != "text":  # code and formulas are marked whole
        start, end = 0, len(token.content)
    inner = Token(token.type, token.tag, 0, content=token.content[start:end], markup=token.markup)
    before, after = (
        Token("text", "", 0, content=part) for part in (token.content[:start], token.content[end:])
    )
    tokens[at : at + 1] = [
        before,
        Token("mark_open", "mark", 1),
        inner,
        Token("mark_close", "mark", -1),
        after,
    ]


# --- markup ------------------------------------------------------------------------------------------------------


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    md.use(front_matter_plugin).use(
        dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True
    )
    md.inline.ruler.before("link", "wikilink", _wikilink)
    md.add_render_rule("wikilink", _link_html)
    md.add_render_rule("image", _image_html)
    md.add_render_rule("link_open", _link_open_html)
    md.add_render_rule("link_close", lambda *_: "</a>")
    for kind in ("fence", "code_block", "front_matter"):
        md.add_render_rule(kind, _code_html)
    for kind in ("math_inline", "math_inline_double", "math_block"):
        md.add_render_rule(kind, _math_html)
    return md


def _wikilink(state: StateInline, silent: bool) -> bool:
    r"""``[[note|label]]`` and ``![[picture]]``."""
    match = _WIKILINK.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        shows = match[0].startswith("!")
        token = state.push("image" if shows else "wikilink", "", 0)
        token.content = display(match[0].removeprefix("!"))
        token.attrs = {"src": match["target"].removesuffix("\\").strip()} if shows else {}
    state.pos = match.end()
    return True


def _link_html(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return f'<span class="link">{escape(tokens[index].content)}</span>'


def _link_open_html(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    target = str(tokens[index].attrs.get("href", ""))
    return f'<a href="{escape(target)}" target="_blank">' if _WEB.match(target) else "<a>"


def _image_html(
    _self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Mapping[str, Any], *_: Any
) -> str:
    """A picture of the index; of any other only its alternative text, and an address of the web to click on."""
    target, label = str(tokens[index].attrs.get("src", "")), escape(tokens[index].content)
    found = env.get("pictures", {}).get(unquote(target))
    if found:
        return f'<img src="{_PICTURE}{escape(urlencode({"id": found}, quote_via=quote))}" alt="{label}" loading="lazy">'
    if _WEB.match(target):
        return f'<a href="{escape(target)}" target="_blank">{label or escape(target)}</a>'
    return f'<span class="picture">{label or escape(unquote(target))}</span>'


def _code_html(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    kind = ' class="meta"' if token.type == "front_matter" else ""
    return f"<pre{kind}><code>{_marked(token)}</code></pre>"


def _math_html(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """A formula as MathML, which browsers draw by themselves; as its source where it cannot be read."""
    token = tokens[index]
    formula = _mathml(token.content, "inline" if token.type == "math_inline" else "block")
    if formula is None:
        return f'<code class="math">{_marked(token)}</code>'
    return f"<mark>{formula}</mark>" if token.meta.get("marked") else formula


def _mathml(source: str, shown: str) -> str | None:
    if len(source) > _LONGEST_MATH:
        return None
    try:
        return str(convert(source, display=shown))
    except Exception:  # noqa: BLE001 - a note's formula may be anything, and the converter raises as much
        return None


def _marked(token: Token) -> str:
    start, end = token.meta.get("marked", (0, 0))
    if start == end:
        return escape(token.content)
    before, inner, after = token.content[:start], token.content[start:end], token.content[end:]
    return f"{escape(before)}<mark>{escape(inner)}</mark>{escape(after)}"


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https"},
        attribute_filter=_only_ours,
        link_rel="noopener noreferrer nofollow",
    )


def _only_ours(tag: str, attribute: str, value: str) -> str | None:
    """Pictures come from the index and nowhere else; links do not lead into the page itself."""
    if (tag, attribute) == ("img", "src") and not value.startswith(_PICTURE):
        return None
    if (tag, attribute) == ("a", "href") and not _WEB.match(value):
        return None
    return value
