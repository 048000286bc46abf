"""What is said of the checks themselves, of hosts and of sources, in Chinese. Templates as in rule_messages_zh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Messages that hold another message.
FRAMES: Final[Mapping[str, str]] = {
    "cannot be read: {said:message}; products are checked as they were last read":
        "无法读取：{said}；商品按上次读到的内容检查",
    "the last {count:number} passes came to no end: {said:message}": "最近 {count} 次巡检都没有完成：{said}",
    "line {line:number}: {said:message}": "第 {line} 行：{said}",
    "{said:message}; nothing after this was read": "{said}；此后的内容未读",
    "source {name}: {said:message}": "{said}",  # it stands under the name of its source
    "the file has {said:message}": "文件{said}",
    "{file:path}, line {line:number}: {said:message}": "{file} 第 {line} 行：{said}",
    "{file:path} has no header that can be read: {said:message}": "{file} 没有可读取的表头：{said}",
    "JSON breaks: an item was expected, found {found:message}": "JSON 中断：应为一项，却是{found}",
    'JSON breaks: "," or "]" was expected, found {found:message}': "JSON 中断：应为“,”或“]”，却是{found}",
    "JSON breaks: a key was expected, found {found:message}": "JSON 中断：应为键，却是{found}",
    'JSON breaks: ":" was expected, found {found:message}': "JSON 中断：应为“:”，却是{found}",
    "JSON breaks at {found:message}": "JSON 在{found}处中断",
}  # fmt: skip

MESSAGES: Final[Mapping[str, str]] = {
    # services: passes, mass incidents, hosts
    "{rule} asks to change {count:number} of {products:number} products at once; "
    "nothing is changed until somebody decides":
        "{rule} 要一次改动 {products} 个商品中的 {count} 个；有人决定之前不作改动",
    "{host} does not answer; its images and pages cannot be judged": "{host} 无响应，其图片和页面无法判断",
    "a product planted to fail was found healthy: the rules do not work": "自检用的异常商品被判为正常：规则失效",
    "{count:number} products on which a rule raised an error": "有 {count} 个商品在检查时规则出错",
    "a full pass judged {checked:number} products, the one before {before:number}":
        "全量巡检只检查了 {checked} 个商品，上一次为 {before} 个",
    "holds {documents:number} documents, and held {expected:number}; products without one are missing. "
    "If that is right, close this":
        "现有 {documents} 份文档，之前有 {expected} 份；没有文档的商品记为缺失。如属正常，请关闭此异常",
    "not done within {seconds:number} s": "{seconds} 秒内未完成",
    # fetching
    "is no http or https address": "不是 http 或 https 网址",
    "is no address that can be asked": "不是可访问的网址",
    "more than {limit:number} bytes": "超过 {limit} 字节",
    "we were {seconds:number} s late ourselves": "本机繁忙，延误 {seconds} 秒",
    "no whole answer within {seconds:number} s": "{seconds} 秒内没有完整的响应",
    "is no web page but {kind}": "不是网页，而是 {kind}",
    "the time for the whole check was over before this was fetched": "整个检查的时间已到，尚未抓取",
    "{host} has no public address ({address})": "{host} 没有公网地址（{address}）",
    "{address} is not a public address": "{address} 不是公网地址",
    "the body cannot be unpacked: {error}": "内容无法解压：{error}",
    "the body is coded as {coding}": "内容的编码是 {coding}，无法读取",
    "says that it has {size:number} bytes; {most:number} are read at most": "自称有 {size} 字节，最多读取 {most}",
    "redirects to no web address: {address}": "跳转到的不是网址：{address}",
    "unreachable": "无法访问",
    "refused": "按规定不访问",
    "overloaded": "本机繁忙，未及访问",
    "too_large": "内容过大",
    "invalid_url": "不是网址",
    # sources
    "{url} is no http or https address": "{url} 不是 http 或 https 网址",
    "no answer in time: {seconds:number} s": "{seconds} 秒内没有响应",
    "no answer in time: {error}": "没有及时响应：{error}",
    "{url} is no address: {error}": "{url} 不是网址：{error}",
    "the server answered with status {status:number}": "服务器返回状态码 {status}",
    "{file:path} cannot be read: {error}": "{file} 无法读取：{error}",
    "{file:path} is a directory": "{file} 是目录",
    "{file:path} is no regular file": "{file} 不是普通文件",
    "{file:path} is empty": "{file} 是空文件",
    "{file:path} is a ZIP archive or Excel workbook; save it as CSV (UTF-8)":
        "{file} 是 ZIP 或 Excel 文件；请另存为 CSV（UTF-8）",
    "{file:path} is an old Excel workbook; save it as CSV (UTF-8)": "{file} 是旧版 Excel 文件；请另存为 CSV（UTF-8）",
    "{file:path} is compressed with {kind:word}; unpack it first": "{file} 是 {kind} 压缩文件；请先解压",
    "{file:path} is a PDF document": "{file} 是 PDF 文档",
    "{file:path} is an SQLite database": "{file} 是 SQLite 数据库",
    "{file:path} is a {kind:word} image": "{file} 是 {kind} 图片",
    "{file:path} is a Parquet file; save it as CSV or JSON Lines": "{file} 是 Parquet 文件；请另存为 CSV 或 JSON Lines",
    "{file:path} is a binary file of no known format; expected CSV, JSON, JSON Lines or XML":
        "{file} 是未知格式的二进制文件；应为 CSV、JSON、JSON Lines 或 XML",
    "{file:path} has {size:number} bytes; at most {most:number} are read (max_bytes)":
        "{file} 有 {size} 字节，最多读取 {most}（max_bytes）",
    '{file:path}: no column is known in line {line:number} ({columns}); a header such as id,title,price is needed, '
    "or a map from fields to columns":
        "{file}：第 {line} 行没有已知的列（{columns}）；需要 id,title,price 这样的表头，或字段与列的对应表",
    "{file:path}: no column Handle in line {line:number}: no Shopify export":
        "{file}：第 {line} 行没有 Handle 列，不是 Shopify 导出文件",
    'no column "{column}"; the columns are {columns}': "没有列“{column}”；现有的列：{columns}",
    "the file was written to while it was read": "读取期间文件被改动",
    "{file:path}: the file was written to while it was read": "{file} 在读取期间被改动",
    "there is no row in it": "其中没有任何行",
    "the end of the file": "文件末尾",
    'more follows behind the outermost value; one object a line is the format "jsonl"':
        "最外层的值之后还有内容；一行一个对象是“jsonl”格式",
    "no list of products begins within {count:number} characters": "前 {count} 个字符内没有商品列表",
    "one item does not end within {count:number} characters": "有一项超过 {count} 个字符仍未结束",
    "refused: {kind}, which a feed has no use for": "拒绝读取：商品数据用不到的 {kind}",
    "JSON begins with a list or an object, this with {start}": "JSON 应以列表或对象开头，此处是 {start}",
    "JSON ends inside the item that begins here": "JSON 在此处开始的一项中结束",
    "no list of products in it": "其中没有商品列表",
    "XML without an item or entry of a product feed": "XML 中没有商品数据（item 或 entry）",
    "XML, but no product feed: its root is <{root}>": "是 XML，但不是商品数据：根元素为 <{root}>",
    "XML breaks: {error}": "XML 中断：{error}",
    "one item or tag does not end within {count:number} characters": "有一项或标签超过 {count} 个字符仍未结束",
    "nested deeper than {depth:number}": "嵌套超过 {depth} 层",
}  # fmt: skip

#: What incidents are called that no rule opened, by their rule id up to its colon.
TITLES: Final[Mapping[str, str]] = {
    "checker.pass_failed": "巡检未完成",
    "checker.canary": "自检失败",
    "checker.rule_failed": "规则出错",
    "checker.short_pass": "巡检商品过少",
    "catalogue_away": "商品库无法读取",
    "catalogue_short": "商品库文档骤减",
    "host_down": "网站无响应",
    "source": "来源读取失败",
    "mass": "一次涉及过多",
}
