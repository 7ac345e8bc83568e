"""From folders of notes to the catalogue."""
