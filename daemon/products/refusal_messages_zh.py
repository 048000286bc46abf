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
    "there is no remedy {id}": "没有处理 {id}",
    "there is no silence {id}": "没有静默 {id}",
    "there is no principal {name}": "没有人员 {name}",
    "there is no principal named {name}": "没有名为 {name} 的人员",
    "there is a principal named {name} already": "已有名为 {name} 的人员",
    "there is no such code": "没有这个绑定码",
    "there is no {what:word} {id}": "没有 {what} {id}",
    "this code is not good: unknown, used up or expired": "绑定码无效：不存在、已用过或已过期",
    "this contact was unbound meanwhile": "该联系人刚刚被解除绑定",
    "the contact {id} is not bound": "联系人 {id} 没有绑定",
    "the end of the silence, {time}, has passed": "静默的截止时间 {time} 已过",
    "a silence that matches everything is refused": "不能静默全部异常",
    "{field:field} cannot be that": "{field}不能是这个值",
    "a correction names fields of the product": "改正须写明商品的字段",
    "one of {ids} was changed meanwhile": "{ids} 中有一个刚刚被改动",
    "product {id} was changed meanwhile: revision {revision:number}": "商品 {id} 刚刚被改动，现为第 {revision} 版",
    "product {id} is at revision {revision:number}, not {seen:number}: read it again":
        "商品 {id} 已是第 {revision} 版，不是第 {seen} 版，请重新查看",
    "product {id} is {status:word}, no longer {after:word}: there is nothing to undo":
        "商品 {id} 现在是“{status}”，不再是“{after}”，没有可撤销的处理",
    "remedy {id} is {state:word}, only an applied one can be undone": "处理 {id} 现在是“{state}”，只有已生效的才能撤销",
    "incident {id} is being decided just now": "异常 {id} 正由别人决定",
    "incident {id} asks for no decision: it is a {state:word} {kind:word} incident":
        "异常 {id} 不需要决定：它是“{state}”的“{kind}”异常",
    "entry {id} is {state:word}, not queued": "通知 {id} 现在是“{state}”，不在等待",
    "one record twice in one batch": "一批写入中同一条记录出现两次",
    "a value is larger than the store takes": "有一个值超出数据库的上限",
    "{path}: no room: {error}": "{path} 没有空间：{error}",
}  # fmt: skip
