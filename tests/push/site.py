"""A site like EarthRanger, as far as its API documentation and its clients show it, on loopback.

It may be told to answer wrongly, slowly or not at all. As a real site it keeps of an event's form
only what the event type knows, and does not notice that an event comes twice.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from camtrap.outputs.exports.earthranger import DETAILS, EVENT_TYPE

TOKEN = "s3cret-token-0123456789"
API = "/api/v1.0/activity"
PAGE = 2

Fault = Callable[[Request], Response | None]


@dataclass
class Site:
    """What the site holds, and what it was asked; `faults` are done first, one a request."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    known: set[str] = field(default_factory=lambda: set(DETAILS))
    guard: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, method: str, *faults: Fault) -> None:
        self.faults.setdefault(method, deque()).extend(faults)

    def keys(self) -> list[str]:
        return sorted(e["event_details"].get("camtrap_key", "") for e in self.events.values())

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for method, _ in self.asked:
            found[method] = found.get(method, 0) + 1
        return found

    # -- answers

    def answer(self, request: Request) -> Response:
        kind = _kind(request)
        with self.guard:
            self.asked.append((kind, request.path))
            waiting = self.faults.get(kind)
            fault = waiting.popleft() if waiting else None
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, "Authentication credentials were not provided.")
        if fault is not None and (answer := fault(request)) is not None:
            return answer
        with self.guard:
            return self._answer(kind, request)

    def _answer(self, kind: str, request: Request) -> Response:
        if kind == "list":
            return self._list(request)
        if kind == "post":
            return self._post(request.get_json())
        event = self.events.get(request.path.split("/")[5])
        if event is None:
            return refusal(404, "Not found.")
        if kind == "get":
            return good(event)
        if kind == "patch":
            body = request.get_json()
            self.bodies.append(body)
            if "event_details" in body:
                body = {**body, "event_details": self._form(body["event_details"])}
            event.update(body)
            return good(event)
        [upload] = request.files.values()
        event["files"].append(
            {
                "id": f"file-{len(event['files'])}",
                "filename": upload.filename,
                "comment": request.form["comment"],
                "data": upload.read().hex(),
            }
        )
        return good({"id": event["files"][-1]["id"]}, 201)

    def _post(self, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        if body.get("event_type") != EVENT_TYPE:
            told = f"Value '{body.get('event_type')}' does not exist."
            return Response(json.dumps({"data": {"event_type": told}}), 400)
        number = len(self.events) + 1
        event = {
            **body,
            "event_details": self._form(body.get("event_details", {})),
            "id": str(UUID(int=number, version=4)),
            "serial_number": 100 + number,
            "state": "new",
            "files": [],
        }
        self.events[event["id"]] = event
        return good(event, 201)

    def _form(self, details: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in details.items() if k in self.known} | {"updates": []}

    def _list(self, request: Request) -> Response:
        within = json.loads(request.args["filter"])["date_range"]
        lower, upper = (datetime.fromisoformat(within[name]) for name in ("lower", "upper"))
        found = [
            event
            for event in self.events.values()
            if lower <= datetime.fromisoformat(event["time"]) <= upper
        ]
        page = int(request.args.get("page", 1))
        following = None
        if len(found) > page * PAGE:
            following = f"{request.url.partition('?')[0]}?page={page + 1}&filter=" + (
                request.args["filter"].replace("+", "%2B").replace(" ", "%20").replace('"', "%22")
            )
        return good(
            {
                "count": len(found),
                "next": following,
                "previous": None,
                "results": found[(page - 1) * PAGE : page * PAGE],
            }
        )


def good(data: Any, status: int = 200) -> Response:
    told = {"data": data, "status": {"code": status, "message": "OK"}}
    return Response(json.dumps(told), status, content_type="application/json")


def refusal(status: int, detail: str = "", **headers: str) -> Response:
    told = json.dumps({"status": {"code": status, "detail": detail}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(told, status, headers=named, content_type="application/json")


def refuse(status: int, detail: str = "", **headers: str) -> Fault:
    """Answers with a number, and does nothing."""
    return lambda _: refusal(status, detail, **headers)


def done_but(site: Site, fault: Fault) -> Fault:
    """Does what was asked, and then answers as if not, as a proxy does that gives up early."""

    def act(request: Request) -> Response | None:
        with site.guard:
            site._answer(_kind(request), request)
        return fault(request)

    return act


class Late:
    """A question that the site answers long after nobody listens any more: when it is let."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._let, self._done = threading.Event(), threading.Event()

    def __call__(self, request: Request) -> Response:
        self._let.wait(20)
        with self._site.guard:
            answer = self._site._answer(_kind(request), request)
        self._done.set()
        return answer

    def let(self) -> None:
        self._let.set()
        assert self._done.wait(20)


def cut(_: Request) -> Response:
    """Begins an answer, and ends the connection in the middle of it."""
    answer = Response(b'{"data"', 201, headers={"Content-Length": "4000"})
    answer.automatically_set_content_length = False
    return answer


def unended(_: Request) -> Response:
    """Says that half an answer is the whole, as a proxy does that was cut off itself."""
    return Response(b'{"data": {"id"', 201)


def _kind(request: Request) -> str:
    if re.fullmatch(f"{API}/events/?", request.path):
        return "post" if request.method == "POST" else "list"
    if request.path.endswith("/files/"):
        return "attach"
    return request.method.lower()


def serve(server: HTTPServer) -> Site:
    """Let the server answer as a site."""
    site = Site()
    server.expect_request(re.compile(f"^{API}/")).respond_with_handler(site.answer)
    return site
