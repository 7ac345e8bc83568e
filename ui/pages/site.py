"""All pages in one Gradio app. Import it inside ``offline.quiet_import()``: it loads Gradio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from ui.pages import ask, evals, graph, notes, search, settings

if TYPE_CHECKING:
    from rag.engine import Engine
    from ui.paths import Paths
    from ui.watching import Watching

_CONCURRENT = 4  # events answered at a time, over all tabs


def build(engine: Engine, watching: Watching, paths: Paths) -> gr.Blocks:
    """Lay the pages out, each at its path. ``paths`` knows whether only this machine can reach them."""
    with gr.Blocks(title="Footnotes", analytics_enabled=False, fill_width=True) as blocks:
        ask.build(engine, blocks, paths)
    with blocks.route("search", "/search", show_in_navbar=False):
        search.build(engine, blocks)
    with blocks.route("notes", "/notes", show_in_navbar=False):
        notes.build(engine, blocks, watching, is_local=paths.is_local)
    with blocks.route("graph", "/graph", show_in_navbar=False):
        graph.build(engine, blocks)
    with blocks.route("evals", "/evals", show_in_navbar=False):
        evals.build(engine, blocks)
    with blocks.route("settings", "/settings", show_in_navbar=False):
        settings.build(engine, blocks, is_local=paths.is_local)
    blocks.queue(default_concurrency_limit=_CONCURRENT)
    return blocks
