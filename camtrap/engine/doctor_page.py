"""The doctor's page: plain text in two columns for a person, and the same facts for a program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from camtrap.engine.doctor import (
    Backends,
    Device,
    Diagnosis,
    Listing,
    Offer,
    advice,
    backend_name,
    bottleneck,
    command,
    eta,
    pictures_a_second,
    rates,
    size_text,
    standing,
    throughput,
    typed,
)
from camtrap.engine.machine import Machine
from camtrap.engine.progress import duration
from camtrap.engine.rates import Rate

_WIDTH = 96
_NAME = 14
_SHOWN_FAULTS = 5
_SMALL_SAMPLE = 20_000_000
"""Bytes; the speed of a card is a rough figure when less of it was read."""


def machine_lines(machine: Machine, device: Device) -> Iterator[str]:
    """What this computer is."""
    cores = f"{machine.cores} cores"
    if machine.usable_cores != machine.cores:
        cores += f", of which {machine.usable_cores} may be used"
    memory = machine.memory
    yield "This computer"
    yield from _row("camtrap", machine.camtrap)
    yield from _row("Python", machine.python)
    yield from _row("system", machine.system)
    yield from _row("processor", f"{machine.processor or 'name not known'}, {cores}")
    if machine.load is not None:
        yield from _row("busy with", f"{machine.load:.1f} cores' worth of work in the last minute")
    yield from _row(
        "memory",
        "not known"
        if memory is None
        else f"{size_text(memory.free)} free of {size_text(memory.total)}",
    )
    yield from _row("PyTorch", machine.torch or "not installed")
    yield from _row("runs on", " ".join([device.name, device.gpu and f"({device.gpu})"]).strip())
    if device.why_no_gpu:
        yield from _row("why no GPU", device.why_no_gpu)


def backend_lines(backends: Backends, model: str, workers: int) -> Iterator[str]:
    """What can run the model, and what does."""
    yield f"What can run the model {model}"
    for place, offer in enumerate(backends.offers):
        speed = pictures_a_second(offer, workers)
        told = f"{speed:6.1f} pictures/s" if speed else ""
        text = standing(offer, is_reference=place == 0)
        mark = "*" if offer.spec == backends.chosen else " "
        yield from _row(backend_name(offer.spec), f"{told:17}  {text}", mark, 18)
    if any(offer.measured for offer in backends.offers):
        yield from _row("", _reckoned(backends.offers[0], workers), width=18)
    if backends.problem:
        yield from _row("problem", backends.problem)
    if backends.chosen is not None:
        yield from _row("used in a run", f"{backend_name(backends.chosen)}: {backends.why}")


def _reckoned(offer: Offer, workers: int) -> str:
    if offer.spec.device != "cpu":
        return "(one picture at a time; a run sends batches, which is faster)"
    return f"(on the sample card; reckoned for {workers} threads from one)"


def card_lines(listing: Listing) -> Iterator[str]:
    """What lies on the card."""
    yield f"Card {listing.card}"
    yield from _row("pictures", f"{listing.pictures:,}, {size_text(listing.size)} in all")
    for reason, count in sorted(listing.skipped.items()):
        yield from _row("passed over", f"{count:,}: {reason}")
    if listing.unlisted:
        yield from _row("not listed", f"{listing.unlisted:,} folders cannot be listed")
    if not listing.pictures:
        yield from _row("", "There are no pictures on this card. Is it the right folder?")


def speed_lines(said: Diagnosis) -> Iterator[str]:
    """How fast each stage is, which one is waited for, and for how long."""
    speed, found = said.speed, rates(said.speed, said.listing)
    yield "Speed on the card's own pictures" if said.has_card else "Speed on the sample card"
    if said.has_card:
        yield from _row("sample", _sample(said))
    for fault in speed.faults[:_SHOWN_FAULTS]:
        yield from _row("cannot be used", f"{fault.path}: {fault.reason}")
    if len(speed.faults) > _SHOWN_FAULTS:
        yield from _row("", f"and {len(speed.faults) - _SHOWN_FAULTS} more")
    if said.has_card:
        yield from _row("reading", _reading(said))
    yield from _row("decoding", _pictures(speed.decoding, speed.workers))
    yield from _row("model", said.problem or _pictures(speed.model, speed.workers))
    total, stage = throughput(found), bottleneck(found)
    if stage is None:
        yield from _row("together", "cannot be told")
        return
    sharing = "; decoding and model take turns on the cores" if speed.is_shared else ""
    yield from _row("together", f"{total:6.1f} pictures/s{sharing}")
    yield from _row("bottleneck", f"the {stage}" if stage != "decoding" else str(stage))
    seconds = eta(said.listing.pictures, found) if said.listing is not None else None
    if seconds is not None and said.has_card:
        yield from _row("whole card", f"about {duration(seconds)}")


def _sample(said: Diagnosis) -> str:
    assert said.listing is not None
    reading, tried = said.speed.reading, len(said.listing.sample)
    failed = f", {len(said.speed.faults)} of them cannot be used" if said.speed.faults else ""
    return f"{tried} pictures spread over the card, {size_text(reading.size)} read{failed}"


def _reading(said: Diagnosis) -> str:
    speed = said.speed
    if not speed.reading.count:
        return "nothing could be read"
    told = (
        f"{rates(speed, said.listing).reading:6.1f} pictures/s, {speed.reading.megabytes:,.0f} MB/s"
    )
    if not speed.is_fresh:
        return told + "; part of it may have come from memory: the card may be slower"
    if speed.reading.size < _SMALL_SAMPLE:
        return told + "; rough, from so few bytes"
    return told


def _pictures(rate: Rate, workers: int) -> str:
    if not rate.count:
        return "not measured: no picture could be used"
    return f"{rate.pictures:6.1f} pictures/s, {workers} threads"


def advice_lines(said: Diagnosis) -> Iterator[str]:
    """What to change, and what to type."""
    yield "What to do"
    found = advice(said)
    for text in found or ["Nothing has to be changed."]:
        yield from textwrap.wrap(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
    if words := command(said):
        yield ""
        yield f"  {typed(words)}"


def _row(name: str, text: str, mark: str = " ", width: int = _NAME) -> Iterator[str]:
    """A name and what is said of it, which may go on below; no word of it is broken."""
    lines = textwrap.wrap(
        text,
        _WIDTH - width - 4,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for number, line in enumerate(lines or [""]):
        head = f"{mark} {name:{width}}  " if number == 0 else " " * (width + 4)
        yield f"{head}{line}".rstrip()


def as_dict(said: Diagnosis) -> dict[str, Any]:
    """The facts as plain values, for JSON; null where something is not known."""
    found = rates(said.speed, said.listing)
    stage = bottleneck(found)
    return {
        "machine": _machine(said.machine),
        "device": {
            "name": said.device.name,
            "gpu": said.device.gpu or None,
            "why_no_gpu": said.device.why_no_gpu or None,
        },
        "model": said.model,
        "backends": {
            "offers": [
                _offer(offer, said.speed.workers, is_reference=place == 0)
                for place, offer in enumerate(said.backends.offers)
            ],
            "chosen": None if said.backends.chosen is None else str(said.backends.chosen),
            "why": said.backends.why or None,
            "problem": said.backends.problem or None,
        },
        "card": _card(said),
        "speed": {
            "workers": said.speed.workers,
            "reading": _rate(said.speed.reading) if said.has_card else None,
            "cache_may_flatter_reading": not said.speed.is_fresh if said.has_card else None,
            "decoding": _rate(said.speed.decoding),
            "model": _rate(said.speed.model),
            "model_problem": said.problem or None,
            "unusable": [fault._asdict() for fault in said.speed.faults],
            "pictures_per_second": _rounded(throughput(found)),
            "bottleneck": None if stage is None else str(stage),
        },
        "advice": advice(said),
        "command": command(said),
    }


def _machine(machine: Machine) -> dict[str, Any]:
    known = asdict(machine)
    del known["memory"]
    memory = machine.memory
    return {
        **known,
        "memory_free_bytes": None if memory is None else memory.free,
        "memory_total_bytes": None if memory is None else memory.total,
    }


def _offer(offer: Offer, workers: int, *, is_reference: bool) -> dict[str, Any]:
    measured = offer.measured
    known = measured is not None and not measured.problem
    return {
        "backend": str(offer.spec),
        "installed": not offer.install,
        "pictures_per_second": _rounded(pictures_a_second(offer, workers)),
        "difference": round(measured.difference, 5) if measured is not None and known else None,
        "labels_changed": measured.flips if measured is not None and known else None,
        "agrees": measured is not None and measured.agrees,
        "standing": standing(offer, is_reference=is_reference),
    }


def _card(said: Diagnosis) -> dict[str, Any] | None:
    listing = said.listing
    if listing is None:
        return None
    seconds = eta(listing.pictures, rates(said.speed, listing)) if said.has_card else None
    return {
        "path": str(listing.card),
        "pictures": listing.pictures,
        "bytes": listing.size,
        "skipped": dict(listing.skipped),
        "folders_not_listed": listing.unlisted,
        "sample_pictures": len(listing.sample),
        "seconds": None if seconds is None else round(seconds),
    }


def _rate(rate: Rate) -> dict[str, Any] | None:
    if not rate.count:
        return None
    return {
        "pictures": rate.count,
        "bytes": rate.size,
        "pictures_per_second": _rounded(rate.pictures),
        "megabytes_per_second": _rounded(rate.megabytes),
    }


def _rounded(number: float) -> float | None:
    return round(number, 2) if number else None
