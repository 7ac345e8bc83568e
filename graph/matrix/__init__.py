"""The graph as a sparse matrix: an index derived from the catalogue, which retrieval walks."""
