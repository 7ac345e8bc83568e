"""Search: passages as one types. The page's script asks for them; see ``ui.fragments`` and ``search.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr  # noqa: TC002 - Gradio resolves the annotations of handlers

from rag.store import offers
from ui import frame
from ui.pages import shell

if TYPE_CHECKING:
    from rag.engine import Engine


def build(engine: Engine, blocks: gr.Blocks) -> None:
    """Lay the page out in the Blocks around it."""
    header, _ = shell.top()
    body = shell.html("fn-search")

    def opened(request: gr.Request) -> tuple[str, str]:
        words = shell.words_of(engine, request)
        if engine.catalogue.counts().indexed:
            with engine.catalogue.database.reading() as db:
                shown = frame.search_html(offers.of(db), words)
        else:
            shown = frame.unfilled_html(words)
        return shell.header_html(engine, request, words, "search"), shown

    shell.on_load(blocks, opened, [header, body])
