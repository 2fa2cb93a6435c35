"""Other people's detectors, for comparison: built with random weights, run as their users run them.

    python benchmarks/peers.py /tmp/bench-env

makes an environment that shares this one's packages (PyTorch is not installed twice) and adds two:
`yolov5` for YOLOv5x6 with three classes, which is MegaDetector v5a's network, and `ultralytics` for
YOLOv10-n, as light as the lightest of MegaDetector v6's class. Time does not depend on the weights,
but what the boxes' suppression costs would, so it is left out.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

YOLOV5 = "yolov5==7.0.14"
OTHERS = (
    "ultralytics==8.4.190",
    *("ultralytics-thop", "opencv-python-headless", "pyyaml", "psutil", "requests", "urllib3"),
    *("idna", "certifi", "charset-normalizer", "tqdm", "scipy", "seaborn", "polars"),
)
MEGADETECTOR_PARAMETERS = 139_990_096
"""Of MegaDetector v5a, batch norms folded; checked, so that no other network takes its place."""

NETWORKS = {"megadetector-v5a": (1280, 64), "yolov10-n": (640, 32)}
"""The longer side of the input in pixels, and the multiple that both sides are padded to."""


def main() -> None:
    """Make the environment."""
    parser = argparse.ArgumentParser(description="An environment for the peers of the benchmark.")
    parser.add_argument("folder", type=Path)
    make_environment(parser.parse_args().folder)


def make_environment(folder: Path) -> None:
    """A virtual environment that sees this one's packages, with the peers' beside them."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = python_of(folder)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(
        subprocess.run(
            [python, "-c", code], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
    )
    ours = sysconfig.get_path("purelib")
    (packages / "camtrap.pth").write_text(f"{ours}\n", encoding="utf-8", newline="\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*install, *OTHERS], check=True)
    # Its wheel is tagged for Python 3.7 to 3.10, but holds nothing that later ones cannot run.
    older = ["--only-binary=:all:", "--python-version", "3.10", "--target", str(packages)]
    subprocess.run([*install, *older, YOLOV5], check=True)
    print(f"made {folder}")


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def peer(name: str, *, bf16: bool) -> Callable[[Path], None]:
    """A function that reads one file, decodes it in full and runs the network on it."""
    # Both packages write settings to the user's home, and would install what they miss.
    os.environ.update(YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(sys.prefix) / "ultralytics"))
    import numpy as np
    import torch
    from PIL import Image, ImageOps
    from yolov5.utils.augmentations import letterbox  # type: ignore[import-not-found]

    logging.getLogger("yolov5").setLevel(logging.ERROR)  # it lists every layer, loudly
    torch.manual_seed(0)
    network = _megadetector() if name == "megadetector-v5a" else _yolov10()
    network.eval()
    side, multiple = NETWORKS[name]

    def run(path: Path) -> None:
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        fitted = letterbox(np.asarray(picture), side, stride=multiple, auto=True)[0]
        batch = torch.from_numpy(np.ascontiguousarray(fitted.transpose(2, 0, 1))[None])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            network(batch.float() / 255)

    return run


def _megadetector() -> Any:
    """MegaDetector v5a's network, batch norms folded as its loader folds them."""
    import yolov5  # type: ignore[import-not-found]
    from yolov5.models.yolo import DetectionModel  # type: ignore[import-not-found]

    rules = Path(yolov5.__file__).parent / "models" / "hub" / "yolov5x6.yaml"
    network = DetectionModel(str(rules), nc=3).fuse()
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == MEGADETECTOR_PARAMETERS, count
    return network


def _yolov10() -> Any:
    """YOLOv10-n, batch norms folded and without the half that only training needs."""
    from ultralytics import YOLO  # type: ignore[import-not-found]

    return YOLO("yolov10n.yaml", verbose=False).model.fuse(verbose=False)


if __name__ == "__main__":
    main()
