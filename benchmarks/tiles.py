"""Large pictures: how fast tile by tile, and in how much memory; prints Markdown.

    python benchmarks/tiles.py --write
    python benchmarks/tiles.py --megapixels 120 --kinds jpeg --scales 1

Pictures of set sizes are made in code (forest-like noise, no animals), each is judged in a process
of its own, from its file to the verdict, and the process tells its peak memory. The untiled model
on the same 12-megapixel picture is the measure. Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap import __version__

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
SMALL = (4000, 3000)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("large.jpg", {"quality": 90}),
    "tiff": ("large.tif", {}),
    "tiff-lzw": ("large-lzw.tif", {"compression": "tiff_lzw"}),
}
_BLOCK = 1024


def make(path: Path, width: int, height: int, options: dict[str, Any]) -> None:
    """Write a picture of noise at many scales, no two blocks of it alike in brightness."""
    random = np.random.default_rng(0)
    grey = np.zeros((_BLOCK, _BLOCK), np.float32)
    for cells in (8, 32, 128, 512):
        noise = Image.fromarray(random.random((cells, cells), dtype=np.float32))
        grey += 30 * np.asarray(noise.resize((_BLOCK, _BLOCK), Image.Resampling.BICUBIC))
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, _BLOCK):
        for left in range(0, width, _BLOCK):
            light = grey * random.uniform(0.7, 1.3) + random.integers(0, 60)
            block = light[..., None] * np.array([1.0, 1.05, 0.8])
            whole.paste(Image.fromarray(np.clip(block, 0, 255).astype(np.uint8)), (left, top))
    whole.save(path, **options)


def child(path: Path, tiled: bool, backend: str, scales: tuple[float, ...]) -> None:
    """Judge one picture and print what it took, as JSON."""
    from camtrap.engine.stages import decoded, read_file
    from camtrap.engine.tiling import Tiling
    from camtrap.pixels.tiles import plan_tiles
    from camtrap.records import ImageFile
    from camtrap.vision.predictor import Look, load_predictor

    model = load_predictor(backend=backend, device="cpu")
    before = peak()
    status = path.stat()
    file = ImageFile(path.parent, path.name, status.st_size, status.st_mtime_ns)
    began, spent = time.perf_counter(), time.process_time()
    data = read_file(file)
    known, look = decoded(file, data, model.frame_side, tiling=Tiling("true" if tiled else "false"))
    if look is None:
        raise SystemExit(f"{path}: {known.reason}")
    if tiled and scales:
        look = Look(
            look.data, look.frame, plan_tiles(look.frame.width, look.frame.height, scales=scales)
        )
    [verdict] = model.judge([look])
    told = {
        "seconds": time.perf_counter() - began,
        "core_seconds": time.process_time() - spent,
        "tiles": len(look.tiles),
        "megapixels": look.frame.width * look.frame.height / 1e6,
        "boxes": len(verdict.detections),
        "state": verdict.state.value,
        "model_mb": before,
        "peak_mb": peak(),
    }
    print(json.dumps(told))


def peak() -> float:
    """Megabytes that this process took at the most.

    Linux hands the other figure down from the parent, which made the pictures.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [row for row in status.read_text().splitlines() if row.startswith("VmHWM")]
        return int(line.split()[1]) / 1e3
    said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return said / (1e6 if sys.platform == "darwin" else 1e3)


def measured(path: Path, tiled: bool, arguments: argparse.Namespace) -> dict[str, float]:
    """What a process of its own says of one picture."""
    command = [sys.executable, __file__, "--child", str(path), "--backend", arguments.backend]
    command += ["--tiled"] if tiled else []
    command += ["--scales", *map(str, arguments.scales)] if arguments.scales else []
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def report(arguments: argparse.Namespace) -> str:
    """All of it as Markdown."""
    width = round((arguments.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(arguments.megapixels * 1e6 / width)
    lines = [
        f"## large pictures tile by tile, camtrap {__version__}, {date.today()}",
        "",
        f"Backend {arguments.backend}, scales: {arguments.scales or 'all from 1 on'}. Seconds are "
        "wall time of one picture from its file to the verdict, core-seconds those of all threads; "
        "peak memory is the whole process, of which the loaded model takes the first figure.",
        "",
        "| picture | tiles | seconds | core-s | MP a core-s | tiles a core-s | peak MB (model) |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="camtrap-tiles-") as folder:
        small = Path(folder) / "small.jpg"
        make(small, *SMALL, {"quality": 90})
        jobs = [("12 MP JPEG, untiled", small, False), ("12 MP JPEG", small, True)]
        for kind in arguments.kinds:
            name, options = KINDS[kind]
            make(Path(folder) / name, width, height, options)
            jobs.append((f"{arguments.megapixels:g} MP {kind}", Path(folder) / name, True))
        for name, path, tiled in jobs:
            said = measured(path, tiled, arguments)
            core = said["core_seconds"]
            lines.append(
                f"| {name}, {path.stat().st_size / 1e6:.0f} MB | {said['tiles']:.0f} | "
                f"{said['seconds']:.1f} | {core:.1f} | {said['megapixels'] / core:.2f} | "
                f"{said['tiles'] / core:.1f} | {said['peak_mb']:.0f} ({said['model_mb']:.0f}) |"
            )
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make pictures, judge them, print."""
    parser = argparse.ArgumentParser(description="Large pictures tile by tile.")
    parser.add_argument("--megapixels", type=float, default=120)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--scales", type=float, nargs="*", default=[])
    parser.add_argument("--backend", default="onnxruntime")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--tiled", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.tiled, arguments.backend, tuple(arguments.scales))
        return
    text = report(arguments)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


if __name__ == "__main__":
    main()
