"""The knowledge graph: what it is made of, its stores, and its retrieval."""
