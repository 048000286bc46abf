"""What rules say, in Chinese. Templates are read as `daemon/products/translations.py` describes; earlier ones win."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Messages that hold another message.
FRAMES: Final[Mapping[str, str]] = {
    "{said:message} (and {count:number} more)": "{said}（另有 {count} 处）",
    "{said:message}; looks like a shifted decimal mark": "{said}，疑似小数点错位",
    "{said:message}; whether it is listed is not known": "{said}；是否在售不明",
    'variant "{variant}": {said:message}': "规格“{variant}”：{said}",
    "{bad:number} of {count:number} images: {said:messages}": "{count} 张图片中 {bad} 张有问题：{said}",
    "begins with an apostrophe, as spreadsheets mark text; and {said:message}":
        "以撇号开头（表格软件的文本标记），且{said}",
    "the {field:field} holds {said:message}": "{field}含有{said}",
    "the rule failed: {error}": "规则出错：{error}",
}  # fmt: skip

MESSAGES: Final[Mapping[str, str]] = {
    # any rule
    "the source has no such column": "来源中没有这一列",
    "could be read in more than one way": "有多种读法",
    "is not a number": "不是数字",
    "is no date or time": "不是日期或时间",
    "has no time zone, and the catalogue has none either": "没有时区，目录也未指定时区",
    # prices
    "no price": "没有价格",
    "is below zero": "小于 0",
    "is zero, and the product is not marked as free": "为 0，但商品未标为免费",
    "zero, and whether it is free cannot be read": "为 0，是否免费无法识别",
    "no currency that says how many decimals a price may have": "无法据此币种得知价格的小数位数",
    "has more decimals than {currency} has ({units:number})": "小数位数超出 {currency} 的 {units} 位",
    "below cost, and {field:field} cannot be read": "低于成本，且“{field}”无法识别",
    "is below the cost of {cost}": "低于成本 {cost}",
    "no number that could be compared with earlier prices": "不是可与历史价格比较的数字",
    "up {change:number} from {median:number}, the median of {days:number} days":
        "比 {days} 天中位价 {median} 高 {change}",
    "down {change:number} from {median:number}, the median of {days:number} days":
        "比 {days} 天中位价 {median} 低 {change}",
    # sales
    "is not below the regular price of {price}": "不低于原价 {price}",
    "is less than {least:number} % of the regular {price}": "不到原价 {price} 的 {least}%",
    "is before the start of the sale, {time}": "早于促销开始时间 {time}",
    "the sale is over, and its price is still there": "促销已结束，促销价仍在",
    # currency
    "no currency": "没有币种",
    "is a sign that could be {codes:word}; expected an ISO 4217 code": "是符号，可能指 {codes}；应为 ISO 4217 代码",
    'is no active ISO 4217 code; expected three letters such as "CNY"':
        "不是有效的 ISO 4217 代码；应为三个字母，如“CNY”",
    "is not one that the shop sells in; expected {codes:names}": "不是本店使用的币种；应为 {codes}",
    # stock
    "is a fraction of goods sold by the piece": "按件销售，不能有小数",
    "stock below zero, and backorder cannot be read": "库存小于 0，是否允许缺货预订无法识别",
    "is below zero, and backorder is not allowed": "小于 0，且不允许缺货预订",
    "is no certain number": "不是确定的数字",
    "cannot be read, and the stock is zero": "无法识别，且库存为 0",
    "sold out since {time} and still listed": "自 {time} 起售罄，仍在售",
    "sold out and still listed": "已售罄，仍在售",
    # status
    "is no status that is known; other rules cannot tell whether it is listed": "是未知状态；其他规则无法判断是否在售",
    "is no certain time": "不是确定的时间",
    "archived, and its status is {status:word}": "已归档，状态却是“{status}”",
    # images
    "nothing but placeholders": "全是占位图",
    "no image": "没有图片",
    "no address of the web": "不是网址",
    "is empty": "内容为空",
    "is no image": "不是图片",
    "is a known placeholder": "是已知的占位图",
    "has {width:number} x {height:number} pixels; {least:number} x {same:number} is the least":
        "尺寸 {width} × {height} 像素，至少应为 {least} × {same}",
    "was not looked at": "尚未查看",
    # pages
    "not fetched yet": "尚未抓取",
    "answered with status None": "没有返回状态码",
    "answered with status {status:number}": "返回状态码 {status}",
    "is no address of the web": "不是网址",
    "redirects in a circle or too often": "循环跳转或跳转过多",
    "redirects from https to http": "从 https 跳转到 http",
    "redirects to {where:word}: {url}": "跳转到{where}：{url}",
    "without a title its page cannot be told": "没有标题，无法判断页面是否对应",
    "the page names neither the product nor its number": "页面上没有商品名称，也没有商品编号",
    "without our currency prices cannot be compared": "目录中没有币种，无法比较价格",
    "none of the page's offers is surely ours": "无法确定页面上哪个报价对应本商品",
    "the page states no offer": "页面没有报价信息",
    "the page is about something else": "页面讲的是别的内容",
    "one of the prices cannot be read": "有一方的价格无法识别",
    "the page's currency is no ISO 4217 code": "页面的币种不是 ISO 4217 代码",
    "the page asks in {theirs}, we in {ours}": "页面币种为 {theirs}，目录中为 {ours}",
    "the page does not say in which currency": "页面未注明币种",
    "the page asks {theirs}, we {ours:choice}": "页面价为 {theirs}，目录中为 {ours}",
    "we do not say whether it is available": "目录中未说明是否有货",
    "the page does not say whether it is available": "页面未说明是否有货",
    "differs at first sight; a second look will tell": "初看不一致，待复查确认",
    "the page says {theirs:word}, we say {ours:word}": "页面显示“{theirs}”，目录中为“{ours}”",
    "is no web page": "不是网页",
    "the page asks visitors to prove something first": "页面要求访客先通过验证",
    "the page shows hardly any text without scripts": "页面不运行脚本时几乎没有文字",
    # times
    "is no availability that is known": "是未知的供货状态",
    "{availability:word} without a date": "{availability}，但没有到货日期",
    "{availability:word}, and the date is over": "{availability}，但到货日期已过",
    "is in the future": "是未来的时间",
    "is before the creation, {time}": "早于创建时间 {time}",
    "expired": "已过期",
    "not touched for more than {days:number} days": "超过 {days} 天未更新",
    # texts
    "the title is blank": "标题为空",
    "the title is a default name or says that this is a copy or a test": "标题是默认名称，或表明是副本、测试",
    "the title has {count:number} characters; {most:number} are allowed": "标题有 {count} 个字符，最多 {most} 个",
    "the title has {count:number} characters; about {most:number} are shown":
        "标题有 {count} 个字符，只显示约 {most} 个",
    "{capitals:number} of {letters:number} letters of the title are capitals":
        "标题的 {letters} 个字母中有 {capitals} 个大写",
    "words of list {version}": "违禁词（词表 {version}）",
    "an unpaired surrogate": "不成对的代理字符",
    "the control character {code}": "控制字符 {code}",
    "an entity that was escaped twice, {entity}": "转义了两次的实体 {entity}",
    "U+FFFD, which stands where something could not be decoded": "乱码（替换字符 U+FFFD，原字符无法解码）",
    "U+FFFD in UTF-8 that was read as GBK": "乱码（替换字符的 UTF-8 被误读为 GBK）",
    "UTF-8 that was read as Latin-1 or Windows-1252": "乱码（UTF-8 被误读为 Latin-1 或 Windows-1252）",
    "markup that runs code or leads away": "会运行代码或跳转他处的标记",
    "its elements are nested too deeply to be read": "标签嵌套过深，无法解析",
    # identifiers
    "begins with an apostrophe, as spreadsheets mark text": "以撇号开头（表格软件的文本标记）",
    "holds something other than the digits 0 to 9": "含有 0 到 9 以外的字符",
    "has {count:number} digits; a GTIN has 8, 12, 13 or 14": "有 {count} 位数字；GTIN 应为 8、12、13 或 14 位",
    "check digit {digit:number} should be {right:number}": "校验位是 {digit}，应为 {right}",
    "is nothing but zeros": "全是 0",
    "is not a global number: its prefix is for use inside a shop or for coupons":
        "不是全球唯一的编号：前缀仅供店内或优惠券使用",
    "also {kind:word} of {others:names} and {count:number} more": "与商品 {others} 及另外 {count} 个的 {kind} 相同",
    "also {kind:word} of {others:names}": "与商品 {others} 的 {kind} 相同",
    "two variants of this product share it": "本商品有两个规格共用",
    "no category": "没有类目",
    "is an archived category": "是已归档的类目",
    "is not a known category": "不是已知的类目",
    "is not a known brand": "不是已知的品牌",
    "is a product that is archived": "是已归档的商品",
}  # fmt: skip

#: Words that stand inside messages, and as values of the fields that have words for values.
WORDS: Final[Mapping[str, str]] = {
    "in_stock": "有货",
    "out_of_stock": "缺货",
    "preorder": "预售",
    "backorder": "缺货预订",
    "discontinued": "停产",
    "listed": "在售",
    "unlisted": "已下架",
    "draft": "草稿",
    "review": "待审核",
    "archived": "已归档",
    "sku": "SKU",
    "gtin": "GTIN",
    "slug": "slug",
    "the home page": "首页",
    "a page above it": "上级页面",
    "another page": "其他页面",
    "CNY or JPY": "CNY 或 JPY",
    "USD, CAD, AUD or another dollar": "USD、CAD、AUD 或其他元",
    "GBP or EGP": "GBP 或 EGP",
}
