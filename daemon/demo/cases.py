"""The telling part of the demonstration shop: for each rule, products that break it and products that nearly do.

A near miss is what a hasty form of the rule would take for a fault. Times are written as placeholders, relative to
the start of the demonstration: `{now-3d}`, `{now+6h@-08:00}` (shown in that offset), `{now+2d!naive}` (without one).
`{base}` is the address that the demonstration serves itself under.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Case(NamedTuple):
    """One product with something to tell.

    says: for each rule, "bad", "unknown" or "near" (good, though it looks bad). fields: what differs from a healthy
    product of its shelf. page: how its landing page differs from what the catalogue says. history: (days ago,
    price) pairs. opens_after_s: seconds after the start when a verdict of `says` turns bad by time alone; 0 is at
    once.
    """

    shelf: str
    title: str
    price: str
    says: Mapping[str, str]
    fields: Mapping[str, str] = {}
    page: Mapping[str, Any] = {}
    history: tuple[tuple[int, str], ...] = ()
    opens_after_s: int = 0


def _steady(price: str, days: int = 10) -> tuple[tuple[int, str], ...]:
    return tuple((day, price) for day in range(days, 0, -1))


def _days(*prices: str) -> tuple[tuple[int, str], ...]:
    return tuple((len(prices) - number, price) for number, price in enumerate(prices))


def _case(shelf: str, title: str, price: str, says: str, **fields: str) -> Case:
    """Make a case. says: "rule=bad", and what other rules cannot help saying: "rule=bad other=unknown"."""
    return Case(shelf, title, price, _verdicts(says), fields)


def _verdicts(says: str) -> dict[str, str]:
    return dict(word.split("=") for word in says.split())


_PRICES: Final = (
    Case("tea", "六堡茶 陈香（250克）", "", {"price_missing": "bad"}, page={"price": "72.00"}),
    _case("out", "Enamel Mug 350 ml", "", "price_missing=bad", sale_price="9.90"),
    _case("ele", "Reading Light with Clip", "  ", "price_missing=bad"),
    _case("cer", "紫砂壶 定制款（待定价）", "", "price_missing=near", status="draft"),
    _case(
        "out", "Winter Bivouac Set, last season", "", "price_missing=near", status="archived", archived_at="{now-40d}"
    ),
    _case("hom", "手工铁艺烛台", "询价", "price_type=bad price_nonpositive=unknown price_precision=unknown"),
    _case("kit", "Copper Sauteuse", "NaN", "price_type=bad price_nonpositive=unknown price_precision=unknown"),
    _case("toy", "Puppet Theatre", "Infinity", "price_type=bad price_precision=unknown"),
    _case("ele", "Thermal Camera for Phones", "1,249", "price_type=unknown price_precision=unknown"),
    _case("out", "Alpine Tarp", "79,90", "price_type=unknown price_precision=unknown"),
    _case("kit", "Saffron Set for Collectors", "1249.500", "price_type=near", currency="KWD"),
    _case("app", "Silk Scarf, hand rolled", " 96.00 ", "price_type=near"),
    _case("foo", "秋梨膏 300克", "0", "price_nonpositive=bad"),
    _case("ele", "Phone Stand, foldable", "-12.90", "price_nonpositive=bad"),
    _case("tea", "茶样三款（随单赠品）", "0", "price_nonpositive=near", is_free="是", cost=""),
    _case("out", "Repair Patch, sample", "0.00", "price_nonpositive=near", is_free="true", cost=""),
    _case("hom", "一分钱换购 棉布袋", "0.01", "price_nonpositive=near", cost=""),
    _case("jpn", "便箋 罫線", "380.5", "price_precision=bad"),
    _case("kit", "Beech Rolling Pin", "18.9999", "price_precision=bad"),
    _case("kit", "Truffle Slicer", "24.750", "price_precision=near", currency="BHD"),
    _case("jpn", "封筒 十枚入", "420.00", "price_precision=near"),
    _case("toy", "Spinning Top", "7.5", "price_precision=near"),
)

_COSTS: Final = (
    _case("foo", "阳澄湖蟹券 四对装", "198.00", "price_below_cost=bad", cost="236.00"),
    _case("ele", "Label Printer", "54.00", "price_below_cost=bad", cost="61.20"),
    _case("app", "Corduroy Cap, last season", "12.00", "price_below_cost=near", cost="17.50", clearance="true"),
    _case("hom", "清仓 竹编灯罩", "45.00", "price_below_cost=near", cost="62.00", clearance="是"),
    _case("toy", "Skipping Rope", "9.00", "price_below_cost=near", cost="9.00"),
    _case("cer", "建盏 兔毫", "188.00", "sale_not_lower=bad", sale_price="188"),
    _case("out", "Head Torch 400 lm", "39.00", "sale_not_lower=bad", sale_price="42.00"),
    _case("kit", "Bread Tin, 2 lb", "120.00", "sale_not_lower=near", sale_price="99.00"),
    _case("foo", "黑芝麻丸 一盒", "10.00", "sale_not_lower=near", sale_price="9.90", cost=""),
    _case("toy", "Kite with Tail", "25.00", "sale_not_lower=near", sale_price="24.99"),
    _case("ele", "Noise Cancelling Headphones", "199.00", "discount_absurd=bad", sale_price="18.00", cost=""),
    _case("tea", "古树生普 饼茶 357克", "680.00", "discount_absurd=bad", sale_price="6.80", cost=""),
    _case("app", "Sample Sale Socks", "20.00", "discount_absurd=near", sale_price="2.00", cost=""),
    _case("hom", "周年庆 棉麻门帘", "168.00", "discount_absurd=near", sale_price="17.00", cost=""),
)

_JUMPS: Final = (
    Case("tea", "金骏眉 礼盒", "12.90", {"price_jump": "bad"}, {"cost": ""}, history=_steady("129.00")),
    Case("out", "Inflatable Sleeping Mat", "41.00", {"price_jump": "bad"}, {"cost": ""}, history=_steady("89.00", 12)),
    Case(
        "ele", "Smart Plug, pack of four", "44.00", {"price_jump": "bad"},
        history=_days("29.90", "30.50", "29.90", "28.90", "29.90", "30.90", "29.50", "29.90", "30.20"),
    ),
    Case(
        "foo", "梭子蟹 鲜活 500克", "146.00", {"price_jump": "near"},
        history=_days("80", "122", "96", "141", "72", "133", "88", "112", "64", "128"),
    ),
    Case("hom", "真丝眼罩", "118.00", {"price_jump": "near"}, history=_steady("98.00")),
    Case(
        "kit", "Olive Wood Board", "52.00", {"price_jump": "near"},
        history=_days("38", "40", "44", "47", "49", "50", "50", "51"),
    ),
)  # fmt: skip

_SALES: Final = (
    _case("cer", "冰裂釉茶盏 双只装", "158.00", "sale_window_passed=bad", sale_price="128.00", sale_end="{now-3d}"),
    _case("app", "Wool Blanket Coat", "210.00", "sale_window_passed=bad", sale_price="180.00",
          sale_start="{now+9d}", sale_end="{now+2d}"),
    Case("tea", "碧螺春 限时特惠", "96.00", {"sale_window_passed": "bad"},
         {"sale_price": "79.00", "sale_start": "{now-6d}", "sale_end": "{now-260s}"}, opens_after_s=40),
    _case("out", "Hammock with Straps", "69.00", "sale_window_passed=unknown", sale_price="59.00",
          sale_end="{now+5d!naive}"),
    _case("toy", "Rocking Horse", "129.00", "sale_window_passed=near", sale_price="109.00", sale_end="{now+6h@-08:00}"),
    _case("kit", "Mandoline Slicer", "36.00", "sale_window_passed=near", sale_end="{now-20d}"),
    _case("hom", "陶土加湿器", "75.00", "sale_window_passed=near", sale_price="69.00", sale_start="{now-2d}",
          sale_end="{now+12d@+08:00}"),
    _case("ele", "Travel Adapter", "22.00", "currency_bad=bad", currency=""),
    _case("foo", "手工芝麻糖 200克", "18.80", "currency_bad=bad price_precision=unknown", currency="¥"),
    _case("tea", "正山小种 烟熏款", "66.00", "currency_bad=bad", currency="RMB"),
    _case("cer", "Macau Tile Coaster", "45.00", "currency_bad=near", currency="MOP"),
    _case("kit", "Skyr Strainer", "4900", "currency_bad=near", currency="ISK"),
)  # fmt: skip

#: Sold out a moment ago: for an hour that is no fault.
_EMPTY: Final = {"stock": "0", "availability": "", "updated_at": "{now-60s}"}

_STOCK: Final = (
    _case("out", "Water Filter Bottle", "34.00", "stock_invalid=bad", stock="-3"),
    _case("hom", "羊毛地毯 圆形", "360.00", "stock_invalid=bad", stock="2.5"),
    _case("foo", "新米 五公斤", "59.00", "stock_invalid=bad soldout_listed=unknown", stock="有货"),
    _case("ele", "E-Reader Cover, made to order", "26.00", "stock_invalid=near", stock="-4", backorder="true"),
    _case("jpn", "電子版 手帳テンプレート", "500", "stock_invalid=near", stock="", track_inventory="false"),
    _case("kit", "Pepper Mill", "29.00", "stock_invalid=near", stock="12.0"),
    Case("app", "Fisherman Sweater", "98.00", {"soldout_listed": "bad"}, _EMPTY, opens_after_s=3600),
    Case("cer", "手绘锦鲤茶盘", "268.00", {"soldout_listed": "bad"}, _EMPTY, opens_after_s=3600),
    _case("toy", "Doll House, next batch", "149.00", "soldout_listed=near", stock="0", backorder="yes"),
    _case("ele", "Turntable, second edition", "219.00", "soldout_listed=near", stock="0", availability="preorder",
          availability_date="{now+21d}"),
    _case("tea", "头春太平猴魁", "168.00", "soldout_listed=near", stock="0", status="out_of_stock",
          availability="out_of_stock"),
    _case("foo", "荔枝干 250克", "33.00", "soldout_listed=near", stock=""),
    _case("app", "Duffel Bag, old logo", "75.00", "listed_archived=bad", archived_at="{now-30d}"),
    _case("hom", "停产 竹纤维毛巾", "25.00", "listed_archived=bad", archived_at="{now-2d}", status="active"),
    _case("out", "Snow Peg, end of year", "6.00", "listed_archived=near", archived_at="{now+30d}"),
    _case("kit", "Fondue Set, old edition", "62.00", "listed_archived=near", archived_at="{now-9d}", status="archived"),
    _case("toy", "Yo-Yo, first run", "11.00", "listed_archived=near", archived_at="{now-9d}", status="unlisted"),
    _case("ele", "Action Camera, preorder", "299.00", "availability_date=bad", availability="preorder"),
    _case("cer", "龙泉窑花瓶 预订", "420.00", "availability_date=bad", availability="backorder",
          availability_date="{now-4d}"),
    _case("jpn", "来年の手帳 予約", "1980", "availability_date=near", availability="preorder",
          availability_date="{now+40d}"),
    _case("app", "Quilted Vest", "84.00", "availability_date=near", availability_date="{now-60d}"),
)  # fmt: skip

_WORDS: Final = (
    _case("tea", "\u200b\ufeff\u200b", "45.00", "title_bad=bad"),
    _case("ele", "Test product", "10.00", "title_bad=bad"),
    _case("kit", "Copy of Pasta Machine", "64.00", "title_bad=bad"),
    _case("hom", "加厚防滑吸水速干" * 20, "39.00", "title_bad=bad"),
    _case("app", "Contest Winner's Jersey", "48.00", "title_bad=near"),
    _case("foo", "云南高山古法手工黑糖玫瑰味姜枣味原味三口味组合礼盒装送礼自用皆宜冬日暖身好搭档独立小包装", "49.00",
          "title_bad=near"),
    _case("toy", "Latest Greatest Puzzle, 500 Pieces", "18.00", "title_bad=near"),
    _case("kit", "STAINLESS STEEL VACUUM FLASK", "27.00", "title_shouting=bad"),
    _case("out", "WATERPROOF HIKING GAITERS Pro", "31.00", "title_shouting=bad"),
    _case("ele", "USB-C PD 65W GaN 充电器", "35.00", "title_shouting=near"),
    _case("ele", "LED UV Torch with USB Charging", "23.00", "title_shouting=near"),
    _case("foo", "Caf\u00c3\u00a9 Blend, 500 g", "16.00", "text_encoding=bad"),
    _case("cer", "手工陶\ufffd花盆", "55.00", "text_encoding=bad"),
    _case("app", "Trousers &amp;amp; Belt", "72.00", "text_encoding=bad"),
    _case("toy", "Family 👨\u200d👩\u200d👧 Card Game", "15.00", "text_encoding=near"),
    _case("kit", "Maçã Apple Corer, São Paulo", "13.00", "text_encoding=near"),
    _case("hom", "Persian Rug می\u200cخواهم, 60 x 90", "140.00", "text_encoding=near"),
    _case("ele", "Smart Scale", "33.00", "html_danger=bad",
          description="<p>Weighs you.</p><script src='//x.example/t.js'></script>"),
    _case("hom", "艾草坐垫", "46.00", "html_danger=bad", description='<img src="a.png" onerror="alert(1)">透气排湿。'),
    _case("app", "Leather Belt", "39.00", "html_danger=bad",
          description='<a href=" jAvaScript:void(0)">Size guide</a>'),
    _case("out", "Camp Light", "21.00", "html_danger=near",
          description="Sale is on = yes, once=twice. Fits tents with an onset=early fly & a pole <3 cm."),
    _case("jpn", "HTML学習カード", "900", "html_danger=near", description="&lt;script&gt; の書き方から学べます。"),
    _case("toy", "Code Cards", "14.00", "html_danger=near",
          description='<p class="onload" data-onclick="no">Learn to <b>code</b> without a screen.</p>'),
    _case("foo", "国家级 灵芝孢子粉", "298.00", "banned_words=bad"),
    _case("tea", "全网最低价 大红袍", "66.00", "banned_words=bad"),
    _case("hom", "茶席最佳搭档 竹席", "99.00", "banned_words=near"),
    _case("foo", "第一批新麦面粉 五公斤", "39.00", "banned_words=near"),
    _case("app", "Best Man Waistcoat", "88.00", "banned_words=near"),
)  # fmt: skip

_IDENTITY: Final = (
    _case("ele", "Webcam Cover", "5.00", "gtin_bad=bad", gtin="9520001000019"),
    _case("kit", "Whisk, balloon", "12.00", "gtin_bad=bad", gtin="2000000000008"),
    _case("foo", "玫瑰花茶 80克", "28.00", "gtin_bad=bad", gtin="９５２０００１０００１０２"),
    _case("toy", "Domino Set", "17.00", "gtin_bad=near", gtin="952-0001-00007-2"),
    _case("cer", "甜白釉小碟", "18.00", "gtin_bad=near", gtin="95200002"),
    _case("jpn", "付箋 三色", "350", "gtin_bad=near", gtin=""),
    _case("out", "Carabiner, 24 kN", "8.50", "duplicate_key=bad", sku="NF-CAR-24"),
    _case("out", "Carabiner with Screw Gate", "11.50", "duplicate_key=bad", sku=" nf-car-24"),
    _case("hom", "桂花线香 20支", "32.00", "duplicate_key=bad", gtin="09520009000012"),
    _case("hom", "沉香线香 20支", "58.00", "duplicate_key=bad", gtin="9520009000012"),
    _case("app", "Rib Beanie, Navy", "24.00", "duplicate_key=near", item_group_id="beanie", gtin="9520009000029"),
    _case("app", "Rib Beanie, Rust", "24.00", "duplicate_key=near", item_group_id="beanie", gtin="9520009000029"),
    _case("kit", "Ladle, 2024", "15.00", "duplicate_key=near", id="kit-ladle-2024", sku="IB-LADLE", status="archived",
          archived_at="{now-90d}"),
    _case("kit", "Ladle", "16.00", "duplicate_key=near", sku="IB-LADLE"),
    _case("toy", "Dice, pair", "4.00", "duplicate_key=near", sku="LP-A-11"),
    _case("toy", "Dice Cup", "9.00", "duplicate_key=near", sku="LP-A1-1"),
    _case("cer", "无名茶宠", "36.00", "reference_broken=bad", category=""),
    _case("ele", "Smart Bulb, spare", "14.00", "reference_broken=bad", category="  "),
    _case("kit", "Ladle Rest", "7.00", "reference_broken=bad", item_group_id="kit-ladle-2024"),
    _case("hom", "手作风铃（无牌）", "29.00", "reference_broken=near", brand=""),
    _case("app", "Rib Beanie, Olive", "24.00", "reference_broken=near", item_group_id="beanie"),
    _case("ele", "Solar Garden Light", "19.00", "time_bad=bad", created_at="{now+3d}", updated_at="{now+3d}"),
    _case("jpn", "万年筆 細字", "4800", "time_bad=bad", created_at="{now-20d}", updated_at="{now-35d}"),
    _case("foo", "鲜花饼 十枚装", "39.00", "time_bad=bad", expires_at="{now-2d}"),
    _case("out", "Compass, classic", "28.00", "time_bad=bad", created_at="{now-500d}", updated_at="{now-260d}"),
    _case("foo", "鲜榨椰汁 六瓶", "45.00", "time_bad=near", expires_at="{now+3d}"),
    _case("toy", "Tin Drum", "22.00", "time_bad=near", created_at="{now-12d}", updated_at="{now-12d}"),
    _case("kit", "Butter Dish", "23.00", "time_bad=near", created_at="{now-400d}", updated_at="{now-150d}"),
)  # fmt: skip


def _image(shelf: str, title: str, price: str, says: str, name: str) -> Case:
    return _case(shelf, title, price, says, image=name and f"{{base}}/demo/images/{name}")


_IMAGES: Final = (
    _image("tea", "老白茶 2015年", "138.00", "image_missing=bad", ""),
    _image("out", "Bear Bell", "7.00", "image_missing=bad", "placeholder.png"),
    _case("cer", "釉下彩茶荷（拍摄中）", "44.00", "image_missing=near", image="", status="draft"),
    _image("jpn", "カード立て place card holder", "700", "image_missing=near", "place-card-holder.png"),
    _image("ele", "Wi-Fi Extender", "36.00", "image_broken=bad", "gone.jpg"),
    _image("hom", "棉线拖把", "26.00", "image_broken=bad", "page.jpg"),
    _image("app", "Knitted Gloves", "29.00", "image_broken=bad", "empty.png"),
    _image("toy", "Glow Stars", "8.00", "image_broken=bad", "dot.gif"),
    _image("kit", "Corkscrew", "14.00", "image_broken=near", "typeless"),
    _image("foo", "笋干 200克", "24.00", "image_broken=near", "png-called.jpg"),
    _image("ele", "Doorbell with Chime", "59.00", "image_broken=near", "no-head.png"),
    _image("toy", "Harmonica", "19.00", "image_broken=near", "moved.png"),
    _image("cer", "迷你茶海", "58.00", "image_broken=near", "edge-100.png"),
    _image("out", "Ice Axe", "92.00", "image_broken=unknown", "busy.png"),
)


def _page(shelf: str, title: str, price: str, says: str, kind: str = "product", /, **page: Any) -> Case:
    return Case(shelf, title, price, _verdicts(says), page={"kind": kind, **page})


_PAGES: Final = (
    _page("ele", "Night Light", "12.00", "link_broken=bad", "gone"),
    _page("hom", "麻绳挂篮", "48.00", "link_broken=bad", "home"),
    _page("app", "Chino Shorts", "42.00", "link_broken=bad", "soft_404"),
    _page("out", "Mosquito Net", "27.00", "link_broken=bad", "other"),
    _page("toy", "Juggling Balls", "13.00", "link_broken=bad", "loop"),
    _page("kit", "Salad Spinner", "31.00", "link_broken=near", "slash"),
    _page("foo", "五香豆干 400克", "19.00", "link_broken=near", "respelled"),
    _page("jpn", "修正テープ", "280", "link_broken=unknown", "busy"),
    _page("tea", "云雾毛尖", "52.00", "page_price_mismatch=bad", price="62.00"),
    _page("ele", "Cable Tidy", "9.00", "page_price_mismatch=bad", currency="EUR"),
    _page("cer", "柿釉茶仓", "88.00", "page_price_mismatch=near", price="88.01"),
    _page("app", "Denim Jacket", "95.00", "page_price_mismatch=near", "aggregate", low="85.00", high="110.00"),
    _page("kit", "Knife Block", "66.00", "page_price_mismatch=near", "several"),
    _page("toy", "Ludo Board", "16.00", "page_price_mismatch=near", "graph"),
    _page("hom", "亚麻窗帘", "210.00", "page_availability_mismatch=bad", availability="https://schema.org/OutOfStock"),
    _page("out", "Camping Pillow", "18.00", "page_availability_mismatch=bad", availability="http://schema.org/SoldOut"),
    _page("foo", "坚果礼盒", "128.00", "page_availability_mismatch=near", availability="in stock"),
    _page("jpn", "万年筆インク 青", "1200", "page_availability_mismatch=near", availability="InStock"),
    _page("app", "Bandana", "12.00", "page_availability_mismatch=near",
          availability="http://schema.org/LimitedAvailability"),
)  # fmt: skip

CASES: Final = (*_PRICES, *_COSTS, *_JUMPS, *_SALES, *_STOCK, *_WORDS, *_IDENTITY, *_IMAGES, *_PAGES)
