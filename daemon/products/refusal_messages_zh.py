"""Why something cannot be done, as the bot answers it, in Chinese. Templates as in rule_messages_zh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "an incident is closed with a reason": "关闭异常需要写明原因",
    "incident {id} is history: {newest} is the current one of its rule and product":
        "异常 {id} 已成历史，当前的是 {newest}",
    "incident {id} is about {count:number} products by now, not {asked:number}":
        "异常 {id} 现在涉及 {count} 个商品，不是 {asked} 个",
    "an incident that is {state:word} cannot take '{event}'": "异常现在是“{state}”，不能这样做",
    "the end of the silence has passed": "静默的截止时间已过",
    "the end has passed": "截止时间已过",
    "too many wrong codes; wait ten minutes": "错误的绑定码过多，请十分钟后再试",
    "this daemon has no bot": "没有启用机器人",
    "this daemon has no store for a bot": "没有启用机器人",
    "a room names at most {rules:number} rules and {categories:number} categories":
        "一个群最多订阅 {rules} 条规则和 {categories} 个类目",
    "{name} is disabled": "{name} 已停用",
    "this cannot be a name": "不能用作名字",
    "the store is closed": "数据库已关闭",
    "the store cannot be used just now: {error}": "数据库暂时不可用：{error}",
    "the store cannot be used: {error}": "数据库不可用：{error}",
    "the disk is full; nothing of this write was kept": "磁盘已满，这次写入没有保存",
    "something with that id, name or place is in the store already": "已存在相同的编号、名称或位置",
    "there is no product {id}": "没有商品 {id}",
    "there is no incident {id}": "没有异常 {id}",
}  # fmt: skip
