"""One tree of exceptions; the command line prints each as one line.

::

    FootnotesError
    ├── ConfigError          a setting is unknown or has a wrong value
    ├── RootError            a notes folder is missing, nested, unknown or suspiciously empty
    ├── HomeError            the home cannot be used: newer format, not writable
    │   └── BusyError        another process holds the write lock
    ├── LoadError            one file cannot be read; the run goes on
    │   └── NotOursError        it holds something else than notes; it is skipped
    ├── IndexDamagedError    a derived index does not match its manifest; it is rebuilt
    ├── ModelError           an embedding model cannot be loaded or does not fit the index
    │   └── ExtraMissingError   an optional dependency is not installed
    ├── GraphError           the graph, or the server that it lies on, cannot be asked; answers go on without it
    ├── QuestionError        a filter in a question cannot be read
    ├── SessionError         there is no such conversation
    ├── LLMError             a language model's server failed; the extractive answer stands
    └── EvalError            an evaluation set cannot be read

A message is a template plus its values, so that it can be shown in the reader's language:
``raise RootError("{path} is not a folder. Name a folder that exists.", path=path)``.
"""

from __future__ import annotations


class FootnotesError(Exception):
    """Base of all errors that Footnotes raises on purpose.

    ``template`` is English, with ``str.format`` fields; it says the value and the remedy.
    """

    def __init__(self, template: str, **values: object) -> None:
        self.template = template
        self.values = values
        super().__init__(template.format(**values))


class ConfigError(FootnotesError):
    """A setting is unknown or has a wrong value."""


class RootError(FootnotesError):
    """A notes folder is missing, nested in another, unknown, or has lost most of its files."""


class HomeError(FootnotesError):
    """The home folder cannot be used."""


class BusyError(HomeError):
    """Another process has held the write lock for too long."""


class LoadError(FootnotesError):
    """One file cannot be read. It is listed as failed; everything else goes on."""


class NotOursError(LoadError):
    """One file holds something else than its suffix lets hope. It is listed as skipped."""


class IndexDamagedError(FootnotesError):
    """A derived index does not match its manifest; it is rebuilt from the catalogue."""


class ModelError(FootnotesError):
    """A model cannot be loaded, or does not fit the index."""


class ExtraMissingError(ModelError):
    """An optional dependency is not installed; the message names the extra."""


class GraphError(FootnotesError):
    """The graph, or the server that it lies on, cannot be asked."""


class QuestionError(FootnotesError):
    """A filter that was typed into a question cannot be read, or leaves nothing to search."""


class SessionError(FootnotesError):
    """There is no such conversation."""


class UserError(FootnotesError):
    """There is no such user, or the name or password cannot be one."""


class LLMError(FootnotesError):
    """A language model's server failed."""


class EvalError(FootnotesError):
    """An evaluation set cannot be read."""
