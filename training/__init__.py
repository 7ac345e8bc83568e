"""How the built-in embedding model is made. Not packaged: `make train-model` runs it."""
