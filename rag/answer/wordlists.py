"""Words that the check of answers knows, one string each, parted by spaces."""

from __future__ import annotations

from typing import Final

NUMBERS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
"""English numbers from 0."""

ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
"""English ordinals from 1."""

NOT_NAMES: Final = (
    "i i'm i've i'd i'll january february march april may june july august september october november "
    "december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday "
    "saturday sunday mon tue wed thu fri sat sun am pm ok yes no english chinese mr mrs ms dr"
)
"""Capitalised English words that are no names, folded."""

OPENERS: Final = (
    "about above according across after again against all almost also although among and another any "
    "around because before behind below beside besides between both but by despite during each earlier "
    "either even every everyone everything few finally first for from had has have having hence her here "
    "his how however if in indeed instead it its just last later less like many maybe meanwhile more "
    "moreover most much neither next nobody none nor not nothing now of often on once one only other "
    "others our out outside over overall perhaps several she since so some someone something sometimes "
    "soon still such than that the their them then there therefore these they this those though through "
    "thus to today together tomorrow too total under unless until upon usually was we were what whatever "
    "when whenever where whether which while who whoever whole whose why will with within without yes "
    "yesterday yet you your two three four five six seven eight nine ten eleven twelve half"
)
"""What an English sentence may begin with that is no name, folded."""

LABELS: Final = (
    "时间 时候 时刻 日子 日期 当天 当时 期间 地点 地方 地址 位置 路线 方向 原因 理由 结果 "
    "成绩 得分 分数 情况 状态 过程 内容 部分 方面 方式 方法 办法 费用 价格 价钱 总价 金额 "
    "数量 数目 数字 总数 人数 名字 名称 中文名 英文名 标题 题目 问题 答案 事情 事件 东西 "
    "物品 建议 意见 想法 看法 说法 作用 目的 目标 计划 要求 条件 关系 特点 类型 种类 对象 "
    "作者 用户 笔记 记录 资料 信息 文章 用时"
)
"""Chinese nouns that say of what kind a thing is that is told beside them."""
