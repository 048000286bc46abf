"""The healthy part of the demonstration shop: what it sells when nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple


class Range(NamedTuple):
    """One shelf of the shop. Items are (name, price of the first option, what there is to say about it).

    step: how much dearer each further option is, as a factor. A price is rounded to the currency's own units.
    """

    prefix: str
    category: str
    brand: str
    currency: str
    options: tuple[str, ...]
    step: str
    closing: str
    items: tuple[tuple[str, str, str], ...]


RANGES: Final = (
    Range("tea", "茶叶", "山岚茶社", "CNY", ("50克试饮装", "100克罐装", "250克家庭装"), "1.8",
          "密封避光存放，开封后请在三个月内饮用。", (
        ("狮峰龙井 明前", "88.00", "清明前手采一芽一叶，豆香清幽，汤色嫩绿明亮。"),
        ("安溪铁观音 清香型", "58.00", "轻发酵，兰花香明显，七泡仍有余甘。"),
        ("武夷大红袍", "76.00", "炭火慢焙，岩骨花香，适合盖碗冲泡。"),
        ("福鼎白毫银针", "98.00", "单芽披毫，毫香蜜韵，可长期存放。"),
        ("凤庆滇红", "42.00", "金毫显露，蜜糖香，清饮或加奶皆宜。"),
        ("勐海普洱熟茶", "39.00", "渥堆均匀，汤红浓透亮，口感醇厚顺滑。"),
        ("茉莉飘雪", "36.00", "伏天鲜花七窨，花香入骨。"),
    )),
    Range("cer", "陶瓷", "青田窑", "CNY", ("天青", "月白"), "1.0",
          "手工拉坯，釉面略有差异属正常，不可用于微波炉。", (
        ("汝釉品茗杯", "68.00", "开片釉，久用茶色入纹，容量八十毫升。"),
        ("影青盖碗", "128.00", "薄胎透光，翻边不烫手，容量一百二十毫升。"),
        ("粗陶公道杯", "59.00", "断水利落，内壁施釉好清洗。"),
        ("手绘莲纹茶叶罐", "138.00", "双层盖，密封圈可换，约装一百克散茶。"),
        ("柴烧花器", "228.00", "落灰自然成釉，每只纹理不同。"),
        ("竹节茶漏", "32.00", "细网过滤，配底托不滴水。"),
        ("梅子青香炉", "168.00", "配铜质香插，适用线香与盘香。"),
        ("青花面碗", "49.00", "直径十八厘米，釉下彩，可用洗碗机。"),
    )),
    Range("out", "Outdoor", "Northfell", "EUR", ("Moss", "Slate", "Ochre"), "1.0",
          "Packed in recycled paper. Spare parts are kept for ten years.", (
        ("Two-Person Ridge Tent", "249.00", "Three-season tent of 2.1 kg with two porches and a 3000 mm flysheet."),
        ("Trail Backpack 32 L", "119.00", "Ventilated back panel, rain cover in the bottom pocket."),
        ("Down Sleeping Bag, 0 Degrees", "189.00", "Responsibly sourced duck down, 700 fill power, 890 g."),
        ("Folding Camp Chair", "45.00", "Aluminium frame, carries 130 kg, folds to the size of a bottle."),
        ("Dry Bag 20 L", "24.50", "Roll-top closure, welded seams, floats when closed."),
        ("Trekking Poles, Pair", "64.90", "Cork grips, carbide tips, 62 to 135 cm."),
        ("Gas Stove with Wind Shield", "52.00", "Boils a litre in three and a half minutes; cartridge not included."),
    )),
    Range("ele", "Electronics", "Lumo", "USD", ("Graphite", "Pearl"), "1.0",
          "Two-year warranty. Charger and cable are in the box.", (
        ("Desk Lamp with Dimmer", "39.90", "Colour temperature from 2700 to 6500 kelvin, remembers its last setting."),
        ("Bluetooth Speaker Mini", "29.50", "Ten hours of play, splash proof, pairs two for stereo."),
        ("USB-C Hub, 6 Ports", "44.00", "Passes through 100 W, one HDMI port at 60 Hz."),
        ("Power Bank 10,000 mAh", "34.90", "Charges two phones at once; allowed in cabin luggage."),
        ("Wireless Mouse", "24.90", "Silent switches, one AA cell lasts eighteen months."),
        ("Air Quality Monitor", "89.00", "Shows particles, carbon dioxide and humidity; keeps a year of readings."),
        ("Bedside Clock Radio", "49.90", "Battery backup, two alarms, display that goes fully dark."),
        ("Kettle with Temperature Control", "79.00", "Five presets from 60 to 100 degrees, keeps warm for an hour."),
    )),
    Range("app", "Apparel", "Hemp & Harbour", "GBP", ("S", "M", "L"), "1.0",
          "Wash at 30 degrees and dry in the shade.", (
        ("Linen Overshirt", "68.00", "Midweight European linen, corozo buttons, two chest pockets."),
        ("Merino Base Layer", "55.00", "Fine 18.5 micron wool, flat seams, odour resistant."),
        ("Organic Cotton Tee", "22.00", "Single jersey of 180 grams, cut to last many summers."),
        ("Canvas Work Apron", "38.00", "Cross-back straps, a pocket for a towel and one for a pencil."),
        ("Waxed Rain Hat", "34.00", "Brim that keeps its shape, cotton lining."),
    )),
    Range("hom", "家居", "木与棉", "CNY", ("小号", "大号"), "1.6",
          "天然材料，初次使用前请用清水擦拭。", (
        ("榉木托盘", "79.00", "整木挖槽，食用油打磨，边缘圆润。"),
        ("亚麻桌布", "118.00", "水洗亚麻，手感柔软，越用越有味道。"),
        ("藤编收纳篮", "66.00", "天然藤条手编，承重五公斤。"),
        ("羊毛毡杯垫四片装", "28.00", "隔热防滑，可手洗。"),
        ("黄铜书签", "35.00", "手工打磨，附牛皮纸套。"),
        ("棉麻抱枕", "58.00", "隐形拉链，可拆洗，内芯另售。"),
        ("香薰蜡烛 桂花", "88.00", "大豆蜡，燃烧约四十小时，棉芯无烟。"),
    )),
    Range("kit", "Kitchen", "Ironbark", "USD", ("20 cm", "24 cm", "28 cm"), "1.25",
          "Suits every hob, induction included.", (
        ("Cast Iron Skillet", "32.00", "Seasoned with flaxseed oil and ready to cook."),
        ("Carbon Steel Wok", "41.00", "Hand hammered, flat bottom, beech handle."),
        ("Saute Pan with Lid", "58.00", "Three-ply base that spreads heat to the rim."),
        ("Bamboo Steamer", "19.00", "Two tiers and a lid, held by bamboo pins."),
    )),
    Range("jpn", "Stationery", "紙音", "JPY", ("罫線", "方眼", "無地"), "1.0",
          "糸かがり綴じで、どのページも平らに開きます。", (
        ("手帳 A5", "1480", "万年筆でも裏抜けしにくい紙を使っています。"),
        ("メモパッド B6", "620", "切り取り線入り、百枚綴り。"),
        ("測量野帳", "480", "作業着のポケットに入る硬い表紙。"),
    )),
    Range("foo", "食品", "田野集", "CNY", ("单瓶", "两瓶装"), "1.9",
          "生产日期见包装，请置于阴凉干燥处。", (
        ("野生椴树蜜 500克", "69.00", "单花蜜，低温自然结晶，口感细腻。"),
        ("初榨山茶油 500毫升", "108.00", "物理压榨，烟点高，适合炒菜凉拌。"),
        ("手剥桂圆干 300克", "42.00", "果肉厚实，肉核分离，泡茶煲汤皆可。"),
        ("古法红糖 400克", "29.80", "柴火熬制，块状包装，姜茶好搭档。"),
        ("高山木耳 200克", "36.50", "小碗耳，泡发后肉厚无根。"),
    )),
    Range("toy", "Toys", "Little Pine", "EUR", ("Natural", "Painted"), "1.15",
          "Made of beech from managed forests; tested to EN 71.", (
        ("Wooden Train Set, 32 Pieces", "49.00", "Fits all common wooden tracks."),
        ("Stacking Rainbow", "34.00", "Seven arches for building, bridging and hiding."),
        ("Marble Run Starter Kit", "59.00", "Cubes that combine into hundreds of tracks."),
        ("Counting Abacus", "21.00", "A hundred beads in ten rows."),
        ("Balance Board", "89.00", "Carries up to 100 kg, felt underside."),
    )),
)  # fmt: skip

_UNITS: Final = {"JPY": Decimal(1)}


class Article(NamedTuple):
    """One healthy product, before it is given numbers."""

    prefix: str
    category: str
    brand: str
    currency: str
    title: str
    price: str
    description: str


def articles() -> Iterator[Article]:
    """Yield every item of every range in each of its options."""
    for shelf in RANGES:
        for name, first, note in shelf.items:
            price = Decimal(first)
            for option in shelf.options:
                title = f"{name}（{option}）" if shelf.currency == "CNY" else f"{name}, {option}"
                shown = str(price.quantize(_UNITS.get(shelf.currency, Decimal("0.01"))))
                yield Article(
                    shelf.prefix,
                    shelf.category,
                    shelf.brand,
                    shelf.currency,
                    title,
                    shown,
                    f"{note}{_gap(shelf)}{shelf.closing}",
                )
                price *= Decimal(shelf.step)


def _gap(shelf: Range) -> str:
    return "" if shelf.currency in {"CNY", "JPY"} else " "
