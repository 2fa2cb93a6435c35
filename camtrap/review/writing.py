"""What the page may have written into the season: its tables and brief anew, and exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from camtrap.errors import CamtrapError, ConfigError, SeasonError
from camtrap.ledger.lock import holder, locked
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.registry import FORMATS, formats_of
from camtrap.outputs.exports.writing import DEFAULT_FOLDER
from camtrap.outputs.exports.writing import export as write_export
from camtrap.review.answers import Refused

COMMAND = "camtrap review"

Refresh = Callable[[Ledger], dict[str, Any]]
"""Writes everything that a run leaves in a season, and returns the account that it tells."""


def names() -> list[str]:
    """The formats that can be asked for."""
    return [form.name for form in FORMATS]


def refresh(season: Path, write: Refresh) -> dict[str, Any]:
    """Write tables, pages and brief anew, people's words in them; answers with the account.

    Raises `Refused`: 409 while another camtrap writes, 503 where something cannot be written.
    """

    def work() -> dict[str, Any]:
        with Ledger(season) as ledger:
            return {"account": write(ledger)}

    return _while_locked(season, work)


def export(season: Path, name: Any) -> dict[str, Any]:
    """Write one format as `camtrap export` does; answers with paths within the season.

    Raises `Refused` as `refresh`, and 400 for an unknown format or one that lacks something.
    """
    if not isinstance(name, str) or name not in names():
        raise Refused(400, "format", f"The formats are {', '.join(names())}.")
    [form] = formats_of([name])

    def work() -> dict[str, Any]:
        with source_of(season) as source:
            done = write_export(source, form, season / DEFAULT_FOLDER, COMMAND)
        paths = [path.relative_to(season).as_posix() for path in done.paths]
        return {"paths": list(map(text_of, paths)), "note": " ".join(done.notes), "rows": done.rows}

    return _while_locked(season, work)


def _while_locked(season: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something as the only one that writes tables there, as `camtrap events` does."""
    try:
        with locked(season, COMMAND):
            return work()
    except ConfigError as error:
        raise Refused(400, "setting", str(error)) from error
    except SeasonError as error:
        who = holder(season)
        if who is not None:
            message = (
                f"The season is being written to by {who.told}. Try again when that has ended."
            )
            raise Refused(409, "busy", message) from error
        raise Refused(503, "season", str(error)) from error
    except CamtrapError as error:
        raise Refused(503, "season", str(error)) from error
