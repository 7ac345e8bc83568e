"""The browser UI: one page at ``/``, served on loopback only. ``ui.server`` starts it."""
