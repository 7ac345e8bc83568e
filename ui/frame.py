"""What stands around the answers: header, welcome, hint. Pure functions, safe HTML."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.settings import Settings
    from rag.store.sessions import Session
    from rag.types import Document
    from ui.text import Text

PAGES = {
    "ask": "./",
    "search": "search",
    "notes": "notes",
    "graph": "graph",
    "evals": "evals",
    "settings": "settings",
}
"""The pages and where they are, in the order in which they are offered."""
_FILTERS = (("path", "folders"), ("tag", "tags"), ("type", "types"), ("lang", "languages"))
_EXAMPLES = 3
_LONGEST_TITLE = 32
_DATED = re.compile(r"\d{4}-?(?:\d{2}|W\d{2})\b")
_UNTITLED = re.compile(r"[\w.]+(?:[-_][\w.]+)+|.*[{}<>\[\]|].*")  # a file name, or a template's placeholder
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def header_html(
    documents: int, roots: int, settings: Settings, text: Text, page: str, user: str | None = None
) -> str:
    """Name, pages, how much is indexed, who writes the answers; with ``user``, who has logged in, and the way out."""
    llm = settings.llm
    writer = text("generative", model=escape(llm.model)) if llm.url and llm.model else text("extractive")
    facts = (text.count("documents", documents), text.count("roots", roots), writer) if documents else ()
    return (
        f'<div class="brand" data-lang="{text.language}"><h1>{text("name")}<sup aria-hidden="true">1</sup></h1>'
        f'{_nav(page, text)}<p class="facts">{" · ".join(facts)}</p>{_leave(user, text)}</div>'
    )


def _leave(user: str | None, text: Text) -> str:
    if user is None:
        return ""
    name = f'<span dir="auto">{escape(user)}</span> ' if user else ""
    return f'<p class="user">{name}<button type="button" class="leave">{text("login.out")}</button></p>'


def _nav(page: str, text: Text) -> str:
    """The pages, the one that is shown being marked. Their addresses are relative: a proxy may put us below a path."""
    links = (
        f'<a href="{path}"{" aria-current=page" if name == page else ""}>{text(f"nav.{name}")}</a>'
        for name, path in PAGES.items()
    )
    return f'<nav class="pages" aria-label="{text("nav.label")}">{"".join(links)}</nav>'


def welcome_html(documents: int, examples: Sequence[str], earlier: Sequence[Session], text: Text) -> str:
    """The empty page: what this is and what to ask, or how to add notes where there are none."""
    if not documents:
        return (
            f'<section class="welcome"><h2>{text("empty")}</h2><p>{text("empty_body")}</p>'
            f'<p><a class="go" href="notes">{text("empty_go")}</a></p><p class="fine">{text("empty_terminal")}</p>'
            f'<pre><code>{text("empty_command")}</code></pre><p class="fine">{text("empty_note")}</p></section>'
        )
    buttons = "".join(
        f'<li><button type="button" class="example" dir="auto">{escape(example)}</button></li>'
        for example in examples
    )
    return (
        f'<section class="welcome"><h2>{text("welcome")}</h2><p>{text("welcome_body")}</p>'
        f"<h3>{text('examples')}</h3><ul>{buttons}</ul>{_earlier(earlier, text)}</section>"
    )


def _earlier(sessions: Sequence[Session], text: Text) -> str:
    """Conversations to go on with, the latest first."""
    if not sessions:
        return ""
    items = "".join(
        f'<li><button type="button" class="session" data-session="{escape(one.id)}" dir="auto">{escape(one.name)}'
        f'<span class="when">{escape(one.updated[:10])}</span></button></li>'
        for one in sessions
    )
    return f"<h3>{text('earlier')}</h3><ul>{items}</ul>"


def examples(notes: Sequence[Document], text: Text) -> list[str]:
    """Questions about titles of the reader's own notes, one a folder, those in the reader's language first."""
    chinese = text.language == "zh"
    by_folder: dict[str, str] = {}
    for note in sorted(notes, key=lambda note: bool(_CHINESE.search(note.title)) != chinese):
        title = note.title.strip()
        if 1 < len(title) <= _LONGEST_TITLE and not _DATED.match(title) and not _UNTITLED.fullmatch(title):
            by_folder.setdefault(note.id.rpartition("/")[0], title)
    made = [text("example.about", title=title) for title in islice(by_folder.values(), _EXAMPLES)]
    return made + text.choices("example.plain")[: _EXAMPLES - len(made)]


def hint_html(text: Text) -> str:
    """The keys, in one line; another line while a question waits."""
    return (
        f'<p class="keys">{text("hint")}</p><p class="keys waits" role="status">{text("next_question")}</p>'
    )


# --- search ------------------------------------------------------------------------------------------------------


def search_html(offers: Mapping[str, Sequence[str]], text: Text) -> str:
    """The box, the filters that can be chosen, and what to type where nothing is typed yet.

    Args:
        offers: ``folders``, ``tags`` and ``types`` of the notes, as filters name them.
        text: the words around them.
    """
    tries = "".join(
        f'<li><button type="button" class="try">{escape(example)}</button><span>{meaning}</span></li>'
        for example, meaning in zip(text.choices("search.try"), text.choices("search.means"), strict=True)
    )
    return (
        f'<input id="fn-query" type="search" autocomplete="off" spellcheck="false" dir="auto" '
        f'aria-label="{text("search.label")}" placeholder="{text("search.placeholder")}">'
        f"{filters_html(offers, '#fn-query', text)}"
        f'<section id="fn-teach" class="welcome"><p>{text("search.teach")}</p><ul>{tries}</ul></section>'
        f'<div id="fn-results" aria-live="polite" data-away="{text("search.away")}"></div>'
    )


def filters_html(offers: Mapping[str, Sequence[str]], box: str, text: Text) -> str:
    """The filters that can be chosen, folded; ``box``: a selector of what they are typed into."""
    choices = {**offers, "languages": ("zh", "en")}
    selects = "".join(_select(key, choices[name], text) for key, name in _FILTERS if choices[name])
    days = "".join(
        f'<label>{text(f"filter.{key}")}<input type="date" data-key="{key}"></label>'
        for key in ("after", "before")
    )
    return (
        f'<details class="filters" data-for="{box}"><summary>{text("search.filters")}</summary>'
        f"<div>{selects}{days}</div></details>"
    )


def _select(key: str, values: Sequence[str], text: Text) -> str:
    options = "".join(
        f'<option value="{escape(value)}">{escape(text(f"language.{value}") if key == "lang" else value)}</option>'
        for value in values
    )
    return f'<label>{text(f"filter.{key}")}<select data-key="{key}"><option value="">{text("any")}</option>{options}</select></label>'


def unfilled_html(text: Text) -> str:
    """A page that needs notes, where there are none."""
    return (
        f'<section class="welcome"><h2>{text("empty")}</h2><p>{text("empty_body")}</p>'
        f'<p><a class="go" href="notes">{text("empty_go")}</a></p></section>'
    )


# --- notes -------------------------------------------------------------------------------------------------------


def notes_html(text: Text, *, is_local: bool, is_watching: bool, has_inbox: bool, trouble: str) -> str:
    """The notes page without its parts, which its script asks for.

    Args:
        text: the words.
        is_local: folders may be added here.
        is_watching: changes are seen.
        has_inbox: files may be uploaded.
        trouble: what is wrong with the settings, if anything.
    """
    add = (
        f'<p class="adding"><input data-part="path" type="text" autocomplete="off" spellcheck="false" '
        f'aria-label="{text("folders.path")}" placeholder="{text("folders.path")}">'
        f'<button type="button" class="add">{text("folders.add")}</button></p>'
        if is_local
        else f'<p class="fine">{text("folders.elsewhere")}</p>'
    )
    upload = (
        f'<label class="upload">{text("folders.upload")}<input data-part="upload" type="file" multiple></label>'
        if has_inbox
        else ""
    )
    watch = (
        f'<label class="watch"><input data-part="watch" type="checkbox"{" checked" if is_watching else ""}> '
        f"{text('folders.watch')}</label>"
        if is_local
        else ""
    )
    return (
        f'<h2>{text("folders.title")}</h2><div data-part="folders"></div>{add}'
        f'<p class="do"><button type="button" class="act" data-act="sync">{text("folders.sync_all")}</button>{watch}{upload}</p>'
        f'<p data-part="trouble" class="bad" role="alert" data-away="{text("search.away")}">{escape(trouble)}</p>'
        f'<div data-part="job" aria-live="polite"></div>'
        f'<h2>{text("files.title")}</h2><input data-part="query" type="search" autocomplete="off" spellcheck="false" '
        f'aria-label="{text("files.find")}" placeholder="{text("files.find")}"><div data-part="files"></div>'
    )


# --- settings ----------------------------------------------------------------------------------------------------


def settings_html(text: Text, *, is_local: bool) -> str:
    """The settings page without its choices, which its script asks for; the theme is the browser's own affair."""
    themes = "".join(
        f'<label><input type="radio" name="theme" value="{name}"> {text(f"theme.{name}")}</label>'
        for name in ("system", "light", "dark")
    )
    note = "" if is_local else f'<p class="fine">{text("settings.elsewhere")}</p>'
    return (
        f'<section><h2>{text("theme.title")}</h2><p class="themes" role="radiogroup" aria-label="{text("theme.title")}">{themes}</p></section>'
        f'{note}<p data-part="trouble" class="bad" role="alert" data-away="{text("search.away")}"></p>'
        f'<div data-part="choices"></div><p class="fine">{text("settings.keys")}</p>'
    )
