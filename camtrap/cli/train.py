"""`camtrap train`: from labelled pictures to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Training settings (TOML).")
    ],
    data: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="A manifest of labelled pictures (CSV)."),
    ],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
) -> None:
    """Train a triage model; the same settings and pictures give the same model."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from camtrap.learn.settings import read_settings
    from camtrap.learn.train import train as train_model

    settings = read_settings(config)
    columns = (TextColumn("looking at pictures"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        info = train_model(
            settings,
            data,
            out,
            on_start=lambda count: progress.update(task, total=count),
            on_done=lambda: progress.advance(task),
        )
    typer.echo(f"{info.folder}: {info.name} {info.version}, trained on {info.trained_on}")
    typer.echo(f"calibration {info.rules['calibration']}")
    typer.echo(f"thresholds {info.rules['thresholds']}")
