"""The audit in the browser: what of the pictures put away people have looked at, and what follows.

Sampling and bounds are the audit's own room; here its sample comes into the queue.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camtrap.audit import auditing
from camtrap.audit.targets import TARGETS
from camtrap.errors import ConfigError
from camtrap.review.answers import LARGEST_NUMBER, Refused
from camtrap.review.index import Index


class Audits:
    """The audit of a season that is being reviewed.

    What is told of it is made anew only when the ledger has changed: it asks every word of it.
    """

    def __init__(self, season: Path, index: Index) -> None:
        self._season, self._index = season, index
        self._lock = threading.Lock()
        self._told: tuple[int, dict[str, Any] | None] | None = None

    def told(self) -> dict[str, Any] | None:
        """The audit as it stands; None where there is none. Raises `SeasonError`."""
        with self._lock:
            version = self._index.ledger_version()
            if self._told is None or self._told[0] != version:
                found = auditing.current(self._season)
                self._told = version, None if found is None else found.as_dict()
            return self._told[1]

    def show_sample(self) -> None:
        """Let the queue show the sample, in the order in which it is to be looked at."""
        found = auditing.current(self._season)
        self._index.audit(() if found is None else found.files)

    def begin(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an audit, or let the one there is grow; raises `Refused` for what cannot be."""
        target = said.get("target", TARGETS[0])
        if target not in TARGETS:
            raise Refused(400, "target", f"'target' is one of {', '.join(TARGETS)}.")
        try:
            found = auditing.start(
                self._season,
                str(target),
                confidence=_number(said, "confidence"),
                size=_whole(said, "size"),
                bound=_number(said, "bound"),
                seed=_whole(said, "seed"),
            )
        except ConfigError as error:
            raise Refused(400, "setting", str(error)) from error
        self._index.audit(found.files)
        return found.as_dict()


def _number(said: Mapping[str, Any], name: str) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise Refused(400, name, f"'{name}' is a number.")
    return float(value)


def _whole(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise Refused(400, name, f"'{name}' is a whole number.")
    return value
