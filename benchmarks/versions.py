"""Two models on the same pictures, in turns: processor time a picture, with all its stages.

    python benchmarks/versions.py FOLDER/amur models/amur

The first may be an older version, in a folder beside its parts. Pictures are those of `cards.py`,
one after the other in one thread, so that what else the computer does weighs little.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from cards import KINDS, make_card

from camtrap.pixels.decode import decode_frame
from camtrap.vision.predictor import Look, Predictor, load_predictor


def seconds(model: Predictor, pictures: Sequence[bytes]) -> float:
    """Processor seconds a picture, decoding included."""
    began = time.process_time()
    for data in pictures:
        model.judge([Look(data, decode_frame(data, model.frame_side))])
    return (time.process_time() - began) / len(pictures)


def main() -> None:
    """Compare and print Markdown."""
    parser = argparse.ArgumentParser(description="Two models on the same pictures, in turns.")
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--backend", default="onnxruntime")
    arguments = parser.parse_args()
    models = [
        load_predictor(name, backend=arguments.backend)
        for name in (arguments.first, arguments.second)
    ]
    first, second = (f"{model.info.name} {model.info.version}" for model in models)
    print(f"| card | {first}, ms | {second}, ms | times as long |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            card = Path(folder) / kind.name
            make_card(card, kind, arguments.pictures)
            pictures = [path.read_bytes() for path in sorted(card.iterdir())]
            pairs = [
                tuple(seconds(model, pictures) for model in models)
                for _ in range(arguments.repeats)
            ]
            before, after = (median(times) * 1000 for times in zip(*pairs, strict=True))
            ratio = median(one / other for one, other in pairs)
            print(f"| {kind.name} | {before:.0f} | {after:.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
