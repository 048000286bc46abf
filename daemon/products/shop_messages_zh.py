"""Why a product cannot be changed in the shop's own database, in Chinese. Templates as in rule_messages_zh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Messages that hold another message.
FRAMES: Final[Mapping[str, str]] = {
    "{field:field} cannot be changed in the shop: {said:message}": "无法在店铺中修改{field}：{said}",
}

MESSAGES: Final[Mapping[str, str]] = {
    "not asked yet": "尚未连接",
    '"{source}" is the shop itself, whose products are not imported; name another source':
        "“{source}”是店铺本身，其商品不能导入，请换一个来源名称",
    "{field:field} cannot be changed so in the shop: its document would say nothing":
        "无法在店铺中这样修改{field}：文档会变成空值",
    "{field:field} cannot be changed so in the shop: its document would say {shown}":
        "无法在店铺中这样修改{field}：文档会变成 {shown}",
    "there is no product {id} any more": "商品 {id} 已不存在",
    "product {id} was changed meanwhile": "商品 {id} 刚刚被改动",
    "product {id} is just being changed by {actor}": "商品 {id} 正由 {actor} 修改",
    "the change of product {id} by {actor} was withdrawn": "{actor} 对商品 {id} 的修改已撤回",
    "product {id} has no document": "商品 {id} 没有文档",
    "it is not known whether product {id} was changed": "商品 {id} 是否已修改尚不清楚",
    "it is not known yet whether product {id} was changed": "商品 {id} 是否已修改尚不清楚",
    'no path; give it one in [mongodb.map], "{field:field}"': "没有对应的路径，请在 [mongodb.map] 中为“{field}”指定",
    "variants are changed in the shop itself": "规格只能在店铺后台修改",
    "it refers to another document, which is chosen in the shop itself": "它指向另一份文档，只能在店铺后台选择",
    "what stands there is not one value: {text}": "现有内容不是单个值：{text}",
    "what stands there is more than one value": "现有内容不止一个值",
    'it stands under the key "{path}", dots and all, which cannot be updated safely':
        "它在带点的键“{path}”之下，无法安全修改",
    "{text} is no status": "{text} 不是状态",
    "no field in the document says it; name the one that hides a product in [mongodb.map]":
        "文档中没有表示状态的字段，请在 [mongodb.map] 中指定用来隐藏商品的字段",
    '"{path}" is an object; give the path inside it in [mongodb.map]':
        "“{path}”是对象，请在 [mongodb.map] 中写明其内部路径",
    "no place for it: {paths} lead into other values": "没有可写的位置：{paths} 已被其他值占用",
    'two changes of "{path}" at once': "同时两次修改“{path}”",
    "{value} is no amount that can be written": "{value} 不是可写入的数值",
    "{value} cannot be written so that it is read again instead of {standing}":
        "{value} 无法按 {standing} 的写法写入并读回",
    "{value:number} has more than the 34 digits that a document can keep": "{value} 超过文档可保存的 34 位数字",
    "{value} is no time that can be written": "{value} 不是可写入的时间",
    "{value} has no time zone, and a date in a document needs one": "{value} 没有时区，而文档中的日期需要时区",
    "{value} is no flag that can be written": "{value} 不是可写入的标记",
    "{value} is no text": "{value} 不是文本",
    "a text with unpaired surrogates cannot be written": "含有不成对代理字符的文本无法写入",
    "{value} is no availability that can be written": "{value} 不是可写入的供货状态",
    "{value} are no images": "{value} 不是图片",
    "images that were uploaded in the shop can only be changed there": "在店铺中上传的图片只能在那里修改",
    "what stands there is no word: {text}": "现有内容不是文字：{text}",
    'the shop has words of its own, such as "{word}"; tell them in [mongodb.statuses]':
        "店铺有自己的状态用语，如“{word}”，请在 [mongodb.statuses] 中写明",
    'the shop has no word for "{status:word}"; give it one in [mongodb.statuses]':
        "店铺没有表示“{status}”的用语，请在 [mongodb.statuses] 中指定",
    'the shop has no word like {text} for "{status:word}"; give it one in [mongodb.statuses]':
        "店铺没有与 {text} 同类、表示“{status}”的用语，请在 [mongodb.statuses] 中指定",
}  # fmt: skip
