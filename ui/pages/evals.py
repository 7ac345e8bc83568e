"""Evals: how well one's own questions are answered. The page's script asks for the parts; see ``ui.evals_routes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr  # noqa: TC002 - Gradio resolves the annotations of handlers

from ui import evals_html, frame
from ui.pages import shell

if TYPE_CHECKING:
    from rag.engine import Engine


def build(engine: Engine, blocks: gr.Blocks) -> None:
    """Lay the page out in the Blocks around it."""
    header, _ = shell.top()
    body = shell.html("fn-evals")

    def opened(request: gr.Request) -> tuple[str, str]:
        words = shell.words_of(engine, request)
        indexed = engine.catalogue.counts().indexed
        shown = evals_html.frame_html(words) if indexed else frame.unfilled_html(words)
        return shell.header_html(engine, request, words, "evals"), shown

    shell.on_load(blocks, opened, [header, body])
