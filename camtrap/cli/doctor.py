"""`camtrap doctor`: what this computer can do, what holds a run up, and what to change."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camtrap.engine.doctor import Diagnosis

EXIT_SOME_UNREADABLE = 3


def doctor(
    card: Annotated[
        Path | None,
        typer.Argument(metavar="[CARD]", help="A card: how fast is it, how long will it take?"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, mps or cuda.")] = None,
    model: Annotated[str | None, typer.Option(help="Name or folder of a model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same facts as JSON.")] = False,
) -> None:
    """Say what this computer can do, what holds a run up, and what to change; a minute or two."""
    from camtrap.config import resolve
    from camtrap.engine import doctor_page as page
    from camtrap.engine import examine
    from camtrap.engine.doctor import Diagnosis, is_busy
    from camtrap.engine.looking import decoder_of
    from camtrap.engine.machine import machine
    from camtrap.pixels.decode import decode_frame
    from camtrap.vision import checkpoint
    from camtrap.vision.backends.selfcheck import check_looks

    def show(lines: Iterable[str]) -> None:
        # Shown as they come: should a driver crash the program, what was found stays on the screen.
        if not as_json:
            typer.echo("\n".join([*lines, ""]))

    given = {"device": device, "model": model}
    settings = resolve(device=device, model=model)
    info = checkpoint.find(settings.model)
    listing = None if card is None else examine.list_card(card)
    computer = machine()
    workers = settings.workers or os.cpu_count() or 1
    place = examine.look_at_device(examine.asked_device(settings))
    show(page.machine_lines(computer, place))
    if listing is not None:
        show(page.card_lines(listing))

    _say("measuring the backends, this takes a minute ...")
    looks = check_looks()
    backends = examine.look_at_backends(
        info, place.name, looks, backend=settings.backend, is_busy=is_busy(computer)
    )
    del looks
    show(page.backend_lines(backends, f"{info.name} {info.version}", workers))

    _say("measuring reading, decoding and the model ...")
    predictor, problem = examine.open_predictor(settings, backends)
    sample = listing.sample if listing is not None else ()
    speed = examine.measure_speed(
        sample or examine.shipped_sample(),
        predictor,
        workers,
        batch_size=settings.batch_size,
        decode=decode_frame if predictor is None else decoder_of(settings, predictor),
    )
    diagnosis = Diagnosis(
        computer,
        place,
        f"{info.name} {info.version}",
        backends,
        speed,
        listing,
        {name: said for name, said in given.items() if said is not None},
        problem,
    )
    show(page.speed_lines(diagnosis))
    show(page.advice_lines(diagnosis))
    if as_json:
        typer.echo(json.dumps(page.as_dict(diagnosis), indent=2, ensure_ascii=False))
    if _is_doubtful(diagnosis):
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _is_doubtful(said: Diagnosis) -> bool:
    return bool(said.speed.faults or (said.listing is not None and said.listing.unlisted))


def _say(text: str) -> None:
    typer.echo(text, err=True)
