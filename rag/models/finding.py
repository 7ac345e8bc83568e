"""Programs on this machine that serve language models: known loopback ports are asked, only when the user asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal

from rag.errors import FootnotesError
from rag.models.listing import models_of
from rag.models.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS: Final[Mapping[int, str]] = {
    11434: "Ollama",
    1234: "LM Studio",
    8080: "llama.cpp",
    8000: "vLLM",
    1337: "Jan",
    4891: "GPT4All",
    5001: "KoboldCpp",
    5000: "text-generation-webui",
}
"""Where each listens unless it is told otherwise."""
_PATIENCE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Local:
    """A server that answers.

    Attributes:
        program: what usually listens on its port.
        url: as ``llm.url`` takes it.
        kind: as ``llm.kind`` takes it.
        serves: which models it lists; empty where it wants a key.
    """

    program: str
    url: str
    kind: Literal["openai", "ollama"]
    serves: tuple[str, ...]


def local_servers(ports: Mapping[int, str] = PORTS) -> list[Local]:
    """The servers that answer on the ports, in their order; nothing beyond 127.0.0.1 is asked, and no key is sent."""
    with ThreadPoolExecutor(len(ports) or 1) as pool:
        found = pool.map(lambda item: _asked(*item), ports.items())
        return [one for one in found if one]


def _asked(port: int, program: str) -> Local | None:
    url = f"http://127.0.0.1:{port}"
    kinds: tuple[Literal["openai", "ollama"], ...] = (
        ("ollama", "openai") if program == "Ollama" else ("openai",)
    )
    for kind in kinds:
        try:
            status, serves = models_of(Server("llm", url, "", kind, _PATIENCE_S, None))
        except FootnotesError:
            return None
        refused = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        if serves or refused:
            return Local(program, url, kind, serves)
    return None
