"""The routes of the review: each asks one module, and turns what that says into an answer.

Whatever touches the disk runs in threads; the event loop only passes answers on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

import camtrap
from camtrap.errors import CamtrapError
from camtrap.review import answers, asking, decisions, individuals, security, writing
from camtrap.review.answers import Refused, body_of, not_found, number_in
from camtrap.review.context import Review
from camtrap.review.pictures import Picture
from camtrap.review.security import Guard

PAGES = Path(__file__).parent / "pages"
SHELLS = {"/": "review.html", "/overview": "overview.html", "/individuals": "individuals.html"}

_KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_BRIEF_CSP = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)


def app_of(review: Review, *, pages: Path = PAGES) -> Guard:
    """The whole app, its guard in front."""

    def answer(work: Callable[[Request], Any]) -> Callable[[Request], Response]:
        # Starlette calls what is no coroutine in a thread.
        def endpoint(request: Request) -> Response:
            return JSONResponse(work(request))

        return endpoint

    def posted(work: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            said = await body_of(request)
            return JSONResponse(await run_in_threadpool(work, said))

        return endpoint

    async def thumbnail(request: Request) -> Response:
        number = number_in(request, "file", "such picture")
        return _jpeg(await review.pictures.thumbnail(number, _tag(request)))

    async def picture(request: Request) -> Response:
        number = number_in(request, "file", "such picture")
        side = _side(request, 1600)
        return _jpeg(await review.pictures.picture(number, side, _tag(request)))

    async def crop(request: Request) -> Response:
        number = number_in(request, "file", "such picture")
        box = number_in(request, "number", "such box")
        return _jpeg(await review.pictures.crop(number, box, _side(request, 640), _tag(request)))

    async def login(request: Request) -> Response:
        return await security.login(request, review.policy)

    def undo(said: dict[str, Any]) -> Any:
        done, files = decisions.undo(review.season, said)
        return {**done, "event": asking.event_number(review, files)}

    routes = [
        *_shells(pages),
        *_assets(pages),
        Route("/api/login", login, methods=["POST"]),
        Route("/api/season", answer(lambda _: asking.season(review))),
        Route("/api/queue", answer(lambda request: asking.queue(review, request.query_params))),
        Route(
            "/api/event/{number:int}",
            answer(lambda request: asking.event(review, number_in(request, "number", "event"))),
        ),
        Route(
            "/api/file/{file:int}",
            answer(lambda request: asking.file(review, number_in(request, "file", "picture"))),
        ),
        Route("/api/overview", answer(lambda _: asking.overview(review))),
        Route("/api/audit", answer(lambda _: review.audits.told()), methods=["GET"]),
        Route("/api/audit", posted(review.audits.begin), methods=["POST"]),
        Route(
            "/api/decide",
            posted(lambda said: decisions.decide(review.season, decisions.decision_of(said))),
            methods=["POST"],
        ),
        Route("/api/undo", posted(undo), methods=["POST"]),
        Route(
            "/api/export",
            posted(lambda said: writing.export(review.season, said.get("format"))),
            methods=["POST"],
        ),
        Route("/api/refresh", posted(lambda _: asking.refresh(review)), methods=["POST"]),
        Route("/thumb/{file:int}.jpg", thumbnail),
        Route("/picture/{file:int}.jpg", picture),
        Route("/crop/{file:int}/{number:int}.jpg", crop),
        *individuals.routes(review),
        Route("/brief", lambda _: _brief(review)),
    ]
    handlers: Any = {
        Refused: _refused,
        CamtrapError: _told,
        404: _no_such_path,
        405: _no_such_method,
        Exception: _failed,
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), review.policy)


def _shells(pages: Path) -> list[Route]:
    """The pages' frames, which hold nothing of the season: data come as JSON."""
    templates = Environment(loader=FileSystemLoader(pages / "templates"), autoescape=True)

    def shell(name: str) -> Callable[[Request], Response]:
        def endpoint(_: Request) -> Response:
            return HTMLResponse(templates.get_template(name).render(version=camtrap.__version__))

        return endpoint

    return [Route(path, shell(name)) for path, name in SHELLS.items()]


def _assets(pages: Path) -> list[Route]:
    """The pages' own files. They are listed once, so that no path of a request reaches the disk."""
    known = {
        f"/{folder}/{path.relative_to(pages / folder).as_posix()}": path
        for folder in ("assets", "words")
        for path in (pages / folder).rglob("*")
        if path.suffix in _KINDS and path.is_file()
    }

    def endpoint(request: Request) -> Response:
        path = known.get(request.url.path)
        if path is None:
            raise not_found("such page")
        headers = {"Cache-Control": "no-cache"}
        return Response(path.read_bytes(), media_type=_KINDS[path.suffix], headers=headers)

    return [Route(f"/{folder}/{{name:path}}", endpoint) for folder in ("assets", "words")]


def _brief(review: Review) -> Response:
    """The season's brief, as it was written last; its styles and pictures lie within it."""
    try:
        data = (review.season / "brief.html").read_bytes()
    except OSError:
        raise not_found("brief yet: refresh the season") from None
    return HTMLResponse(data, headers={"Content-Security-Policy": _BRIEF_CSP})


def _jpeg(picture: Picture) -> Response:
    # The browser asks each time whether its copy still holds: another picture may lie there.
    headers = {"ETag": picture.tag, "Cache-Control": "private, no-cache"}
    if picture.data is None:
        return Response(status_code=304, headers=headers)
    return Response(picture.data, media_type="image/jpeg", headers=headers)


def _tag(request: Request) -> str:
    return request.headers.get("if-none-match", "")


def _side(request: Request, default: int) -> int:
    """The side that was asked for; -1, which is none, for what is no number."""
    text = request.query_params.get("side", str(default))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.answer


def _told(_: Request, error: Exception) -> Response:
    """An error of our own is a sentence for people, and no failure of the program."""
    return answers.error(503, "season", str(error))


def _no_such_path(_: Request, __: Exception) -> Response:
    return answers.error(404, "unknown", "There is no such page.")


def _no_such_method(_: Request, __: Exception) -> Response:
    return answers.error(405, "method", "That cannot be asked in this way.")


def _failed(_: Request, __: Exception) -> Response:
    return answers.error(500, "internal", "Something went wrong; the log of the server tells it.")
