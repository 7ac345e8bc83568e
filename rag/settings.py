"""Every setting, with its default: the one place that says what can be chosen."""

from __future__ import annotations

import codecs
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

NEVER_READ = (".*", "node_modules/", "_site/", "public/", "__pycache__/")
"""What stands before the patterns of ``sync.exclude``: hidden files, and what tools leave behind."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class SyncSettings(_Section):
    """What is read from a notes folder."""

    include: tuple[str, ...] = Field(
        default=(), description="only these files are read (gitignore patterns); none: all"
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        description="more files and folders that are not read (gitignore patterns, `!` takes one back); never read "
        f"are {' '.join(NEVER_READ)}; see also .footnotesignore",
    )
    encodings: dict[str, str] = Field(
        default_factory=dict,
        description="encoding of files by gitignore pattern, as {old/: gb18030}; default: detected",
    )

    @property
    def never_read(self) -> tuple[str, ...]:
        """All patterns of what is not read, in order: the last that matches decides."""
        return (*NEVER_READ, *self.exclude)

    @field_validator("encodings")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value.values():
            try:
                codecs.lookup(name)
            except LookupError as e:
                raise ValueError(f"there is no encoding {name!r}") from e
        return value

    max_file_mb: float = Field(default=50.0, gt=0, description="larger files are skipped (megabytes)")
    file_timeout_s: float = Field(
        default=60.0, gt=0, description="a file that takes longer to read is given up"
    )
    file_memory_mb: int = Field(
        default=1000,
        ge=200,
        description="a file that needs more memory to read is given up (megabytes; Linux)",
    )
    workers: int | None = Field(
        default=None, ge=0, description="processes that read files; default: one a core, at most 8; 0: none"
    )
    poll: bool | None = Field(
        default=None,
        description="watch by comparing file lists, for network drives and mounts; default: where it must be",
    )
    lock_wait_s: float = Field(
        default=30.0, gt=0, description="how long to wait for another process that is writing"
    )
    batch: int = Field(
        default=64, ge=1, description="documents committed together, while the write lock is held"
    )


class ChunkSettings(_Section):
    """How notes are cut into passages."""

    size: int = Field(default=400, ge=50, le=4000, description="upper size of a passage, in estimated tokens")


class DatesSettings(_Section):
    """Which dates a note has."""

    keys: tuple[str, ...] = Field(
        default=(),
        description="further front-matter keys that hold a note's date, besides date, created, ...",
    )
    git: bool = Field(
        default=False,
        description="ask git for the first and last commit of notes without a date of their own",
    )


class OCRSettings(_Section):
    """Text in images and on scanned pages (extra: ocr)."""

    enabled: bool = Field(default=True, description="read it, where the extra is installed")


class ImagesSettings(_Section):
    """Images of the web that notes show. Nothing is fetched unless `footnotes images fetch` is run."""

    hosts: tuple[str, ...] = Field(
        default=(), description="hosts that images may be fetched from, as i.imgur.com or *.sinaimg.cn"
    )
    max_mb: float = Field(default=20.0, gt=0, description="larger images are not fetched (megabytes)")
    timeout_s: float = Field(default=20.0, gt=0, description="seconds to wait for an image")


class CaptionSettings(_Section):
    """A vision model that describes images. Off without ``url`` and ``model``."""

    url: str | None = Field(
        default=None,
        description="base URL of an OpenAI-compatible server, for example http://127.0.0.1:11434",
    )
    model: str | None = Field(default=None, description="name of the model on that server")
    api_key: SecretStr | None = Field(
        default=None, description="from the environment: FOOTNOTES_CAPTION__API_KEY; or from the keyring"
    )
    timeout_s: float = Field(
        default=45.0, gt=0, description="seconds to wait for that server; below sync.file_timeout_s"
    )
    language: Literal["auto", "zh", "en"] = Field(default="auto", description="language of the descriptions")


class EmbeddingSettings(_Section):
    """The dense side: which model turns texts into vectors. Without one, search is lexical only."""

    model: str | None = Field(
        default="builtin",
        description="builtin; a sentence-transformers folder or hub id (extra: models); a name on `url`; none",
    )
    url: str | None = Field(
        default=None, description="base URL of an embeddings server, for example http://127.0.0.1:11434"
    )
    kind: Literal["openai", "ollama"] = Field(default="openai", description="that server's protocol")
    api_key: SecretStr | None = Field(
        default=None, description="from the environment: FOOTNOTES_EMBEDDING__API_KEY; or from the keyring"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for that server")
    query_prompt: str | None = Field(
        default=None, description="put before a question; default: the model's own"
    )
    passage_prompt: str | None = Field(
        default=None, description="put before a passage; default: the model's own"
    )
    dimension: int | None = Field(
        default=None, ge=8, description="keep only the first numbers of a vector (Matryoshka models)"
    )
    max_length: int | None = Field(default=None, ge=16, description="tokens of a text that are read")
    batch_size: int = Field(default=32, ge=1, description="passages embedded together")
    device: str | None = Field(default=None, description="cpu, cuda, mps; default: the best there is")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        default="float32", description="numbers that the model computes with"
    )
    backend: Literal["torch", "onnx", "openvino"] = Field(
        default="torch", description="what sentence-transformers runs the model with"
    )


class GraphSettings(_Section):
    """The knowledge graph, made of what the notes say: links, tags, dates, names."""

    backend: Literal["local", "neo4j", "none"] = Field(
        default="local",
        description="where retrieval follows it: in the catalogue, on a Neo4j server (extra: graph), or not at all",
    )
    weight: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the graph in the mix where it helps; default: measured; 0: only shown, not searched",
    )
    url: str = Field(
        default="bolt://127.0.0.1:7687",
        description="the Neo4j server: bolt:// or neo4j://, with +s for TLS, +ssc for a certificate of your own",
    )
    user: str = Field(default="neo4j", description="its user")
    password: SecretStr | None = Field(
        default=None, description="from the environment: FOOTNOTES_GRAPH__PASSWORD; or from the keyring"
    )
    database: str = Field(default="neo4j", description="its database")
    timeout_s: float = Field(default=10.0, gt=0, description="seconds to wait for that server")


class RerankSettings(_Section):
    """What orders the best passages anew."""

    backend: Literal["builtin", "cross-encoder", "remote", "none"] | None = Field(
        default=None,
        description="builtin; cross-encoder: `model` from sentence-transformers (extra: models); remote: a server at "
        "`url`; none; default: remote where `url` is set, else builtin",
    )
    url: str | None = Field(
        default=None, description="base URL of a server with /rerank, for example http://127.0.0.1:8080"
    )
    model: str | None = Field(
        default=None, description="name of the model on that server; or a cross-encoder's folder or hub id"
    )
    kind: Literal["cohere", "tei"] = Field(
        default="cohere", description="cohere: llama.cpp, vLLM, Infinity; tei: text-embeddings-inference"
    )
    api_key: SecretStr | None = Field(
        default=None, description="from the environment: FOOTNOTES_RERANK__API_KEY; or from the keyring"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for that server")
    time_budget_s: float = Field(
        default=10.0, gt=0, description="seconds that a cross-encoder may read; then passages stay as found"
    )
    candidates: int = Field(default=30, ge=1, description="passages that it reads")
    batch_size: int = Field(default=16, ge=1, description="passages that a cross-encoder reads together")
    max_length: int | None = Field(
        default=512, ge=16, description="tokens of question and passage that a cross-encoder reads"
    )
    device: str | None = Field(default=None, description="cpu, cuda, mps; default: the best there is")

    @property
    def chosen(self) -> Literal["builtin", "cross-encoder", "remote", "none"]:
        """The backend; an address alone means its server."""
        return self.backend or ("remote" if self.url else "builtin")


class SearchSettings(_Section):
    """How passages are found and mixed."""

    candidates: int = Field(default=100, ge=10, description="passages taken from each source")
    dense_weight: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the dense side in the mix; default: measured, for the built-in model and for others",
    )
    understand: bool = Field(
        default=True,
        description="obey filters (tag:x), times (last month) and lists in questions; else words only",
    )
    per_note: int = Field(
        default=4, ge=1, description="passages of one note that may stand before other notes'"
    )
    gathered: int = Field(
        default=40, ge=1, description="passages that the answer to a list question is made of"
    )
    expand: bool = Field(
        default=True,
        description="look for a weak question's words as the notes say them, too: mistyped ones, and synonyms in Chinese and English",
    )
    plan: bool = Field(
        default=False,
        description="let the language model split a question into parts that are searched too (needs llm.url)",
    )


class LLMSettings(_Section):
    """A language model that writes answers. Off without ``url`` and ``model``."""

    url: str | None = Field(default=None, description="base URL, for example http://127.0.0.1:11434")
    model: str | None = Field(default=None, description="name of the model on that server")
    kind: Literal["openai", "ollama"] = Field(default="openai", description="the server's protocol")
    api_key: SecretStr | None = Field(
        default=None, description="from the environment: FOOTNOTES_LLM__API_KEY; or from the keyring"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for the server")
    context_tokens: int = Field(default=8192, ge=512, description="the model's context window, in tokens")
    inference_model: str | None = Field(
        default=None,
        description="a cross-encoder of natural language inference that reads what a model wrote against its footnotes, "
        "too: a folder or hub id (extra: models)",
    )
    never_send: tuple[str, ...] = Field(
        default=(),
        description="notes that never enter a prompt for a server beyond this machine: gitignore patterns, or "
        "tag:NAME; notes with `private: true` never do",
    )


class PathsSettings(_Section):
    """Where the files lie for somebody who sits at another machine than the server, or outside of its container."""

    map: dict[str, str] = Field(
        default_factory=dict,
        description="where the server's folders lie for the reader, as {/notes: /home/me/notes}: for links to editors",
    )


class UISettings(_Section):
    """The browser UI."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=7865, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    watch: bool = Field(default=True, description="sync when a note changes while the UI runs")
    keep: bool = Field(default=True, description="keep the page's conversations, to be gone on with")
    inbox: str | None = Field(
        default=None, description="folder for files that are uploaded, in a registered folder; default: none"
    )
    max_upload_mb: int = Field(default=50, ge=1, description="larger files are not uploaded (megabytes)")


