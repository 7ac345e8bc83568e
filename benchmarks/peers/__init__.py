"""Footnotes beside the usual pipelines of LlamaIndex and LangChain: same notes, same machine, same embedding model."""
