"""Everything between a question and its answer."""
