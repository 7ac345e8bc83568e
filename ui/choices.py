"""The settings page: what can be chosen, as HTML. Pure functions; values are escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag import choosing
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.config import LoadedSettings
    from rag.models.finding import Local
    from rag.models.listing import Entry
    from ui.text import Text

Kind = Literal["text", "number", "yes", "list", "one"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting that the page offers.

    Attributes:
        options: of kind ``one``.
        later: it is used after a restart.
    """

    key: str
    kind: Kind = "text"
    options: tuple[str, ...] = ()
    later: bool = False


GROUPS: Mapping[str, tuple[Choice, ...]] = {
    "llm": (
        Choice("llm.kind", "one", ("openai", "ollama")),
        Choice("llm.url"),
        Choice("llm.model"),
        Choice("llm.context_tokens", "number"),
        Choice("llm.never_send", "list"),
    ),
    "search": (
        Choice("search.understand", "yes"),
        Choice("search.expand", "yes"),
        Choice("search.per_note", "number"),
        Choice("rerank.backend", "one", ("builtin", "cross-encoder", "remote", "none")),
        Choice("rerank.model"),
        Choice("rerank.url"),
    ),
    "index": (
        Choice("embedding.model", later=True),
        Choice("graph.backend", "one", ("local", "neo4j", "none"), later=True),
    ),
    "page": (
        Choice("language", "one", ("auto", "zh", "en")),
        Choice("ui.keep", "yes"),
        Choice("ui.inbox"),
    ),
}
KNOWN: Mapping[str, Choice] = {choice.key: choice for group in GROUPS.values() for choice in group}


def read(choice: Choice, written: str) -> object:
    """What was typed, as a settings file has it; None: nothing was typed, so the choice is taken back."""
    written = written.strip()
    if not written:
        return None
    if choice.kind == "yes":
        return written == "true"
    if choice.kind == "list":
        return [line.strip() for line in written.split("\n") if line.strip()]
    if choice.kind == "number" and written.isdecimal():
        return int(written)
    return written


def choices_html(loaded: LoadedSettings, text: Text, *, may_change: bool) -> str:
    """All groups, each setting with its value and where that comes from."""
    rows = {key: (value, origin) for key, value, origin in loaded.rows()}
    return "".join(
        f'<section><h2>{text(f"settings.{name}")}</h2><p class="fine">{text(f"settings.{name}_about")}</p>'
        + "".join(_choice(choice, *rows[choice.key], text, may_change=may_change) for choice in group)
        + (_tests(text) if name == "llm" and may_change else "")
        + "</section>"
        for name, group in GROUPS.items()
    )


def _choice(choice: Choice, value: object, origin: str, text: Text, *, may_change: bool) -> str:
    fixed = not may_change or choosing.is_fixed(origin)
    off = " disabled" if fixed else ""
    said = "" if origin == "default" else text("settings.from", origin=escape(origin))
    back = (
        f'<button type="button" class="back" data-key="{choice.key}">{text("settings.back")}</button>'
        if not fixed and origin.endswith("settings.yaml")
        else ""
    )
    later = f" <em>{text('settings.later')}</em>" if choice.later else ""
    return (
        f'<div class="choice"><label for="set-{choice.key}">{text(f"choice.{choice.key}")}{later}</label>'
        f"{_control(choice, value, off, text)}"
        f'<p class="fine"><code>{choice.key}</code> {said} {back}</p></div>'
    )


def _control(choice: Choice, value: object, off: str, text: Text) -> str:
    name = f'id="set-{choice.key}" data-key="{choice.key}"{off}'
    if choice.kind in {"one", "yes"}:
        options = choice.options or ("true", "false")
        now = str(value).lower() if choice.kind == "yes" else str(value or "")
        shown = "".join(
            f'<option value="{option}"{" selected" if option == now else ""}>{_option(choice, option, text)}</option>'
            for option in (options if now else ("", *options))
        )
        return f"<select {name}>{shown}</select>"
    if choice.kind == "list":
        lines = "\n".join(map(str, value)) if isinstance(value, tuple) else ""
        return f'<textarea {name} rows="2" spellcheck="false">{escape(lines)}</textarea>'
    shown = "" if value is None else escape(str(value))
    kind = ' inputmode="numeric"' if choice.kind == "number" else ""
    return f'<input type="text" {name} value="{shown}"{kind} autocomplete="off" spellcheck="false">'


def _option(choice: Choice, option: str, text: Text) -> str:
    if choice.kind == "yes":
        return text("yes" if option == "true" else "no")
    return text(f"option.{choice.key}.{option}") if choice.key == "language" else option


def _tests(text: Text) -> str:
    return (
        f'<p class="do"><button type="button" class="test">{text("settings.test")}</button>'
        f'<button type="button" class="find">{text("settings.find")}</button></p><div data-part="tested" aria-live="polite"></div>'
    )


def tested_html(entry: Entry, text: Text) -> str:
    """Whether the language model's server answers, and what it serves."""
    line = text(f"model.{entry.state.replace(' ', '_')}", name=escape(entry.name), place=escape(entry.place))
    good = " good" if entry.state == "reachable" else ""
    return f'<p class="said{good}" role="status">{line}</p>{_served(entry.serves)}'


def found_html(found: Sequence[Local], text: Text) -> str:
    """Programs on this machine that serve models, each model with a button that sets it."""
    if not found:
        return f'<p class="said" role="status">{text("settings.found_none")}</p>'
    return "".join(
        f'<p class="said" role="status"><b>{escape(one.program)}</b> {escape(one.url)}</p>'
        f"{_served(one.serves, one.url, one.kind)}"
        for one in found
    )


def _served(names: Sequence[str], url: str = "", kind: str = "") -> str:
    server = f' data-url="{escape(url)}" data-kind="{kind}"' if url else ""
    items = "".join(
        f'<li><button type="button" class="use" data-model="{escape(name)}"{server}>{escape(name)}</button></li>'
        for name in names
    )
    return f'<ul class="serves">{items}</ul>' if items else ""
