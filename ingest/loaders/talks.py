"""What exports of chatbots hold: conversations, whatever service they come from.

Understood are ChatGPT's ``conversations.json`` (trees of messages), Claude's (``chat_messages``), and the plain
``messages: [{role, content}]`` of APIs, alone, in a list, or one a line. Exports are others' formats and change:
whatever has another shape than expected is passed over, never an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Role = Literal["user", "model", "aside"]
_Json = dict[str, Any]

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "model", "ai", "bot", "gpt", "chatgpt", "claude"), "model"),
    **dict.fromkeys(("system", "developer", "tool", "function"), "aside"),
}
_SAID = frozenset({"text", "multimodal_text", "audio_transcription", "input_text", "output_text", ""})
_OTHER = "other"
_PRIVATE = re.compile(
    r"\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue2ff]|【\d+(?::\d+)?†[^】\n]*】"
)  # ChatGPT's own marks
_MILLISECONDS = 1e11  # a larger number of seconds would lie beyond the year 5000


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said. An ``aside`` is neither's: a system prompt, a tool's call or its output, a thought.

    ``files`` are names of attached files with their text, where the export holds it.
    """

    role: Role
    text: str
    who: str = ""
    when: datetime | None = None
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation; ``others`` are the messages of versions that its user left behind."""

    title: str
    messages: tuple[Message, ...]
    others: tuple[Message, ...] = ()
    when: datetime | None = None


def talks(data: object) -> list[Talk] | None:
    """The conversations of an export; None where it is something else."""
    if isinstance(data, dict) and isinstance(data.get("conversations"), list):
        data = data["conversations"]
    if not isinstance(data, list):
        data = [data]
    found = [talk for one in data if isinstance(one, dict) and (talk := _talk(one)) is not None]
    if found:
        return found
    messages = tuple(_messages(data))
    return [Talk("", messages)] if messages and len(messages) == len(data) else None


def _talk(data: _Json) -> Talk | None:
    title = _line(data.get("title") or data.get("name"))
    when = _time(data.get("create_time") or data.get("created_at") or data.get("created"))
    if isinstance(data.get("mapping"), dict):
        return _tree(data, title, when)
    for key in ("chat_messages", "messages"):
        said = data.get(key)
        if isinstance(said, list) and all(isinstance(one, dict) and _role(one) for one in said):
            return Talk(title, tuple(_messages(said)), when=when)
    return None


def _tree(data: _Json, title: str, when: datetime | None) -> Talk:
    """ChatGPT keeps every version of a message: the branch shown last is the conversation."""
    nodes: dict[str, _Json] = {key: node for key, node in data["mapping"].items() if isinstance(node, dict)}
    branch = _branch(nodes, data.get("current_node"))
    shown = [nodes[key] for key in branch]
    rest = [nodes[key] for key in _depth_first(nodes) if key not in set(branch)]
    return Talk(title, tuple(_said_by(shown)), tuple(_said_by(rest)), when)


def _branch(nodes: Mapping[str, _Json], leaf: object) -> list[str]:
    """From the root to the leaf; where none is named, along each node's last child."""
    path: dict[str, None] = {}
    key = leaf if isinstance(leaf, str) and leaf in nodes else _last_leaf(nodes)
    while isinstance(key, str) and key in nodes and key not in path:
        path[key] = None
        key = nodes[key].get("parent")
    return list(path)[::-1]


def _last_leaf(nodes: Mapping[str, _Json]) -> str | None:
    key = next((key for key, node in nodes.items() if node.get("parent") not in nodes), None)
    seen: set[str] = set()
    while key is not None:
        seen.add(key)
        below = [child for child in _children(nodes, key) if child not in seen]
        if not below:
            break
        key = below[-1]
    return key


def _depth_first(nodes: Mapping[str, _Json]) -> list[str]:
    """All nodes, each version's messages together; what hangs on nothing comes last."""
    stack = [key for key, node in nodes.items() if node.get("parent") not in nodes][::-1]
    order: dict[str, None] = {}
    while stack:
        key = stack.pop()
        if key not in order:
            order[key] = None
            stack += _children(nodes, key)[::-1]
    return [*order, *(key for key in nodes if key not in order)]


def _children(nodes: Mapping[str, _Json], key: str) -> list[str]:
    below = nodes[key].get("children")
    return [k for k in below if isinstance(k, str) and k in nodes] if isinstance(below, list) else []


