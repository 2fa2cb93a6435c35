"""Published weights: checked by their checksum, and renamed as our networks name them."""

from __future__ import annotations

import pytest

from camtrap.errors import ModelError
from camtrap.learn.convert import _LITE_NAMES, _YOLOX_NAMES, SOURCES, read_wheel, renamed


def test_another_wheel_than_the_published_one_is_refused(tmp_path):
    wheel = tmp_path / "zamba.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        read_wheel(wheel, SOURCES["detector"])


@pytest.mark.parametrize(
    ("rules", "theirs", "ours"),
    [
        (
            _YOLOX_NAMES,
            "backbone.backbone.dark3.1.m.2.conv2.bn.weight",
            "backbone.stage3.1.blocks.2.expand.norm.weight",
        ),
        (
            _YOLOX_NAMES,
            "backbone.backbone.dark5.1.conv2.conv.weight",
            "backbone.stage5.1.join.conv.weight",
        ),
        (
            _YOLOX_NAMES,
            "backbone.C3_n4.conv3.bn.bias",
            "backbone.out5.join.norm.bias",
        ),
        (_YOLOX_NAMES, "head.reg_convs.1.0.conv.weight", "heads.1.box_tower.0.conv.weight"),
        (
            _LITE_NAMES,
            "_blocks.12._depthwise_conv.weight",
            "blocks.12.depthwise.conv.weight",
        ),
        (_LITE_NAMES, "_bn1.running_var", "last.norm.running_var"),
    ],
)
def test_published_names_become_ours(rules, theirs, ours):
    assert renamed(theirs, rules) == ours
