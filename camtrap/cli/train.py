"""`camtrap train`: from labelled pictures to a model folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

_LINE_SECONDS = 30.0
"""Where there is no terminal, a line at most this often."""


def train(
    config: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Training settings (TOML).")
    ],
    data: Annotated[
        Path,
        typer.Option(exists=True, help="Labelled pictures: a manifest, label folders, a season."),
    ],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    run: Annotated[
        Path | None,
        typer.Option(help="Folder for checkpoints and logs. \\[default: OUT with '-run' added]"),
    ] = None,
    fold: Annotated[
        list[int] | None,
        typer.Option(min=0, help="Train only this fold's network, e.g. in a process of its own."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Threads; 0 is one a processor core.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Train a triage model. It may be stopped at any time; the same command continues.

    Settings with `kind = "aerial"` train the detector for pictures from above.
    """
    from camtrap.learn.aerial.settings import is_aerial
    from camtrap.learn.card import write_card
    from camtrap.learn.model_files import backbone_folder
    from camtrap.learn.plots import training_curve
    from camtrap.learn.settings import read_settings
    from camtrap.learn.train import train as train_model
    from camtrap.learn.tune import LOG

    run = run or out.with_name(f"{out.name}-run")
    if is_aerial(config):
        _train_aerial(config, data, out, run, device, workers, quiet)
        return
    settings = read_settings(config)
    with _Stages(quiet) as stages:
        info = train_model(
            settings,
            data,
            out,
            run=run,
            only=fold or (),
            device=device,
            workers=workers,
            report=stages.begin,
        )
    if info is None:
        typer.echo(f"Trained fold {', '.join(map(str, fold or ()))}; its network lies in {run}.")
        return
    training_curve(run / LOG, run / "training_curve.png")
    for folder in (info.folder, backbone_folder(info.folder)):
        write_card(folder)
    typer.echo(f"{info.folder}: {info.name} {info.version}, trained on {info.trained_on}")
    typer.echo(f"calibration {info.rules['calibration']}")
    typer.echo(f"thresholds {info.rules['thresholds']}")


def _train_aerial(
    config: Path, data: Path, out: Path, run: Path, device: str, workers: int, quiet: bool
) -> None:
    from camtrap.learn.aerial.settings import read_aerial_settings
    from camtrap.learn.aerial.train import train_aerial

    settings = read_aerial_settings(config)
    with _Stages(quiet) as stages:
        info = train_aerial(
            settings, data, out, run=run, device=device, workers=workers, report=stages.begin
        )
    typer.echo(f"{info.folder}: {info.name} {info.version}, trained on {info.trained_on}")


class _Stages:
    """Shows each stage of a training on standard error: a bar with ETA, or plain lines."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True, quiet=quiet)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=self._console, disable=quiet)
        self._plain = not self._console.is_terminal

    def __enter__(self) -> _Stages:
        if not self._plain:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._plain:
            self._bars.stop()

    def begin(self, stage: str, steps: int) -> Callable[[int], None]:
        """Note that a stage begins; gives what is to be told how many steps are done."""
        if self._plain:
            return self._lines(stage, steps)
        task = self._bars.add_task(stage, total=max(steps, 1))
        return lambda done: self._bars.update(task, completed=done)

    def _lines(self, stage: str, steps: int) -> Callable[[int], None]:
        from camtrap.engine.progress import duration

        started = last = time.monotonic()
        first: int | None = None

        def told(done: int) -> None:
            nonlocal last, first
            now = time.monotonic()
            first = done if first is None else first  # a continued stage does not begin at 0
            if now - last >= _LINE_SECONDS or done == steps:
                last = now
                left = (now - started) / max(done - first, 1) * (steps - done)
                text = f"{stage}: {done:,}/{steps:,}, {duration(left)} left"
                self._console.print(text, highlight=False, soft_wrap=True)

        return told
