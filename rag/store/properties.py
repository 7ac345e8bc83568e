"""What one property of a note is called, in either language."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from rag.store.tokens import fold

NAMES: Final = (  # names of one property, and what asks for it
    "author 作者 谁写 写的",
    "director 导演",
    "translator 译者 翻译",
    "rating score 评分 打分 几分",
    "status 状态",
    "reason why 原因 理由 为什么",
    "publisher 出版社",
    "country 国家",
    "genre 类型",
    "birthday 生日",
    "location place 地点",
)
_JOINTS: Final = re.compile(r"[-_.\s]")


def plain(name: str) -> str:
    """A property's name as names are compared: folded, without what joins its words."""
    return _JOINTS.sub("", fold(name))


@cache
def same(name: str) -> frozenset[str]:
    """All plain names of the property that goes by this one."""
    own = plain(name)
    return frozenset({own}.union(*(group.split() for group in NAMES if own in group.split())))
