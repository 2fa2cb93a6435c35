"""The networks' shapes and geometry."""

from __future__ import annotations

import pytest
import torch

from camtrap.vision.efficientnet import EfficientNetLite, SameConv2d, scaled_channels
from camtrap.vision.yolox import PyramidPooling, YoloX


def parameter_count(network):
    return sum(p.numel() for p in network.parameters())


def test_yolox_tiny_has_the_published_size():
    assert parameter_count(YoloX()) == pytest.approx(5.05e6, rel=0.01)


@pytest.mark.parametrize(("height", "width"), [(480, 640), (384, 640), (64, 32)])
def test_yolox_gives_one_box_a_cell(height, width):
    boxes, scores = YoloX().eval()(torch.zeros(2, 3, height, width))
    cells = sum((height // s) * (width // s) for s in (8, 16, 32))
    assert boxes.shape == (2, cells, 4)
    assert scores.shape == (2, cells, 1)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_yolox_boxes_are_centred_on_their_cells():
    network = YoloX().eval()
    for head in network.heads:
        for parameter in head.get_submodule("box_out").parameters():
            torch.nn.init.zeros_(parameter)
    boxes, _ = network(torch.zeros(1, 3, 64, 96))
    assert boxes[0, 0].tolist() == [0, 0, 8, 8]
    assert boxes[0, 1].tolist() == [8, 0, 8, 8]  # columns first
    assert boxes[0, -1].tolist() == [64, 32, 32, 32]


def test_pooling_in_a_row_equals_pooling_at_three_sizes():
    x = torch.randn(1, 8, 20, 20)
    network = PyramidPooling(8).eval()
    reduced = network.reduce(x)
    pools = [torch.nn.functional.max_pool2d(reduced, k, 1, k // 2) for k in (5, 9, 13)]
    torch.testing.assert_close(network(x), network.join(torch.cat([reduced, *pools], dim=1)))


@pytest.mark.parametrize(
    ("variant", "millions"), [("lite0", 4.65), ("lite1", 5.42), ("lite2", 6.09)]
)
def test_lite_variants_have_the_published_size(variant, millions):
    assert parameter_count(EfficientNetLite(variant)) == pytest.approx(millions * 1e6, rel=0.01)


def test_features_are_1280_and_not_negative():
    features = EfficientNetLite().eval().features(torch.rand(3, 3, 130, 130))
    assert features.shape == (3, 1280)
    assert (features >= 0).all()


@pytest.mark.parametrize("side", [7, 8, 9])
@pytest.mark.parametrize("kernel", [3, 5])
def test_same_padding_gives_the_ceiling_of_half_the_side(side, kernel):
    assert SameConv2d(1, 1, kernel, 2)(torch.zeros(1, 1, side, side)).shape[-1] == -(-side // 2)


def test_same_padding_puts_the_odd_pixel_on_the_right_and_below():
    convolution = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    picture = torch.zeros(1, 1, 4, 4)
    picture[0, 0, 0, 0] = 1
    # A side of 4 needs one pixel of padding, and it is not on the left: the corner is seen once.
    assert convolution(picture)[0, 0].tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(40, 1.1, 48), (112, 1.1, 120), (320, 1.1, 352), (16, 1, 16)],
)
def test_channels_are_scaled_to_multiples_of_eight(channels, width, expected):
    assert scaled_channels(channels, width) == expected
