"""Score a season against a manifest of labelled pictures; prints Markdown, and `--append` keeps it.

    camtrap run DATA/images --out SEASON
    python benchmarks/public_test.py SEASON DATA/manifest.csv --append benchmarks/RESULTS.md

Rows are joined by the path from the card's folder on. Intervals are 95 % Wilson for shares, Hanley-
McNeil for the area under the curve. A leopard counts as found when its label is `leopard`; that it
was at least kept for a person (`unsure`) is told apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from camtrap.learn import metrics
from camtrap.learn.metrics import Share
from camtrap.records import LABELS, UNSURE
from camtrap.vision.checkpoint import read_info, write_info

LOOK_ALIKES = ("jaguar", "panthera onca", "leopardus pardalis", "cheetah", "serval", "ocelot")
"""Spotted cats of other continents: none lives beside Amur leopards."""

MARKS = ("<!-- figures: begin -->", "<!-- figures: end -->")

LIVING_ANIMALS = ("leopard", "prey", "other")


def main() -> None:
    """Read both tables, join them, print the figures."""
    parser = argparse.ArgumentParser(description="Score a season against labelled pictures.")
    parser.add_argument("season", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--split", default="public_test")
    parser.add_argument("--append", type=Path, help="also append the report to this file")
    parser.add_argument("--model", type=Path, help="also write the figures into this model folder")
    arguments = parser.parse_args()
    rows = joined(arguments.season, arguments.manifest, arguments.split)
    if rows.empty:
        sys.exit(f"No row of {arguments.manifest} with split {arguments.split} is in the season.")
    run = json.loads((arguments.season / "run.json").read_text(encoding="utf-8"))["runs"][-1]
    text = report(rows, f"{arguments.split}, {run['settings']['model']['id']}, {date.today()}")
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)
    if arguments.model:
        record(arguments.model, rows, text, arguments.split)


def record(model: Path, rows: pd.DataFrame, text: str, split: str) -> None:
    """Write the figures into `model.json` and, between two marks, into the model card."""
    truth, label = rows["truth"], rows["label"]
    alive = truth.isin(LIVING_ANIMALS)
    known = alive | (truth == "empty")
    found = (truth == label) & (truth == "leopard")
    area = metrics.auc((1 - rows["p_empty"][known]).to_numpy(), alive[known].to_list())
    figures = {
        f"leopard recall, {split}": str(share(found, truth == "leopard")),
        f"leopard precision, {split}": str(share(found, label == "leopard")),
        f"animal against empty AUC, {split}": f"{area:.3f}",
    }
    write_info(replace(read_info(model), figures=figures))
    card = model / "MODEL_CARD.md"
    before, rest = card.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    body = text.split("\n", 1)[1]
    card.write_text(
        f"{before}{MARKS[0]}\n{body}\n{MARKS[1]}{after}", encoding="utf-8", newline="\n"
    )


def joined(season: Path, manifest: Path, split: str) -> pd.DataFrame:
    """One row a labelled picture of the split: `truth` and what the season says of it."""
    truth = pd.read_csv(manifest, keep_default_na=False)
    truth = truth[truth["split"] == split].rename(columns={"label": "truth"})
    said = pd.read_csv(season / "images.csv", dtype={"label": str}, keep_default_na=False)
    said = said[["file_path", "label", "status", *(f"p_{label}" for label in LABELS)]]
    rows = truth.merge(said, left_on="file", right_on="file_path", how="left")
    if missing := int(rows["status"].isna().sum()):
        print(f"{missing} labelled pictures are not in the season", file=sys.stderr)
    rows = rows[rows["status"] == "ok"].copy()
    for label in LABELS:
        rows[f"p_{label}"] = pd.to_numeric(rows[f"p_{label}"])
    return rows


def report(rows: pd.DataFrame, title: str) -> str:
    """All figures as Markdown."""
    parts = [f"## {title}\n", figures(rows, "all"), ""]
    for modality, group in rows.groupby("modality"):
        parts += [figures(group, str(modality)), ""]
    without = rows[rows["source"] != "cct_night"]
    if 0 < len(without) < len(rows):
        parts += [figures(without, "without `cct_night` (which has no empty pictures)"), ""]
    parts += ["Confusion (rows: truth, columns: label)\n", confusion(rows), ""]
    return "\n".join(parts)


def figures(rows: pd.DataFrame, name: str) -> str:
    """The figures of one group of pictures as a Markdown list."""
    truth, label = rows["truth"], rows["label"]
    leopard, called = truth == "leopard", label == "leopard"
    local = ~rows["species"].str.lower().str.startswith(LOOK_ALIKES)
    kept = leopard & label.isin(["leopard", UNSURE])
    average = metrics.average_precision(rows["p_leopard"].to_numpy(), leopard.to_list())
    lines = [f"**{name}** ({len(rows)} pictures)\n"]
    if leopard.any():
        lines += [
            f"- leopard recall: {share(leopard & called, leopard)}; "
            f"called leopard or kept as unsure: {share(kept, leopard)}",
            f"- leopard precision: {share(leopard & called, called)}; look-alikes of other "
            f"continents left out: {share(leopard & called & local, called & local)}",
            f"- leopard average precision: {average:.3f}",
        ]
    animals = rows[truth.isin((*LIVING_ANIMALS, "empty"))]
    alive = animals["truth"] != "empty"
    lives, dead = alive.to_list(), (~alive).to_list()
    emptiness = animals["p_empty"].to_numpy()
    if alive.any() and not alive.all():
        area = metrics.auc(1 - emptiness, lives)
        low, high = metrics.auc_interval(1 - emptiness, lives)
        lines.append(f"- animal against empty, AUC: {area:.3f} [{low:.3f}, {high:.3f}]")
        lines += [
            f"- empty pictures removed at {recall:.0%} animal recall: "
            f"{metrics.removed_at_recall(emptiness, dead, recall)}"
            for recall in (0.95, 0.98)
        ]
        put_away = animals["label"] == "empty"
        lines.append(
            f"- at the model's own threshold: empties put away {share(put_away & ~alive, ~alive)}, "
            f"animals put away {share(put_away & alive, alive)}"
        )
    three = truth.isin(LIVING_ANIMALS)
    best = rows[[f"p_{name}" for name in LABELS[:-1]]].idxmax(axis=1).str[2:]
    if three.any():
        lines.append(
            f"- leopard / prey / other right on animals: {share(three & (best == truth), three)}"
        )
    chances = rows[[f"p_{name}" for name in LABELS]]
    right = (chances.idxmax(axis=1).str[2:] == truth).to_list()
    error = metrics.calibration_error(chances.max(axis=1).to_numpy(), right)
    lines.append(f"- expected calibration error of the likeliest label: {error:.3f}")
    lines.append(f"- left unsure: {share(label == UNSURE, label.notna())}")
    return "\n".join(lines)


def share(right: pd.Series[bool], whole: pd.Series[bool]) -> Share:
    """Counts of two masks as a share with its interval."""
    return Share(int(right.sum()), int(whole.sum()))


def confusion(rows: pd.DataFrame) -> str:
    """Counts of truth against label as a Markdown table."""
    columns = [*LABELS, UNSURE]
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for truth in LABELS:
        of_truth = rows[rows["truth"] == truth]
        counts = [str(int((of_truth["label"] == label).sum())) for label in columns]
        lines.append(f"| {truth} | " + " | ".join(counts) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
