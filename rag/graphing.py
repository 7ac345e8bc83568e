"""The graph for people: structured questions, what lies near, and where in the notes it is written."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graph import asking, export
from graph.answers import number_of
from graph.local import LocalGraph
from graph.model import Dated, Edge, Found, Neighbour
from graph.walk import folded, is_value, note_id, predicate_key
from rag.errors import GraphError
from rag.graph_names import Names
from rag.graph_places import cite
from rag.related import related
from rag.types import IN_LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from graph.answers import Answers
    from graph.asking import Asked
    from graph.model import GraphStats, Node, Subgraph
    from rag.engine import Engine
    from rag.related import Related
    from rag.types import Citation

Item = Found | Dated | Neighbour | Edge

DEPTH, SHOWN = 2, 40
_SAID = frozenset({"LINKS_TO", "MENTIONS", "RELATED", "ALIAS_OF"})  # what stands at one place of the text
_PLACES = 3
_LISTED = 20
# Properties, and sorts of notes, that mean the same in vaults of either language.
_SAME: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "rating ratings score stars rate myrating myscore 评分 分数 打分 星级 得分 評分 我的评分 我的打分",
        "director directors directedby 导演 導演",
        "author authors writer by 作者",
        "actor actors cast starring 演员 主演",
        "year released 年份 年 上映 出版年",
        "watched seen viewed 看过 观看 观看日期",
        "read finished 读完 读过 阅读日期",
        "status state 状态",
        "country 国家 地区",
        "language lang 语言",
        "genre genres 类型 流派",
        "publisher press 出版社",
        "price cost 价格 价钱",
        "date created 日期 创建 时间",
    )
)
_SORTS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "film films movie movies cinema 电影 影片 片子 影视 観影 观影 電影",
        "book books reading readings 书 书籍 图书 读书 書 书单 阅读 好书",
        "recipe recipes cooking 菜谱 食谱 菜",
        "person people contacts 人 人物",
        "place places travel 地点 地方 旅行",
        "project projects 项目",
        "song songs album albums music 歌 音乐 专辑",
        "series tv show shows 剧 电视剧 剧集",
        "game games 游戏",
        "article articles post posts blog 文章 博客",
        "course courses 课程",
    )
)
_TAGS = frozenset({"tag", "tags", "标签", "標籤"})
_ANYTHING = frozenset({"note", "notes", "笔记", "东西", "things", "thing", "ones", "one"})


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that a question found, and where the notes say it."""

    item: Item
    where: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question about the graph got.

    Attributes:
        asked: the question as it was understood.
        results: at most as many as were asked for.
        more: how many were left out.
        nodes: those that the results' edges join, by id.
        ends: of a path, the two nodes.
        loosely: nothing was exactly so; these come near it.
    """

    asked: Asked
    results: tuple[Result, ...]
    more: int = 0
    nodes: Mapping[str, Node] = field(default_factory=dict)
    ends: tuple[Node, ...] = ()
    loosely: bool = False

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "understood": {key: value for key, value in asdict(self.asked).items() if value},
            "results": [
                asdict(one.item) | {"where": [_as_json(place) for place in one.where]} for one in self.results
            ],
            "more": self.more,
            "nodes": [asdict(self.nodes[key]) for key in sorted(self.nodes)],
            "loosely": self.loosely,
        }


class Graph:
    """The graph of an engine's notes, on the backend that the settings name; with ``none``, the local one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.names = Names(engine.catalogue)

    @cached_property
    def store(self) -> Answers:
        """What answers questions about the graph.

        Raises:
            ConfigError: ``graph.url`` is no address of a Neo4j server.
        """
        if self._engine.settings.graph.backend == "neo4j":
            from graph import push

            return push.open_store(self._engine.catalogue, self._engine.settings)
        return LocalGraph(self._engine.catalogue.database)

    def close(self) -> None:
        """Close the connection to a server, where there is one."""
        opened = self.__dict__.pop("store", None)
        if opened is not None and hasattr(opened, "close"):
            opened.close()

    def stats(self) -> GraphStats:
        """How many nodes and edges of each kind."""
        return self.store.stats()

    def near(self, given: str, depth: int = DEPTH, limit: int = SHOWN) -> Subgraph:
        """What lies around a note, a name, a tag or a day, for a picture.

        Raises:
            GraphError: nothing is called so.
        """
        return self.store.near(self.names.find(given).id, depth, limit)

    def related(self, given: str, *, unlinked: bool = False, limit: int = 10) -> Related:
        """Notes that are near a note in the graph or similar in their text, each with the reason.

        ``unlinked``: only those that are not linked yet, and where other notes say this one's title without a link.

        Raises:
            GraphError: no note is called so.
        """
        note = self.names.note(given)
        return related(self._engine, self.store, note, unlinked=unlinked, limit=limit)

    def export(self, form: str) -> Iterator[str]:
        """The whole graph as text, in pieces: ``graphml``, ``json`` or ``cypher``."""
        return export.FORMATS[form](self.store.nodes(), self.store.edges())

    def ask(self, text: str, limit: int = SHOWN) -> Reply:
        """Answer a structured question; ``graph.asking`` lists its forms.

        Raises:
            GraphError: nothing is called so, or no note has such a property.
        """
        asked = asking.parse(text, self.names.knows)
        answers: dict[str, Callable[[Asked], tuple[Reply, Sequence[Item]]]] = {
            "naming": self._naming,
            "timeline": self._timeline,
            "neighbours": self._neighbours,
            "path": self._path,
            "property": self._property,
        }
        reply, items = answers[asked.form](asked)
        return replace(
            reply,
            results=tuple(Result(item, tuple(self._places(item))) for item in items[:limit]),
            more=max(0, len(items) - limit),
        )

    # The forms of questions

    def _naming(self, asked: Asked) -> tuple[Reply, Sequence[Item]]:
        nodes = [self.names.find(name, note_first=False) for name in asked.names]
        if len(nodes) == 1 and nodes[0].kind not in {"entity", "tag"}:
            return Reply(asked, ()), self.store.neighbours(nodes[0].id, ("note",))
        names = [f"#{node.label}" if node.kind == "tag" else node.label for node in nodes]
        return Reply(replace(asked, names=tuple(names)), ()), self.store.naming(names)

    def _timeline(self, asked: Asked) -> tuple[Reply, Sequence[Item]]:
        node = self.names.find(asked.names[0], note_first=False)
        return Reply(replace(asked, names=(node.label,)), ()), self.store.timeline(node.label)

    def _neighbours(self, asked: Asked) -> tuple[Reply, Sequence[Item]]:
        node = self.names.find(asked.names[0], note_first=False)
        both = {node.id: node, **{one.id: one for one in self._same(node)}}
        found: dict[str, Neighbour] = {}
        for one in (one for key in both for one in self.store.neighbours(key, asked.kinds)):
            if one.node.id in both or is_value(one.node.id):
                continue
            known = found.get(one.node.id)
            found[one.node.id] = one if known is None else _together(known, one)
        told = sorted(found.values(), key=lambda one: (-one.count, one.node.id))
        return Reply(replace(asked, names=(node.label,)), ()), told

    def _same(self, node: Node) -> Iterator[Node]:
        """The note that a name is the title of, where there is one."""
        if node.kind == "entity":
            with contextlib.suppress(GraphError):
                note = self.names.find(node.label)
                if note.kind == "note":
                    yield note

    def _path(self, asked: Asked) -> tuple[Reply, Sequence[Item]]:
        ends = tuple(self.names.find(name) for name in asked.names)
        chain = self.store.path(*(end.id for end in ends))
        joined = {folded(end) for edge in chain for end in (edge.source, edge.target)}
        joined |= {note_id(edge.doc_id) for edge in chain}
        return Reply(asked, (), nodes=self.store.named(joined), ends=ends), chain

    def _property(self, asked: Asked) -> tuple[Reply, Sequence[Item]]:
        if predicate_key(asked.predicate) in _TAGS and asked.operator == "=":
            return self._naming(asking.Asked("naming", (f"#{asked.value.removeprefix('#')}",)))
        predicates = self._predicates(asked.predicate, is_mine=asked.is_mine)
        found = self._having(predicates, asked.operator, asked.value)
        loosely = False
        if not found and asked.operator == "=":
            part = asked.value.casefold()
            values = {v for p in predicates for v in self.names.values(p) if part in v.casefold()}
            found = [one for value in sorted(values) for one in self._having(predicates, "=", value)]
            loosely = bool(found)
        if asked.sort and asked.sort.casefold() not in _ANYTHING:
            of_sort = [one for one in found if self._is_of_sort(one.doc_id, asked.sort)]
            loosely = not of_sort
            found = of_sort or found
        told = replace(asked, predicate=", ".join(dict.fromkeys(predicates)))
        return Reply(told, (), loosely=loosely), found

    def _predicates(self, said: str, *, is_mine: bool) -> list[str]:
        """The vault's own names of a property: as it was said, or another word for it."""
        wanted = _synonyms(said, _SAME)
        known = self.names.predicates()
        found = [name for name in known if predicate_key(name) in wanted]
        mine = [name for name in found if predicate_key(name).startswith(("my", "我"))]
        others = [name for name in found if name not in mine or predicate_key(name) == predicate_key(said)]
        if found:
            return (mine if is_mine else others) or found
        raise GraphError(
            "No note has a property called {name!r}. There are: {known}.",
            name=said,
            known=", ".join(known[:_LISTED]) or "-",
        )

    def _having(self, predicates: Iterable[str], operator: str, value: str) -> list[Found]:
        """Notes by any of some properties, each once, in one order."""
        spelled = {predicate_key(name): name for name in predicates}
        lists = [self.store.having(name, operator, value) for name in spelled.values()]
        if len(lists) == 1:
            return lists[0]
        merged = {one.doc_id: one for found in reversed(lists) for one in found}
        sign = -1 if operator in {">", ">=", "max"} else 1 if operator != "=" else 0
        return sorted(
            merged.values(),
            key=lambda one: (sign * (number_of(one.value) or 0.0) if sign else 0.0, one.doc_id),
        )

    def _is_of_sort(self, doc_id: str, sort: str) -> bool:
        """Whether a note's folders, tags or properties say that it is, say, a film."""
        words = _synonyms(sort, _SORTS) | _synonyms(sort.removesuffix("s"), _SORTS)
        document = self._engine.document(doc_id)
        told = {part.casefold() for part in doc_id.split("/")[:-1]}
        if document is not None:
            told |= {part.casefold() for tag in document.tags for part in tag.split("/")}
            told |= {str(v).casefold() for value in document.meta.values() for v in _each(value)}
        return not words.isdisjoint(told)

    # Where it is written

    def _places(self, item: Item) -> Iterator[Citation]:
        if not _SAID.intersection([item.kind] if isinstance(item, Edge) else getattr(item, "kinds", _SAID)):
            return
        spans = item.places if isinstance(item, Found) else ((item.start, item.end),)
        shown: dict[tuple[int, int], Citation] = {}  # one a line
        for start, end in spans:
            if (start, end) == (0, 0) or len(shown) == _PLACES:
                continue
            if cited := self.cite(item.doc_id, start, end):
                shown.setdefault(cited.lines, cited)
        yield from shown.values()

    def cite(self, doc_id: str, start: int, end: int) -> Citation | None:
        """The line that holds a span, as a citation; None where the document is gone."""
        return cite(self._engine.catalogue, doc_id, start, end)


def _together(one: Neighbour, other: Neighbour) -> Neighbour:
    """The same node beside a name and beside the note that is called so."""
    return replace(one, kinds=tuple(sorted({*one.kinds, *other.kinds})), count=one.count + other.count)


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, tuple) else (value,)


def _synonyms(word: str, groups: Iterable[frozenset[str]]) -> set[str]:
    key = predicate_key(word)
    return {key}.union(*(group for group in groups if key in group))


def _as_json(cited: Citation) -> dict[str, Any]:
    return {
        "path": cited.doc_id,
        "start": cited.start,
        "end": cited.end,
        "line": cited.lines[0] if cited.format in IN_LINES else None,
        "page": cited.page,
        "text": cited.quote,
    }
