"""The gallery's routes: which leopard it is, as people say, and which events look alike.

The machine only sorts: no name comes from it, and every answer that it has a part in says that it
is a hint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from camtrap.errors import SeasonError
from camtrap.ledger import individuals as ledger
from camtrap.ledger.individuals import FLANKS, NO_BOX, IndividualConflict, Saved, UnknownCrop
from camtrap.review.alike import Alike, Answer, Likeness
from camtrap.review.answers import (
    LARGEST_NUMBER,
    Refused,
    body_of,
    not_found,
    number_in,
    text_in,
)
from camtrap.review.context import Review
from camtrap.review.decisions import BATCH_LENGTH, NAME_LENGTH
from camtrap.review.gallery import Seen, known, leopards, row_of

_MOST = 20_000
"""Crops that one request may name."""

_NO_CROPS = "No box shows the leopard of this event, so that it cannot be compared."


def routes(review: Review, *, alike: Alike | None = None) -> list[Route]:
    """The routes of the gallery, for the app of a review."""
    compare = alike or Alike(review.season)

    def gallery(_: Request) -> Response:
        events = leopards(review)
        return JSONResponse({"individuals": known(events), "events": [*map(row_of, events)]})

    def similar(request: Request) -> Response:
        return JSONResponse(_similar(review, compare, number_in(request, "number", "such event")))

    return [
        Route("/api/individuals", gallery),
        Route("/api/individual", _posted(lambda said: give(review, said)), methods=["POST"]),
        Route("/api/individual/undo", _posted(lambda said: undo(review, said)), methods=["POST"]),
        Route("/api/similar/{number:int}", similar),
    ]


def give(review: Review, said: Mapping[str, Any]) -> dict[str, Any]:
    """Save a person's word on an event's leopard, and answer with the event as it is now.

    Without `individual` only flanks are set; the individual that an event has already is no word
    on its crops, so that a flank can be set where there are two. Raises `Refused`.
    """
    reviewer = text_in(said, "reviewer", most=NAME_LENGTH, required=True)
    seen = _event_in(review, said)
    crops = [crop.key for crop in seen.crops] or [(seen.cover, NO_BOX)]
    flanks = _flanks_in(said.get("flank", {}), crops)
    names: dict[tuple[int, int], str] = {}
    if "individual" in said:
        text = text_in(said, "individual", most=ledger.NAME_LENGTH)
        chosen = _crops_in(said["crops"], crops) if "crops" in said else crops
        is_whole = len(seen.names) == 1 and not flanks  # pictures may have come since
        if "crops" in said or text != seen.individual or is_whole:
            names = dict.fromkeys(chosen, text)
    versions = {crop.key: crop.said.version for crop in seen.crops}
    versions |= {(one.file_id, one.number): one.version for one in seen.loose}
    if (version := said.get("version")) is not None:
        if type(version) is not int or not 0 <= version <= LARGEST_NUMBER:
            raise Refused(400, "version", "'version' is the whole number that the event had.")
        if version != seen.version and (names or flanks):
            raise _conflict(review, seen.event)
    try:
        saved = ledger.say(
            review.season,
            names,
            flanks,
            reviewer=reviewer,
            seen=None if version is None else versions,
        )
    except IndividualConflict:
        raise _conflict(review, seen.event) from None
    except UnknownCrop:
        raise not_found("such box") from None
    except SeasonError as error:
        raise Refused(503, "ledger", str(error)) from error
    return _told(review, seen.event, saved)


def undo(review: Review, said: Mapping[str, Any]) -> dict[str, Any]:
    """Take back what a person said last of leopards; answers the crops of which it was."""
    reviewer = text_in(said, "reviewer", most=NAME_LENGTH, required=True)
    batch = text_in(said, "batch", most=BATCH_LENGTH)
    try:
        back = ledger.undo(review.season, reviewer=reviewer, batch=batch)
    except SeasonError as error:
        raise Refused(503, "ledger", str(error)) from error
    undone = {
        f"{file}/{number}": {
            "individual": one.individual_id,
            "flank": one.flank,
            "version": one.version,
        }
        for (file, number), one in back.items()
    }
    return {"undone": undone}


def _similar(review: Review, alike: Alike, number: int) -> dict[str, Any]:
    events = leopards(review)
    seen = next((one for one in events if one.event == number), None)
    if seen is None:
        raise not_found("such event of a leopard")
    found = alike.to(seen, events) if seen.crops else Answer((), _NO_CROPS)
    listed = found.events
    if found.problem:
        listed = tuple(Likeness(one.event) for one in events if one.event != number)
    rows = [
        {
            "event": one.event,
            "similarity": None if one.similarity is None else round(one.similarity, 4),
            "flank": one.flank,
        }
        for one in listed
    ]
    return {
        "hint": True,
        "by": "time" if found.problem else "features",
        "message": found.problem,
        "pending": found.pending,
        "away": found.away,
        "events": rows,
    }


def _told(review: Review, event: int, saved: Saved) -> dict[str, Any]:
    seen = leopards(review, event)
    if not seen:  # somebody has called it otherwise this very moment
        raise not_found("such event of a leopard")
    return {**row_of(seen[0]), "batch": saved.batch}


def _conflict(review: Review, event: int) -> Refused:
    now = leopards(review, event)
    message = "Somebody else has said something of this leopard. Look at it once more."
    return Refused(409, "conflict", message, event=row_of(now[0]) if now else None)


def _event_in(review: Review, said: Mapping[str, Any]) -> Seen:
    number = said.get("event")
    if type(number) is not int or not 0 <= number <= LARGEST_NUMBER:
        raise Refused(400, "event", "'event' is the number of an event.")
    found = leopards(review, number)
    if not found:
        raise not_found("such event of a leopard")
    return found[0]


def _flanks_in(said: Any, crops: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    if not isinstance(said, dict):
        raise Refused(400, "flank", "'flank' holds a flank by 'file/number'.")
    for flank in said.values():
        if flank not in FLANKS:
            raise Refused(400, "flank", f"A flank is one of {', '.join(FLANKS)}.")
    keys = _crops_in(list(said), crops)
    return dict(zip(keys, said.values(), strict=True))


def _crops_in(said: Any, crops: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The crops of an event that were named, as `12/0`; raises `Refused` for any other."""
    known = {f"{file}/{number}": (file, number) for file, number in crops}
    if not isinstance(said, list) or len(said) > _MOST:
        raise Refused(400, "crops", "'crops' is a list of 'file/number'.")
    if not all(isinstance(name, str) and name in known for name in said):
        raise Refused(400, "crops", "That is no crop of this event.")
    return [known[name] for name in said]


def _posted(
    work: Callable[[dict[str, Any]], Any],
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        said = await body_of(request)
        return JSONResponse(await run_in_threadpool(work, said))

    return endpoint
