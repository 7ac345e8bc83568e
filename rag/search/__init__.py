"""How passages are found and mixed."""
