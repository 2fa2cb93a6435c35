"""What goes over the wire: JSON in, JSON out, and errors as a code and a sentence.

No answer tells where in the program something went wrong; that is in the log of who started it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

LARGEST_NUMBER = (1 << 63) - 1
"""Of a file or an event; SQLite knows none above."""


class Refused(Exception):  # noqa: N818 - the answer, and no failure of ours
    """Ends a request: an HTTP status, a code for the page, a sentence for people, more values."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    @property
    def answer(self) -> Response:
        """The answer that tells it."""
        return error(self.status, self.code, self.message, **self.more)


def error(status: int, code: str, message: str, **more: Any) -> Response:
    """`{"error": code, "message": sentence}` and what else there is."""
    return JSONResponse({"error": code, "message": message, **more}, status)


def not_found(what: str) -> Refused:
    """The refusal of what is not there."""
    return Refused(404, "unknown", f"There is no {what}.")


def number_in(request: Request, name: str, what: str) -> int:
    """A number of the path; raises `Refused` for one that no ledger can know."""
    number: int = request.path_params[name]
    if number > LARGEST_NUMBER:
        raise not_found(what)
    return number


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; raises `Refused` for anything else."""
    data = await request.body()
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Refused(400, "body", "The request holds no JSON object.")
    return said


def text_in(said: Mapping[str, Any], name: str, *, most: int, required: bool = False) -> str:
    """A short text of an object; raises `Refused` for what is none, too long, or missing."""
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise Refused(400, name, f"'{name}' is a text of at most {most} characters in one line.")
    value = " ".join(value.split())
    if required and not value:
        raise Refused(400, name, f"'{name}' is missing.")
    return value
