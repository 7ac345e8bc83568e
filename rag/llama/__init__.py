"""The only package that imports LlamaIndex, and only where it is used."""
