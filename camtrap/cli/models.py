"""`camtrap models`: what is installed, from where, under which licence, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer


def models(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    onnx: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Write the graphs for ONNX Runtime of a model's parts."),
    ] = None,
) -> None:
    """List the installed models with classes, licence, training data, figures and SHA-256."""
    from camtrap.vision import checkpoint

    if onnx is not None:
        _write_graphs(onnx)
        return
    found = list(checkpoint.installed())
    if as_json:
        said = [{**asdict(info), "folder": str(info.folder)} for info in found]
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    for info in found:
        typer.echo(f"{info.name}  {info.version}  ({info.kind}, {info.network})")
        facts = {
            "classes": ", ".join(info.rules.get("classes", ())),
            "licence": info.licence,
            "source": info.source,
            "trained on": info.trained_on,
            "parts": ", ".join(part["model"] for part in info.parts.values()),
            "sha256": info.sha256,
            "folder": str(info.folder),
        }
        for name, value in facts.items():
            if value:
                typer.echo(f"  {name:11} {value}")
        for split, told in info.figures.items():
            for line in _figures(split, told):
                typer.echo(f"  {'figure':11} {line}")
        typer.echo("")


def _write_graphs(name: str) -> None:
    """Write `model.onnx` of a detector or backbone, or of both parts of a triage model."""
    from camtrap.vision import checkpoint
    from camtrap.vision.backends.export import write_graph

    info = checkpoint.find(name)
    parts = [checkpoint.part(info, role) for role in info.parts] if info.parts else [info]
    for part in parts:
        typer.echo(f"wrote {write_graph(part).graph}", err=True)


def _figures(split: str, told: Any) -> Iterator[str]:
    """The headline figures of one split, a line each; plain text is told as it is."""
    from camtrap.learn.evaluation.evaluate import headline
    from camtrap.learn.evaluation.markdown import figure_text

    if not isinstance(told, dict):
        yield f"{split}: {told}"
        return
    for name, figure in headline(told).items():
        yield f"{name}, {split}: {figure_text(figure)}"
