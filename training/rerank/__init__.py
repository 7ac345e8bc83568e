"""How the built-in reranker's weights are learnt: ``python -m training.rerank DATA`` (``make train-reranker``)."""
