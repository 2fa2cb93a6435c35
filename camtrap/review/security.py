"""Who may ask: a guard in front of the whole app, which trusts no header and no page elsewhere.

A server on this computer is reachable for every web page that is open in its browser. So the guard
asks for a Host that is ours (against DNS rebinding), refuses what another site's page sends
(Origin, Sec-Fetch-Site, and a header that such a page cannot set), and bounds what is read. Beyond
loopback it asks for a token as well.
"""

from __future__ import annotations

import ipaddress
import logging
import platform
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from camtrap.review.answers import Refused, body_of, error, text_in

log = logging.getLogger(__name__)

BODY_LIMIT = 4_000_000
"""Bytes of one request; a decision on 100,000 files takes half of it."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise itself."""

TOKEN_HEADER = "x-camtrap-token"
OPEN_PATHS = frozenset({"/", "/overview", "/individuals", "/api/login", "/favicon.ico"})
OPEN_FOLDERS = ("/assets/", "/words/")
"""What holds nothing of the season: the pages' own code, which asks for the token."""

_METHODS = ("GET", "HEAD", "POST")
_TOKEN_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Policy:
    """Under which names the server may be called, and the token that opens it; '' for none.

    With `any_address`, it may also be called by any IP address, which no DNS answer can forge.
    `session` is what a browser's cookie holds once it has shown the token.
    """

    hosts: frozenset[str]
    any_address: bool = False
    token: str = field(default="", repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = "camtrap"

    def is_ours(self, host: str) -> bool:
        """True when a Host header names this server; any port will do, for tunnels have others."""
        name = name_of_host(host)
        return name in self.hosts or (self.any_address and _is_address(name))

    def knows(self, headers: Headers) -> bool:
        """True when a request shows the token, or the cookie that was given for it."""
        if not self.token or _same(headers.get(TOKEN_HEADER, ""), self.token):
            return True
        pairs = (part.partition("=") for part in headers.get("cookie", "").split(";"))
        return any(
            name.strip() == self.cookie and _same(value.strip(), self.session)
            for name, _, value in pairs
        )


def policy_of(host: str, port: int = 0, names: Iterable[str] = ()) -> Policy:
    """The policy for serving at an address: loopback is open to this computer, all else wants a
    new random token."""
    cookie = f"camtrap_{port}"  # cookies are shared by all ports of a host
    ours = {"localhost", "127.0.0.1", "::1", name_of_host(host), *map(name_of_host, names)}
    if is_loopback(host):
        return Policy(frozenset(ours), cookie=cookie)
    computer = platform.node().lower()
    ours |= {computer, f"{computer}.local"} if computer else set()
    everywhere = _is_address(host) and ipaddress.ip_address(host).is_unspecified
    return Policy(frozenset(ours), everywhere, secrets.token_urlsafe(24), cookie=cookie)


def is_loopback(host: str) -> bool:
    """True for an address that no other computer can reach."""
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


def name_of_host(host: str) -> str:
    """A Host header without its port and brackets, in lower case: `[::1]:8765` is `::1`."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(told: str, known: str) -> bool:
    told = told[:_TOKEN_LENGTH]
    return secrets.compare_digest(told.encode("utf-8", "replace"), known.encode())


class Guard:
    """Stands in front of an app and lets pass what the policy allows."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = _Answering(send)
        try:
            check(scope, self._policy)
            await self._app(scope, _Bounded(receive), answering)
        except Refused as refused:
            if answering.begun:
                raise
            await refused.answer(scope, receive, answering)
        except ClientDisconnect:
            log.debug("a browser went away while it sent something")
        except Exception:
            # What was being asked is not told to the log: a URL may name a station.
            log.exception("A request could not be answered.")
            if not answering.begun:
                sorry = error(500, "internal", "Something went wrong; the server's log tells it.")
                await sorry(scope, receive, answering)
            elif not answering.done:
                raise


def check(scope: Scope, policy: Policy) -> None:
    """Raise `Refused` for a request that may not pass."""
    headers = Headers(scope=scope)
    method, path = scope["method"], scope["path"]
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not policy.is_ours(hosts[0]):
        raise Refused(403, "host", "This server is not called by that name. Use the address shown.")
    if method not in _METHODS:
        raise Refused(405, "method", "Only GET and POST are answered.")
    _check_site(headers, method, path)
    if method == "POST":
        _check_post(headers, hosts[0])
    is_open = path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
    if not is_open and not policy.knows(headers):
        raise Refused(401, "token", "Open the address with the token that the server has shown.")


def _check_site(headers: Headers, method: str, path: str) -> None:
    """Refuse what a page of another site sends, as far as the browser tells."""
    site = headers.get("sec-fetch-site", "none")
    if site in ("none", "same-origin"):
        return
    # A link on another page may lead here; what it leads to cannot be read from there.
    is_link = headers.get("sec-fetch-mode") == "navigate" and not path.startswith("/api/")
    if method == "POST" or not is_link:
        raise Refused(403, "site", "Another site's page may not ask here.")


def _check_post(headers: Headers, host: str) -> None:
    origins = headers.getlist("origin")
    if any(origin != f"http://{host}" for origin in origins):
        raise Refused(403, "origin", "Another site's page may not send anything here.")
    if headers.get("x-camtrap") != "1":
        raise Refused(403, "header", "The header X-Camtrap is missing.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(400, "body", "The request holds no JSON object.")
    length = headers.get("content-length", "0")
    is_number = length.isascii() and length.isdigit() and len(length) < 15
    if not is_number or int(length) > BODY_LIMIT:
        raise Refused(413, "size", "The request is too large.")


class _Bounded:
    """A request's body, of which no more than the limit is read, whatever its headers say."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._left = receive, BODY_LIMIT

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise Refused(413, "size", "The request is too large.")
        return message


class _Answering:
    """An answer on its way, with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send, self.begun, self.done = send, False, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.done = True


async def login(request: Request, policy: Policy) -> Response:
    """POST /api/login {token}: gives the cookie with which pictures can be asked for."""
    token = text_in(await body_of(request), "token", most=_TOKEN_LENGTH)
    if policy.token and not _same(token, policy.token):
        raise Refused(401, "token", "That is not the token that the server has shown.")
    answer = JSONResponse({"ok": True})
    if policy.token:
        answer.set_cookie(policy.cookie, policy.session, httponly=True, samesite="strict", path="/")
    return answer
