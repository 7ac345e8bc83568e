"""The knowledge graph (to come): its stores and its retrieval."""
