"""OSNet: its size, its shape, and the gate that all its streams share."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

import tests.unit.inference.association.pictures.network_kit  # noqa: F401 one thread
from daemon.errors import InvalidInput
from daemon.inference.association.pictures.osnet import CHANNELS, OSBlock, OSNet


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [("osnet_x0_25", 201_864), ("osnet_x0_5", 630_034), ("osnet_x0_75", 1_285_754), ("osnet_x1_0", 2_169_508)],
)
def test_each_width_has_as_many_parameters_as_the_published_one(architecture: str, parameters: int) -> None:
    with torch.device("meta"):
        network = OSNet(architecture)
    assert sum(weight.numel() for weight in network.parameters()) == parameters


def test_parameters_are_named_as_in_published_checkpoints() -> None:
    with torch.device("meta"):
        names = set(OSNet().state_dict())
    for name in (
        "conv1.conv.weight", "conv1.bn.running_var", "conv2.0.conv2a.conv1.weight", "conv2.0.conv2d.3.conv2.weight",
        "conv2.0.gate.fc1.bias", "conv2.0.downsample.conv.weight", "conv2.2.0.conv.weight", "conv3.1.conv3.bn.bias",
        "conv4.1.conv2c.2.bn.weight", "conv5.bn.running_mean", "fc.0.weight", "fc.0.bias", "fc.1.running_var",
    ):  # fmt: skip
        assert name in names
    assert not {name.partition(".")[0] for name in names} - {"conv1", "conv2", "conv3", "conv4", "conv5", "fc"}
    assert not any(name.startswith(("conv2.1.downsample", "conv4.2", "classifier")) for name in names)


@pytest.mark.parametrize("size", [(256, 128), (128, 64), (33, 17)])
def test_a_picture_of_any_size_has_a_vector_of_512(size: tuple[int, int]) -> None:
    network = OSNet().eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 3, *size)).shape == (2, 512)


def test_a_picture_has_the_same_vector_alone_and_in_a_batch() -> None:
    network = OSNet().eval()
    pictures = torch.rand(3, 3, 64, 32)
    with torch.inference_mode():
        together = network(pictures)
        alone = torch.cat([network(picture[None]) for picture in pictures])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)


def test_the_streams_of_a_block_see_ever_wider() -> None:
    """Section 3.2: the t-th stream is t lite convolutions deep, so that it sees 2 t + 1 pixels."""
    block = OSBlock(64, 64).eval()
    with torch.no_grad():
        for weight in block.parameters():
            weight.abs_()  # so that nothing is cut off on the way
    for depth, stream in enumerate((block.conv2a, block.conv2b, block.conv2c, block.conv2d), 1):
        maps = torch.rand(1, 16, 17, 17, requires_grad=True)
        (found,) = torch.autograd.grad(stream(maps)[0, :, 8, 8].sum(), maps)
        reach = found.abs().sum((0, 1)).nonzero()
        assert (reach - 8).abs().max() == depth
        assert len(reach) == (2 * depth + 1) ** 2


def test_one_gate_serves_all_streams() -> None:
    gates = [name for name, _ in OSNet().conv2[0].named_modules() if name.endswith("gate")]
    assert gates == ["gate"]


def test_an_unknown_architecture_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"osnet_x2_0.*osnet_x0_25, .*osnet_x1_0"):
        OSNet("osnet_x2_0")
    assert len(CHANNELS) == 4
