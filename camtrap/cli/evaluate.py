"""`camtrap evaluate`: how good a model is on pictures whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from camtrap.learn.dataset import Sample
    from camtrap.learn.evaluation.figures import Figures
    from camtrap.learn.evaluation.judged import Answers
    from camtrap.vision.checkpoint import ModelInfo

EXIT_SOME_UNREADABLE = 3
_SHOWN = 5


def evaluate(
    where: Annotated[
        Path,
        typer.Argument(
            metavar="SEASON_OR_FOLDER",
            help="A season; or any folder, and the labelled pictures are triaged now.",
        ),
    ],
    truth: Annotated[
        Path, typer.Option(exists=True, help="Labelled pictures: a manifest, folders, a season ...")
    ],
    split: Annotated[
        list[str] | None, typer.Option(help="Only this split of the truth; repeat for several.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Leave this source out; repeatable.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Name or folder of a model. \\[default: the season's, or amur]"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    backend: Annotated[str, typer.Option(help="auto, onnxruntime, openvino or torch.")] = "auto",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path(
        "evaluation"
    ),
    pictures: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Where the truth's pictures lie, if elsewhere."
        ),
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write the figures into the model's folder and card.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Compare what a model says with the truth: figures, a report, and every mistake to look at."""
    from camtrap.errors import DataError
    from camtrap.learn.evaluation.evaluate import evaluate as evaluate_answers
    from camtrap.learn.evaluation.evaluate import summary, unread_count
    from camtrap.learn.evaluation.report import terminal
    from camtrap.learn.evaluation.write import write_evaluation
    from camtrap.learn.plots import check_matplotlib
    from camtrap.ledger.schema import LEDGER_NAME

    check_matplotlib()
    samples = _read_truth(truth, tuple(split or ()), pictures)
    samples = [sample for sample in samples if sample.source not in (leave_out or ())]
    answers, info = (
        _of_season(where, samples, model, out, card=card)
        if (where / LEDGER_NAME).is_file()
        else _of_pictures(where, samples, model, (backend, device), pictures, out, quiet=quiet)
    )
    if not quiet:
        _tell(answers)
    if not answers.looked_at:
        raise DataError(
            f"None of the {len(samples):,} labelled pictures of {truth} could be judged. "
            "Check where they lie, and name their folder with --pictures."
        )
    found = evaluate_answers(answers, truth=truth.name)
    paths = write_evaluation(found, answers.looked_at, out)
    if card and info is not None:
        paths.append(_write_card(info, found))
    if as_json:
        typer.echo(json.dumps(summary(found), indent=2, ensure_ascii=False))
    else:
        for line in terminal(found):
            typer.echo(line)
    if not quiet:
        for path in paths:
            typer.echo(f"wrote {path}", err=True)
    if unread_count(answers):
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _read_truth(truth: Path, splits: tuple[str, ...], pictures: Path | None) -> list[Sample]:
    from dataclasses import replace

    from camtrap.learn.dataset import read_manifest
    from camtrap.learn.sources import MANIFEST, read_samples

    manifest = truth / MANIFEST if truth.is_dir() else truth
    if manifest.suffix.lower() != ".csv" or not manifest.is_file():
        return read_samples(truth, splits=splits, pictures=pictures)
    # Pictures that are no longer where a manifest says may well be in the season; those that are
    # nowhere are to be counted, so that none is left out here.
    samples = read_manifest(manifest, splits)
    if pictures is None:
        return samples
    places = [pictures / sample.file for sample in samples]
    return [
        replace(sample, path=place) if place.is_file() else sample
        for sample, place in zip(samples, places, strict=True)
    ]


def _of_season(
    season: Path, samples: list[Sample], model: str | None, out: Path, *, card: bool
) -> tuple[Answers, ModelInfo | None]:
    """What a season says of the samples, and its model's folder where it is asked for."""
    from camtrap.learn.evaluation.season import read_season
    from camtrap.learn.evaluation.write import check_out

    answers = read_season(season, samples)
    check_out(out, [each.sample.path for each in answers.judged])
    return answers, _season_model(season, answers, model) if card or model else None


def _of_pictures(
    where: Path,
    samples: list[Sample],
    model: str | None,
    runs_on: tuple[str, str],
    pictures: Path | None,
    out: Path,
    *,
    quiet: bool,
) -> tuple[Answers, ModelInfo]:
    """What the model says of the samples' pictures, now."""
    from camtrap.config import DEFAULT_MODEL
    from camtrap.engine.progress import RunProgress
    from camtrap.learn.evaluation.pictures import find_pictures, judge_pictures
    from camtrap.learn.evaluation.write import check_out
    from camtrap.vision.predictor import load_predictor

    found = find_pictures(samples, pictures or (where if where.is_dir() else None))
    check_out(out, [sample.path for sample in found.samples])
    backend, device = runs_on
    predictor = load_predictor(model or DEFAULT_MODEL, device=device, backend=backend)
    with RunProgress(len(found.files), found.size, quiet=quiet) as progress:
        return judge_pictures(found, predictor, progress), predictor.info


def _season_model(season: Path, answers: Answers, model: str | None) -> ModelInfo:
    """The folder of the model that a season was run with; raises `DataError` for another one."""
    from camtrap.config import DEFAULT_MODEL
    from camtrap.errors import DataError
    from camtrap.vision import checkpoint

    info = checkpoint.find(model or DEFAULT_MODEL)
    if info.sha256 != answers.model.sha256:
        raise DataError(
            f"The season {season} was triaged with {answers.model.name}, and '{info.name}' is "
            "another model. Name the season's own with --model, or the pictures' folder instead "
            "of the season."
        )
    return info


def _write_card(info: ModelInfo, found: Figures) -> Path:
    """Keep the figures of this split in `model.json`, and make the card anew."""
    from dataclasses import replace

    from camtrap.learn.card import write_card
    from camtrap.learn.evaluation.evaluate import split_name, summary
    from camtrap.vision import checkpoint

    # Plain texts are figures of an older kind, which these take the place of.
    kept = {name: told for name, told in info.figures.items() if isinstance(told, dict)}
    figures = {**kept, split_name(found): summary(found)}
    checkpoint.write_info(replace(info, figures=figures))
    return write_card(info.folder)


def _tell(answers: Answers) -> None:
    """Say which labelled pictures no figure speaks for."""
    from collections import Counter

    from camtrap.outputs.markup import count

    unread = Counter(each.state.value for each in answers.not_looked_at)
    for state, number in unread.items():
        names = [each.sample.file for each in answers.not_looked_at if each.state == state]
        typer.echo(f"{count(number, 'labelled picture')} {state}: {_some(names)}", err=True)
    if answers.missing:
        names = [sample.file for sample in answers.missing]
        typer.echo(f"{count(len(names), 'labelled picture')} not found: {_some(names)}", err=True)
    if "train" in {each.sample.split for each in answers.judged}:
        typer.echo("Pictures of the split 'train' are among them; a model knows those.", err=True)


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