def _said_by(nodes: Iterable[_Json]) -> Iterator[Message]:
    yield from _messages(node.get("message") for node in nodes)


def _messages(found: Iterable[object]) -> Iterator[Message]:
    for one in found:
        role = _role(one) if isinstance(one, dict) else None
        if role and isinstance(one, dict):
            yield from _parts(one, role)


def _role(message: _Json) -> Role | None:
    author = message.get("author")
    said = author.get("role") if isinstance(author, dict) else message.get("role") or message.get("sender")
    return _ROLES.get(said.lower()) if isinstance(said, str) else None


def _parts(message: _Json, role: Role) -> Iterator[Message]:
    """What was said aloud as one message, thoughts and tool calls as another."""
    content = message.get("content")
    recipient = message.get("recipient")
    if isinstance(recipient, str) and recipient != "all":  # to a tool
        role = "aside"
    aloud: list[str] = []
    aside: list[str] = []
    blocks = _blocks(content) if content else [("", message.get("text"))]
    for kind, said in blocks:
        (aloud if kind in _SAID else aside).extend(_texts(said))
    if not "".join(aloud).strip():
        aloud += _texts(message.get("text"))
    files = tuple(_files(message))
    who, when = _who(message), _time(message.get("create_time") or message.get("created_at"))
    thought, text = _clean("\n\n".join(aside)), _clean("\n\n".join(aloud))
    if thought:
        yield Message("aside", thought, who, when)
    if text or files:
        yield Message(role, text, who, when, files)


def _blocks(content: object) -> Iterator[tuple[str, object]]:
    """Kind and body of each part of a message: a string, a list of blocks, or ChatGPT's ``{content_type, parts}``."""
    if isinstance(content, dict):
        kind = content.get("content_type")
        for part in content["parts"] if isinstance(content.get("parts"), list) else [content]:
            yield (kind if isinstance(kind, str) else _OTHER), part
    elif isinstance(content, list):
        for block in content:
            kind = block.get("type", "") if isinstance(block, dict) else ""
            given = block.get("input") if kind == "tool_use" else None
            if isinstance(given, dict) and isinstance(given.get("content"), str):
                yield "", given["content"]  # an artifact is the answer itself
            else:
                yield (kind if isinstance(kind, str) else _OTHER), block
    else:
        yield "", content


def _texts(part: object) -> list[str]:
    """The words of a part. A picture or recording has none; what else it says of itself is not for readers."""
    if isinstance(part, str):
        return [part]
    if isinstance(part, list):
        return [text for one in part for text in (_texts(one) if isinstance(one, (str, dict)) else ())]
    if not isinstance(part, dict):
        return []
    given = part.get("input")
    if isinstance(given, dict):  # what a tool was told; of an artifact, what it holds
        return [value for value in given.values() if isinstance(value, str)]
    keys = ("text", "thinking", "result", "content", "user_profile", "user_instructions", "input")
    return [value for key in keys if isinstance(value := part.get(key), str)] or [
        text
        for key in ("content", "thoughts")
        if isinstance(part.get(key), list)
        for text in _inner(part[key])
    ]


def _inner(parts: list[object]) -> Iterator[str]:
    """One level of blocks within a block; no export nests deeper."""
    for part in parts:
        if isinstance(part, dict):
            yield from (value for key in ("text", "content") if isinstance(value := part.get(key), str))


def _files(message: _Json) -> Iterator[tuple[str, str]]:
    metadata = message.get("metadata")
    of_message = metadata.get("attachments") if isinstance(metadata, dict) else None
    for group in (message.get("attachments"), message.get("files"), of_message):
        for one in group if isinstance(group, list) else ():
            if not isinstance(one, dict):
                continue
            name = _line(one.get("file_name") or one.get("name"))
            words = one.get("extracted_content")
            if name or words:
                yield name or "attachment", _clean(words) if isinstance(words, str) else ""


def _who(message: _Json) -> str:
    metadata = message.get("metadata")
    model = metadata.get("model_slug") if isinstance(metadata, dict) else message.get("model")
    return _line(model)


def _time(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, or ISO 8601; in UTC."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _line(value: object) -> str:
    return " ".join(_clean(value).split()) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    return _PRIVATE.sub("", text).strip()
