"""Graph: what lies around a note, a name or a tag. The page's script asks for it; see ``ui.graph_routes`` and ``graph.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr  # noqa: TC002 - Gradio resolves the annotations of handlers

from ui import graph_html
from ui.pages import shell

if TYPE_CHECKING:
    from rag.engine import Engine


def build(engine: Engine, blocks: gr.Blocks) -> None:
    """Lay the page out in the Blocks around it."""
    header, _ = shell.top()
    body = shell.html("fn-graph")

    def opened(request: gr.Request) -> tuple[str, str]:
        words = shell.words_of(engine, request)
        documents = engine.catalogue.counts().indexed
        shown = graph_html.page_html(engine.settings.graph.backend, documents, words)
        return shell.header_html(engine, request, words, "graph"), shown

    shell.on_load(blocks, opened, [header, body])
