"""How the built-in reranker's weights are learnt: ``make train-reranker``."""
