"""The names that files have for what a camera or a way is made of: keys of JSON, columns of CSV. Pure data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from daemon.products.feeds.columns import header_key

KIND: Final = "kind"
POSITION: Final = "position"
KILOMETRES: Final = "kilometres"

#: The canonical name of each field, as `Camera` and `Way` call it, and others that it is known by, best first.
NAMES: Final[dict[str, str]] = {
    KIND: "type record 类型 类别 種類 類型",
    "id": """
        camera camera_id cam cam_id device device_id reader 相机 相机id 相机编号 摄像头 摄像头id 摄像头编号 摄像机
        摄像机id 摄像机编号 设备id 设备编号 点位编号 编号 攝影機 攝影機編號 相機 編號 カメラ カメラid""",
    "longitude": "lon lng long x longitude_deg 经度 經度 経度",
    "latitude": "lat y latitude_deg 纬度 緯度",
    POSITION: "location coordinates coordinate 坐标 座標",
    "heading_deg": "heading azimuth bearing orientation yaw 朝向 朝向角 方位角 方位 方向 拍摄方向",
    "field_of_view_deg": "field_of_view fov view_angle 视场角 视角 视野角 視角 視野角 画角",
    "clock_offset_s": "clock_offset time_offset offset offset_s 时钟偏差 时钟偏移 时间偏差 时钟误差 時鐘偏差",
    "clock_rate": "clock_drift drift rate 时钟漂移 时钟速率 漂移 時鐘漂移",
    "clock_since": "clock_set_at since 校时时间 对时时间 時鐘起點",
    "clock_sd_s": "clock_sd clock_deviation 时钟标准差 时钟不确定度",
    "name": "title label description 名称 名字 相机名称 摄像头名称 设备名称 点位名称 安装位置 地点 名稱 名前",
    "origin": "from source from_camera camera_from start 起点 起点相机 起始相机 起始 来源 从 起點",
    "target": "to to_camera camera_to destination end 终点 终点相机 目的相机 目的 到 至 終點 終点",
    "metres": "meters metre meter m distance distance_m length length_m 距离 距离米 长度 路程 米 距離 長度",
    KILOMETRES: "kilometers km distance_km length_km 公里 千米 距离公里",
    "one_way": "oneway directed 单向 單向 一方通行",
}
#: What a column of kinds says.
WAY_WORDS: Final = frozenset("way ways link edge line linestring path road 路 路径 道路 通路 路线 连接 边 線".split())  # noqa: SIM905
CAMERA_WORDS: Final = frozenset("camera cameras cam point node reader 相机 摄像头 摄像机 点 点位 读卡器".split())  # noqa: SIM905
#: How like a name an unknown one must be for a slip of the pen.
_ALIKE: Final = 0.8
_IN_BRACKETS: Final = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]")
_KILO: Final = frozenset({"km", "公里", "千米"})


@lru_cache(maxsize=1)
def _fields() -> dict[str, tuple[int, str]]:
    """Return for each spelling its rank among those of its field, and the field."""
    found: dict[str, tuple[int, str]] = {}
    for field, others in NAMES.items():
        for rank, name in enumerate([field, *others.split()]):
            found.setdefault(header_key(name), (rank, field))
    return found


def field_of(name: str) -> tuple[int, str] | None:
    """Return the rank of a name among those of its field, and the field; None for a name of none."""
    known = _fields()
    if found := known.get(header_key(name)):
        return found
    unit = _IN_BRACKETS.search(name)
    found = known.get(header_key(_IN_BRACKETS.sub(" ", name))) if unit else None
    if found and unit and found[1] == "metres" and unit[1].strip().casefold() in _KILO:
        return found[0], KILOMETRES
    return found


def fields_of(names: Iterable[str]) -> dict[str, str]:
    """Return which name holds each field; where several do, the best one."""
    claims = [(*found, place, name) for place, name in enumerate(names) if (found := field_of(name))]
    layout: dict[str, str] = {}
    for _, field, _, name in sorted(claims):
        layout.setdefault(field, name)
    return layout


@lru_cache(maxsize=1)
def _spellings() -> tuple[str, ...]:
    return tuple(name for field, others in NAMES.items() for name in (field, *others.split()) if len(name) > 3)


def slips(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of no field that are nearly that of one, with the one."""
    for name in names:
        if field_of(name) is None and (near := get_close_matches(header_key(name), _spellings(), 1, _ALIKE)):
            yield name, near[0]
