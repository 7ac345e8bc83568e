"""Notes in a prompt, and what a model writes of them: neither may be followed, loaded or opened.

A note is data: whatever in it looks like a tag of the prompt, a turn of a conversation or a token of a chat template is made
to look like what it is, text, and each of its lines is quoted. What a model writes keeps its words and loses what acts:
images, links, HTML, control characters. An address is left only where the question asks for one and the notes that were
read hold it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rag import masking
from rag.answer.cite import plain_markers

if TYPE_CHECKING:
    from collections.abc import Iterable

QUOTE: Final = "> "
"""Begins each line of a note in a prompt."""

# Control characters, marks that turn the direction of text, zero-width characters, invisible tags.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_ESCAPE: Final = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_].*?(?:\x07|\x1b\\\\|$)|.)?", re.DOTALL
)  # of a terminal
_LESS: Final = "[<＜﹤‹〈]"
_ROLES: Final = (
    "notes?|system|user|assistant|human|developer|tool(?:s|_calls?|_response|_result)?|function(?:_calls?)?|instructions?|context"
    "|documents?|think(?:ing)?|s|bos|eos|im_start|im_end|start_of_turn|end_of_turn|inst|sys|prompt|question|answer"
)
_TAG: Final = re.compile(
    rf"{_LESS}(?=\s*/?\s*(?:{_ROLES})\b)|{_LESS}(?=\s*[|｜])|{_LESS}(?=\s*{_LESS}\s*/?\s*SYS\b)",
    re.IGNORECASE,
)
_TEMPLATE: Final = re.compile(r"[|｜](?=\s*[>＞])")
_BRACKET: Final = re.compile(r"\[(/?\s*INST)\s*\]", re.IGNORECASE)

_ELEMENT: Final = re.compile(
    r"</?(?:a|area|audio|base|body|button|details|dialog|div|embed|font|form|frame|head|html|iframe|img|input|link|map|marquee"
    r"|math|meta|object|picture|portal|script|select|source|span|style|svg|table|template|textarea|title|tool_calls?|tool_response|function_calls?|invoke|video)\b[^>]*(?:>|$)",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(
    r"!\[([^\[\]\n]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])|!\[\[[^\[\]\n]*\]\]"
)
_LINK: Final = re.compile(
    r"\[([^\[\]\n]+)\](?:\((?!\s*$)[^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[(?!\^?\d)[^\[\]\n]*\])"
)
_ADDRESS: Final = re.compile(
    r"<?(?:\b[a-z][a-z0-9+.-]{1,20}:/{2,}|\bwww\.|\b(?:javascript|vbscript|data|mailto|file|blob):(?=\S))[^\s<>\"'`，。；、）】》]*>?"
    r"|(?<![\w.@/-])//[\w-]+(?:\.[\w-]+)+[^\s<>\"'`，。；、）】》]*",
    re.IGNORECASE,
)
_NESTED: Final = 20  # so deep links and elements in others are taken out; deeper ones are only defused
_TRAILING: Final = re.compile(r"[.,;:!?)\]]+$")
_ASKS: Final = re.compile(
    r"网址|網址|链接|連結|地址|域名|网站|網站|\burls?\b|\blinks?\b|\baddress|\bweb ?sites?\b|\bweb ?pages?\b|\bdomains?\b|\bhttps?\b",
    re.IGNORECASE,
)


def neutral(text: str) -> str:
    """A note's text as it stands in a prompt, without what a model or its server may take for more than text."""
    text = _UNSEEN.sub("", _ESCAPE.sub("", text))
    text = _TEMPLATE.sub("¦", _TAG.sub("‹", text))
    return plain_markers(_BRACKET.sub(r"(\1)", text))


def quoted(text: str) -> str:
    """Each line as a quotation."""
    return "\n".join(
        f"{QUOTE}{line}".rstrip() for line in re.split("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text)
    )


class Scrubber:
    """Takes out of what a model writes whatever acts; ``removed`` counts links, images and addresses, ``masked`` secrets.

    Args:
        question: may ask for an address or a secret.
        read: the texts that the model was shown.
    """

    def __init__(self, question: str, read: Iterable[str]) -> None:
        self.removed = self.masked = 0
        self._read = "\n".join(read)
        self._may_tell_addresses = _ASKS.search(question) is not None
        self._may_tell_secrets = masking.asks_for_one(question)

    def clean(self, sentence: str) -> str:
        """A sentence without what acts in it."""
        text = _UNSEEN.sub("", _ESCAPE.sub("", sentence.replace("\r\n", "\n")))
        for _ in range(_NESTED):  # what is left may make another
            before = text
            text = self._without(_IMAGE, text, r"\1")
            text = self._without(_LINK, text, r"\1")
            text = self._without(_ELEMENT, text, "")
            if before == text:
                break
        text = _ELEMENT.sub(lambda m: m[0].replace("<", "‹"), text)
        text = _ADDRESS.sub(self._address, text)
        text = text.replace("](", "] (").replace("![", "! [")
        if not self._may_tell_secrets:
            text, masked = masking.mask(text)
            self.masked += masked
        return text

    def _without(self, what: re.Pattern[str], text: str, kept: str) -> str:
        text, count = what.subn(kept, text)
        self.removed += count
        return text

    def _address(self, m: re.Match[str]) -> str:
        bare = _TRAILING.sub("", m[0].strip("<>"))
        rest = m[0].strip("<>")[len(bare) :]
        if self._may_tell_addresses and len(bare) > len("//a.b") and bare in self._read and not _acts(bare):
            return f"`{bare}`{rest}"  # in backticks no reader makes a link of it
        self.removed += 1
        return f"‹…›{rest}"


def _acts(address: str) -> bool:
    return not address.lower().startswith(("http://", "https://", "www."))
