"""`camtrap explain`: show where a model looks on single pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXIT_SOME_UNREADABLE = 3
_SIDE = 1024


def explain(
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURE...", help="Single pictures; not folders.")
    ],
    out: Annotated[Path, typer.Option(help="The folder for the maps; one PNG a picture.")],
    label: Annotated[str, typer.Option(help="The label to explain.")] = "leopard",
    model: Annotated[str | None, typer.Option(help="Name or folder of a model.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    without_picture: Annotated[
        bool,
        typer.Option("--without-picture", help="Maps on plain ground, to publish without photos."),
    ] = False,
) -> None:
    """Draw what in a picture speaks for a label; slow: about a hundred looks a picture."""
    from camtrap.config import resolve
    from camtrap.errors import ConfigError, UnreadablePicture
    from camtrap.learn.explain import evidence_share, occlusion_map, render_map
    from camtrap.records import LABELS
    from camtrap.vision.predictor import load_predictor

    if label not in LABELS:
        raise ConfigError(f"'{label}' is not a label. Choose one of {', '.join(LABELS)}.")
    for path in pictures:
        if out.resolve().is_relative_to(folder := path.resolve().parent):
            raise ConfigError(
                f"The maps' folder {out} lies in the pictures' folder {folder}, where nothing is "
                "ever written. Choose a folder elsewhere with --out."
            )
    settings = resolve(model=model, device=device)
    predictor = load_predictor(settings.model, device=settings.device, backend=settings.backend)
    out.mkdir(parents=True, exist_ok=True)
    unread = False
    typer.echo(f"{'P(' + label + ')':>10}  animal  strips  corners  elsewhere  picture")
    for path, target in zip(pictures, _targets(pictures, out), strict=True):
        try:
            data = path.read_bytes()
            found = occlusion_map(predictor, data, label)
        except (OSError, UnreadablePicture) as error:
            typer.echo(f"{path} cannot be read: {error}", err=True)
            unread = True
            continue
        target.write_bytes(render_map(found, None if without_picture else data, _SIDE))
        share = evidence_share(found, found.box)
        typer.echo(
            f"{found.probability:10.3f}  {share.animal:6.2f}  {share.strips:6.2f}  "
            f"{share.corners:7.2f}  {share.elsewhere:9.2f}  {path}"
        )
        typer.echo(f"wrote {target}", err=True)
    if unread:
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _targets(pictures: list[Path], out: Path) -> list[Path]:
    """One name a picture; pictures of one name from several folders are numbered."""
    used: set[str] = set()
    targets = []
    for path in pictures:
        name, number = path.stem, 2
        while name.casefold() in used:
            name, number = f"{path.stem}_{number}", number + 1
        used.add(name.casefold())
        targets.append(out / f"{name}.png")
    return targets
