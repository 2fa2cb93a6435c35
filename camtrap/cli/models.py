"""`camtrap models`: what is installed, from where, under which licence, and how good it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def models(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """List the installed models with classes, licence, training data, figures and SHA-256."""
    from camtrap.vision import checkpoint

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
        for name, value in info.figures.items():
            typer.echo(f"  {'figure':11} {name}: {value}")
        typer.echo("")