class ServeSettings(_Section):
    """The server behind the page: who may ask it, and how much."""

    token: SecretStr | None = Field(
        default=None,
        description="what programs and the page's login must say; only from the environment: FOOTNOTES_TOKEN",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="further names that the server answers to, as notes.example.org; needs a login",
    )
    users: tuple[str, ...] = Field(
        default=(),
        description="who may log in; each needs a password (`footnotes users add NAME`); default: all who have one",
    )
    proxies: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"),
        description="addresses or networks of reverse proxies, which are believed who asks, from where, and by https",
    )
    proxy_header: str | None = Field(
        default=None,
        description="the header in which these proxies name the user who has logged in there, as X-Forwarded-User",
    )
    requests_per_minute: int = Field(
        default=600, ge=0, description="requests of one address to the API and MCP; 0: no limit"
    )
    max_body_kb: int = Field(default=1024, ge=1, description="larger requests are refused (kilobytes)")
    concurrent: int = Field(
        default=8, ge=1, description="requests to the API and MCP that are worked on at a time; others wait"
    )


class Settings(_Section):
    """All settings. The YAML file and ``FOOTNOTES_SECTION__KEY`` variables override the defaults."""

    language: Literal["auto", "zh", "en"] = Field(default="auto", description="language of messages")
    sync: SyncSettings = SyncSettings()
    chunk: ChunkSettings = ChunkSettings()
    dates: DatesSettings = DatesSettings()
    ocr: OCRSettings = OCRSettings()
    images: ImagesSettings = ImagesSettings()
    caption: CaptionSettings = CaptionSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    search: SearchSettings = SearchSettings()
    graph: GraphSettings = GraphSettings()
    rerank: RerankSettings = RerankSettings()
    llm: LLMSettings = LLMSettings()
    paths: PathsSettings = PathsSettings()
    ui: UISettings = UISettings()
    serve: ServeSettings = ServeSettings()
