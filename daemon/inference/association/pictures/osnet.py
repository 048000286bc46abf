"""OSNet: omni-scale features for telling people apart.

Zhou, Yang, Cavallaro, Xiang (2019), "Omni-Scale Feature Learning for Person Re-Identification", ICCV. Parameters have
the names that the authors' published checkpoints use. B: pictures, C: channels, H and W: pixels of a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from torch import Tensor, nn

from daemon.errors import InvalidInput

Head: TypeAlias = Literal["fc", "bottleneck"]

#: Channels after each stage, by architecture: the width multiplier of section 3.3, applied to Table 1.
CHANNELS: Final[Mapping[str, tuple[int, int, int, int]]] = MappingProxyType(
    {
        "osnet_x0_25": (16, 64, 96, 128),
        "osnet_x0_5": (32, 128, 192, 256),
        "osnet_x0_75": (48, 192, 288, 384),
        "osnet_x1_0": (64, 256, 384, 512),
    }
)
EMBEDDING: Final = 512
#: Streams of a block see 3, 5, 7 and 9 pixels wide (section 3.2, T = 4).
_STREAMS: Final = 4
_BOTTLENECK: Final = 4  # channels of a block over those inside it (Figure 4)
_GATE_REDUCTION: Final = 16  # section 3.2, unified aggregation gate


class ConvLayer(nn.Module):
    """Convolution, batch normalisation and, unless `linear`, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: int = 1, *, stride: int = 1, linear: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outside)
        self.relu = nn.Identity() if linear else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, H, W) -> (B, outside, H / stride, W / stride)."""
        out: Tensor = self.relu(self.bn(self.conv(x)))
        return out


class LightConv3x3(nn.Module):
    """Lite 3 x 3: a pointwise convolution before a depthwise one (section 3.1, Figure 3b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False, groups=channels)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        out: Tensor = self.relu(self.bn(self.conv2(self.conv1(x))))
        return out


class ChannelGate(nn.Module):
    """The unified aggregation gate: a weight for each channel of each picture (section 3.2).

    One gate is shared by all streams, so that no scale is preferred before a picture is seen.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.global_avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // _GATE_REDUCTION, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(channels // _GATE_REDUCTION, channels, 1)
        self.gate_activation = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        gate: Tensor = self.gate_activation(self.fc2(self.relu(self.fc1(self.global_avgpool(x)))))
        return x * gate


class OSBlock(nn.Module):
    """The omni-scale residual block: streams of 1 to 4 lite convolutions, gated and added (section 3.2, Figure 4b)."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        middle = outside // _BOTTLENECK
        self.conv1 = ConvLayer(inside, middle)
        self.conv2a = LightConv3x3(middle)
        self.conv2b, self.conv2c, self.conv2d = (
            nn.Sequential(*(LightConv3x3(middle) for _ in range(depth))) for depth in range(2, _STREAMS + 1)
        )
        self.gate = ChannelGate(middle)
        self.conv3 = ConvLayer(middle, outside, linear=True)
        self.downsample = ConvLayer(inside, outside, linear=True) if inside != outside else None
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, H, W) -> (B, outside, H, W)."""
        narrow = self.conv1(x)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        mixed: Tensor = sum(self.gate(stream(narrow)) for stream in streams)
        kept = x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(self.conv3(mixed) + kept)
        return out


class OSNet(nn.Module):
    """The whole network (section 3.3, Table 1), without a classifier.

    architecture: a key of CHANNELS. head: "fc" as its authors publish it, a layer to 512 numbers, or "bottleneck" as
    FastReID trains it, batch normalisation of the pooled channels. projected: how many channels they are turned into
    before that, 0 for none. Raises InvalidInput for an architecture that there is not.
    """

    def __init__(self, architecture: str = "osnet_x0_25", *, head: Head = "fc", projected: int = 0) -> None:
        super().__init__()
        if architecture not in CHANNELS:
            raise InvalidInput(f"architecture {architecture!r} is not known; there are {', '.join(CHANNELS)}")
        first, second, third, last = CHANNELS[architecture]
        self.architecture = architecture
        self.conv1 = ConvLayer(3, first, 7, stride=2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = nn.Sequential(OSBlock(first, second), OSBlock(second, second), _transition(second))
        self.conv3 = nn.Sequential(OSBlock(second, third), OSBlock(third, third), _transition(third))
        self.conv4 = nn.Sequential(OSBlock(third, last), OSBlock(last, last))
        self.conv5 = ConvLayer(last, last)
        self.global_avgpool = nn.AdaptiveAvgPool2d(1)
        self.head: Head = head
        if head == "fc":
            self.width = EMBEDDING
            self.fc = nn.Sequential(nn.Linear(last, EMBEDDING), nn.BatchNorm1d(EMBEDDING), nn.ReLU())
        else:
            self.width = projected or last
            narrowing = [nn.Conv2d(last, projected, 1, bias=False)] if projected else []
            self.bottleneck = nn.Sequential(*narrowing, nn.BatchNorm2d(self.width))
        self.apply(_initialise)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W), prepared -> (B, width), not of unit length."""
        maps = self.conv4(self.conv3(self.conv2(self.maxpool(self.conv1(pictures)))))
        pooled = self.global_avgpool(self.conv5(maps))  # (B, C, 1, 1)
        vectors: Tensor = self.fc(pooled.flatten(1)) if self.head == "fc" else self.bottleneck(pooled).flatten(1)
        return vectors


def _transition(channels: int) -> nn.Sequential:
    """Halve height and width between two stages (Table 1)."""
    return nn.Sequential(ConvLayer(channels, channels), nn.AvgPool2d(2, stride=2))


def _initialise(module: nn.Module) -> None:
    """Draw weights: convolutions by He et al. (2015), section 2.2; the layer of the head with a small deviation."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
