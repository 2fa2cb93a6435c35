"""JPEG decoding on a device of torch, here the processor: the code is the same, the card is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from camtrap.errors import ModelError, TruncatedPicture
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.gpu import gpu_decoder
from tests.cards import encoded, textured

pytest.importorskip("torchvision")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_gives_nearly_what_the_processor_gives(orientation):
    data = encoded(textured(800, 600), orientation=orientation, quality=90)
    found, expected = gpu_decoder("cpu")(data, 320), decode_frame(data, 320)
    assert (found.width, found.height) == (expected.width, expected.height)
    assert found.pixels.shape == expected.pixels.shape
    difference = found.pixels.astype(int) - expected.pixels.astype(int)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize(
    "data",
    [
        encoded(textured(64, 48), "PNG"),
        encoded(Image.new("CMYK", (32, 24), (0, 0, 0, 91))),
    ],
    ids=["png", "cmyk"],
)
def test_what_the_gpu_cannot_decode_goes_to_the_processor(data):
    assert np.array_equal(gpu_decoder("cpu")(data, 64).pixels, decode_frame(data, 64).pixels)


def test_grey_comes_out_as_three_channels():
    frame = gpu_decoder("cpu")(encoded(textured(64, 48).convert("L")), 64)
    assert frame.pixels.shape == (48, 64, 3)
    assert frame.infrared


def test_a_cut_file_is_truncated_here_too():
    data = encoded(textured(400, 300))
    with pytest.raises(TruncatedPicture):
        gpu_decoder("cpu")(data[: len(data) // 2], 320)


def test_without_a_card_it_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="--decoder cpu"):
        gpu_decoder("cuda")
