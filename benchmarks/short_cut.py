"""Measure whether a model takes the short cut over the park's marks; prints Markdown.

    python benchmarks/short_cut.py DATA/manifest.csv --count 60 --maps maps.png

Pictures without leopards get the marks of the park's frames (drawn, and cut out of real ones),
leopards lose theirs, and leopards are taken off their frames; every picture is judged before and
after. Then occlusion maps of ten leopards say where the evidence lies. Each picture is its own
control, so pictures that the model was trained on serve as well as others.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from camtrap.learn.dataset import Sample, read_manifest
from camtrap.learn.explain import (
    EvidenceShare,
    OcclusionMap,
    decode_whole,
    evidence_share,
    occlusion_map,
    render_map,
)
from camtrap.learn.metrics import Share
from camtrap.learn.prints import Random
from camtrap.learn.short_cut import (
    KINDS,
    Effect,
    Judged,
    decorated,
    effect,
    judge,
    stripped,
    table,
    transplanted,
    without_animal,
)
from camtrap.pixels.decode import Pixels
from camtrap.records import State
from camtrap.vision.predictor import Predictor, load_predictor

PARK = "ntlnp_boxes_removed"
"""The source whose frames carry the marks."""


def main() -> None:
    """Choose pictures, change them, judge them, print the tables."""
    parser = argparse.ArgumentParser(description="Does the model follow the park's marks?")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="amur")
    parser.add_argument("--count", type=int, default=60, help="pictures of each kind")
    parser.add_argument("--map-count", type=int, default=10)
    parser.add_argument("--split", default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--park", default=PARK, help="the source whose frames carry the marks")
    parser.add_argument("--append", type=Path, help="also append the report to this file")
    parser.add_argument("--maps", type=Path, help="also write the maps, without pictures, as a PNG")
    arguments = parser.parse_args()
    predictor = load_predictor(arguments.model)
    samples = read_manifest(arguments.manifest, [arguments.split])
    random = np.random.default_rng(arguments.seed)
    leopards = chosen(
        [s for s in samples if s.label == State.LEOPARD and s.source == arguments.park],
        arguments.count,
        random,
    )
    others = chosen([s for s in samples if s.label != State.LEOPARD], arguments.count, random)
    frames = [decode_whole(sample.path.read_bytes()) for sample in leopards]
    parts = [
        f"## short cut, {arguments.split}, {predictor.info.name} {predictor.info.version}, "
        f"{date.today()}\n",
        f"**{len(others)} pictures without leopards, marks put on**\n",
        table(marks_on(predictor, others, frames, random)),
        f"\n**{len(leopards)} leopards of the park, marks taken off; and the leopard taken off**\n",
        table(marks_off(predictor, frames)),
    ]
    maps = [
        occlusion_map(predictor, sample.path.read_bytes(), State.LEOPARD)
        for sample in leopards[: arguments.map_count]
    ]
    if maps:
        parts += [f"\n**Where the evidence lies, {len(maps)} leopards**\n", shares(maps)]
    text = "\n".join(parts) + "\n"
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)
    if arguments.maps:
        arguments.maps.write_bytes(sheet(maps))


def chosen(samples: Sequence[Sample], count: int, random: Random) -> list[Sample]:
    """`count` samples, one group after the other in random order, so that no camera rules."""
    of_group: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        of_group[sample.group].append(sample)
    turns: list[tuple[int, float, Sample]] = []
    for members in of_group.values():
        for turn, index in enumerate(random.permutation(len(members))):
            turns.append((turn, random.random(), members[index]))
    turns.sort(key=lambda each: each[:2])
    return [sample for _, _, sample in turns[:count]]


def marks_on(
    predictor: Predictor, samples: Sequence[Sample], frames: Sequence[Pixels], random: Random
) -> list[Effect]:
    """What each kind of mark does to pictures without leopards."""
    names = [*KINDS, "marks cut out of real frames"]
    before: list[Judged] = []
    after: dict[str, list[Judged]] = {name: [] for name in names}
    for sample in samples:
        pixels = decode_whole(sample.path.read_bytes())
        plain = judge(predictor, pixels)
        before.append(plain)
        for kind in KINDS:
            after[kind].append(judge(predictor, decorated(pixels, kind, random, plain.box)))
        if frames:
            donor = frames[int(random.integers(len(frames)))]
            after[names[-1]].append(judge(predictor, transplanted(pixels, donor)))
    return [effect(name, before, after[name]) for name in names if after[name]]


def marks_off(predictor: Predictor, frames: Sequence[Pixels]) -> list[Effect]:
    """What is left of the park's leopards without the marks, and of the marks without leopards."""
    names = (
        "marks painted over, animal kept whole",
        "marks painted over, animal or not",
        "leopard taken off, marks left",
    )
    before: list[Judged] = []
    after: dict[str, list[Judged]] = {name: [] for name in names}
    boxed: list[Judged] = []
    for pixels in frames:
        plain = judge(predictor, pixels)
        before.append(plain)
        after[names[0]].append(judge(predictor, stripped(pixels, keep=plain.box)))
        after[names[1]].append(judge(predictor, stripped(pixels)))
        if plain.box is not None:
            boxed.append(plain)
            after[names[2]].append(judge(predictor, without_animal(pixels, plain.box)))
    return [
        effect(names[0], before, after[names[0]]),
        effect(names[1], before, after[names[1]]),
        effect(names[2], boxed, after[names[2]]),
    ]


def shares(maps: Sequence[OcclusionMap]) -> str:
    """The evidence of each map by place, and the mean, as a Markdown table."""
    lines = ["| P(leopard) | animal | strips | corners | elsewhere |", "|---|---|---|---|---|"]
    found = [evidence_share(each, each.box) for each in maps]
    for each, share in zip(maps, found, strict=True):
        lines.append(f"| {each.probability:.3f} | {_row(share)} |")
    known = [share for share in found if not np.isnan(share.animal)]
    if known:
        mean = EvidenceShare(
            *(
                float(np.mean([getattr(share, name) for share in known]))
                for name in ("animal", "strips", "corners", "elsewhere")
            )
        )
        lines.append(f"| mean | {_row(mean)} |")
        mostly = Share(sum(share.animal > 0.5 for share in known), len(known))
        lines.append(f"\nMore than half of the evidence on the animal: {mostly}")
    return "\n".join(lines)


def _row(share: EvidenceShare) -> str:
    values = (share.animal, share.strips, share.corners, share.elsewhere)
    return " | ".join(f"{value:.2f}" for value in values)


def sheet(maps: Sequence[OcclusionMap], *, width: int = 1200, columns: int = 4) -> bytes:
    """All maps, without their pictures, on one PNG `width` pixels wide."""
    gap = 8
    cell = (width - gap * (columns + 1)) // columns
    drawn = [Image.open(io.BytesIO(render_map(each, None, cell))).convert("RGB") for each in maps]
    tall = max((image.height for image in drawn), default=1)
    rows = -(-len(drawn) // columns)
    canvas = Image.new("RGB", (width, rows * (tall + gap) + gap), (255, 255, 255))
    for index, image in enumerate(drawn):
        row, column = divmod(index, columns)
        canvas.paste(image, (gap + column * (cell + gap), gap + row * (tall + gap)))
    buffer = io.BytesIO()
    canvas.quantize(128).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
