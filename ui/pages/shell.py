"""What all pages share: header and navigation, words, events, the theme. Import it inside ``offline.quiet_import()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import gradio as gr

from ui import frame, text
from ui.access import visitor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.engine import Engine
    from ui.text import Text

EVENT: Final[dict[str, Any]] = {"show_progress": "hidden", "api_visibility": "private"}


def words_of(engine: Engine, request: gr.Request) -> Text:
    """The words for one request: of the language that is set, or else of the browser's."""
    return text.load(text.choose(engine.settings.language, request.headers.get("accept-language", "")))


def html(elem_id: str, classes: str = "") -> Any:
    """A place for markup of ours."""
    return gr.HTML(elem_id=elem_id, elem_classes=classes, js_on_load=None, apply_default_css=False)


def top(button: str = "") -> tuple[Any, Any]:
    """The bar at the head of a page, and a button at its end, if it is to have one."""
    with gr.Row(elem_id="fn-top"):
        header = html("fn-header")
        made = gr.Button("", elem_id=button, size="sm", scale=0) if button else None
    return header, made


def header_html(engine: Engine, request: gr.Request, words: Text, page: str) -> str:
    """What stands in the bar: the name, the pages, how much is indexed, and for who has logged in the way out."""
    documents = engine.catalogue.counts().indexed
    visitor = visitor_of(request)
    user = visitor.user if visitor.has_cookie else None
    return frame.header_html(documents, len(engine.roots()), engine.settings, words, page, user)


def on_load(blocks: gr.Blocks, handler: Callable[..., Any], outputs: Sequence[Any]) -> None:
    """Call a handler whenever a tab opens the page that is being laid out."""
    blocks.load(handler, None, outputs, **EVENT)


def where(error: BaseException) -> str:
    """Kind and place of an error, without its message: logs hold no note text and no question."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


def theme() -> Any:
    """Gradio's plainest theme with fonts that every system has (a named web font would be fetched) and our colours."""
    sans = ("system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC")
    return gr.themes.Base(
        font=[*sans, "sans-serif"], font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"]
    )
