"""An EarthRanger site, through EarthRanger's own client, asked for what camtrap needs.

The client is given a session of ours, for its own has no time limit, asks again in ways of its own,
and tells refusals without their number. Each answer is judged once, where it arrives: what may be
over soon is `Passing`, what a person has to do something about is a `Refused` with the next step.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from erclient import ERClient
from requests.adapters import HTTPAdapter

from camtrap.errors import PushError
from camtrap.outputs.exports.earthranger import KEY, SPEC
from camtrap.push.patience import Passing, retry_after_of
from camtrap.push.site import TOKEN_VARIABLE

TIMEOUT_SECONDS = (10.0, 60.0)
"""To connect, and between two pieces of the answer."""

SETTLE_SECONDS = 30.0
"""After an answer that did not come in time: the site may be at work on the question still, and
what it makes of it is to be seen before it is asked again."""

_DETAIL_LENGTH = 300
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_AROUND = timedelta(seconds=1)
_MALFORMED = (LookupError, AttributeError, TypeError, ValueError, RecursionError)

# The client tells whole events, places and all; what matters of them is said here.
_SILENT = logging.getLogger("camtrap.push.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.setLevel(logging.CRITICAL + 1)
_SILENT.propagate = False


class Refused(PushError):  # noqa: N818 - an answer
    """An answer that will not change by asking again; `status` is its number, 0 for no HTTP."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


@dataclass(frozen=True, slots=True)
class Remote:
    """An event as the site has it; `body` is all that it told."""

    remote_id: str
    serial: str
    body: Mapping[str, Any]

    @property
    def details(self) -> dict[str, Any]:
        """What is in the form, without the history that the site adds."""
        told = _details_of(self.body)
        return {name: value for name, value in told.items() if name != "updates"}


class EarthRanger:
    """One site. Every method raises `Passing` or `Refused`; none asks twice."""

    def __init__(self, site: str, token: str) -> None:
        self.site = site
        self._client = _Client(service_root=site, token=token, discovery=False)
        self._client.logger = _SILENT
        session = self._client._http_session
        session.mount("https://", _Judging(site))
        session.mount("http://", _Judging(site))
        session.auth = _as_it_is

    def find(self, key: str, time: datetime) -> Remote | None:
        """The event that has this key and happened at this time; None when the site has none."""
        around = {"lower": (time - _AROUND).isoformat(), "upper": (time + _AROUND).isoformat()}
        found = self._client.get_events(
            filter=json.dumps({"date_range": around}), include_details=True, page_size=100
        )
        for event in self._asked(lambda: list(found)):
            if isinstance(event, dict) and _details_of(event).get(KEY) == key:
                return self._remote(event)
        return None

    def post(self, body: Mapping[str, Any]) -> Remote:
        """Make an event."""
        return self._remote(self._asked(lambda: self._client.post_event(dict(body))))

    def get(self, remote_id: str) -> Remote:
        """An event with its form and its files; `Refused` with 404 when it is not there."""
        return self._remote(
            self._asked(lambda: self._client.get_event(event_id=remote_id, include_files=True))
        )

    def patch(self, remote_id: str, changes: Mapping[str, Any]) -> None:
        """Change some fields of an event; `event_details` replace all that the form held."""
        self._asked(lambda: self._client.patch_event(remote_id, dict(changes)))

    def attach(self, remote_id: str, name: str, data: bytes, comment: str) -> None:
        """Add a picture to an event."""
        with tempfile.TemporaryDirectory(prefix="camtrap-") as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            self._asked(lambda: self._client.post_event_file(remote_id, str(path), comment))

    def _asked(self, ask: Any) -> Any:
        try:
            return ask()
        except requests.exceptions.SSLError as error:
            raise Refused(
                0,
                f"{self.site} does not show a certificate that this computer trusts. Check the "
                "address, and date and time of this computer.",
            ) from error
        except requests.exceptions.TooManyRedirects as error:
            raise Refused(
                0,
                f"{self.site} sends to another address. Open it in a browser, and give the address "
                "that is shown there with --site.",
            ) from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader) as error:
            raise Refused(0, f"{self.site} cannot be asked: check the address.") from error
        except requests.exceptions.Timeout as error:
            raise Passing(f"{self.site} does not answer in time.", SETTLE_SECONDS) from error
        except requests.exceptions.RequestException as error:
            raise Passing(
                f"{self.site} cannot be reached, or the connection was cut. Check the network."
            ) from error

        except _MALFORMED as error:
            # What the client makes of an answer that is JSON, and not of the shape it looks for.
            raise Refused(0, _not_earthranger(self.site)) from error

    def _remote(self, event: Any) -> Remote:
        if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not event["id"]:
            raise Refused(0, _not_earthranger(self.site))
        return Remote(event["id"], str(event.get("serial_number") or ""), event)


def _details_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is in an event's form; nothing where the site sends what is no form."""
    told = event.get("event_details")
    return told if isinstance(told, dict) else {}


class _Client(ERClient):  # type: ignore[misc]  # the client has no types
    def _post_form(self, path: str, body: Any = None, files: Any = None) -> Any:
        # The client's own asks beside its session, and so without a time limit (1.19.0).
        response = self._http_session.post(
            self._er_url(path),
            data=body or {},
            files=files,
            headers={"User-Agent": self.user_agent, **self.auth_headers()},
        )
        return response.json().get("data")


def _as_it_is(request: Any) -> Any:
    """Keeps the header with the token; without any, a file `.netrc` would put its own there."""
    return request


class _Judging(HTTPAdapter):
    """Answers that are good come through; all others are told at once."""

    def __init__(self, site: str) -> None:
        self._site, self._timeout = site, TIMEOUT_SECONDS
        super().__init__(max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        if _origin(request.url or "") != _origin(self._site):
            raise requests.exceptions.TooManyRedirects
        response = super().send(request, False, self._timeout, verify, cert, proxies)
        if response.is_redirect or 300 <= response.status_code < 400:
            raise requests.exceptions.TooManyRedirects
        if not response.ok:
            raise refusal(
                self._site,
                response.status_code,
                detail_of(response.content),
                response.headers.get("Retry-After"),
            )
        try:
            told = json.loads(response.content)
        except ValueError:
            told = None
        except RecursionError:
            told = []
        if told is None and response.content.startswith(b"{"):
            raise Passing(f"{self._site} began an answer and did not end it.")
        if not isinstance(told, dict):
            raise Refused(0, _not_earthranger(self._site))
        return response


def refusal(site: str, status: int, detail: str, retry_after: str | None) -> Exception:
    """What an answer other than a good one means, with the next step."""
    said = f" It said: {detail}" if detail else ""
    if status == 429:
        return Passing(f"{site} is asked too often (429).", retry_after_of(retry_after))
    if status in _PASSING or status > 504:
        return Passing(
            f"{site} has trouble of its own ({status}).{said}", retry_after_of(retry_after)
        )
    if status == 401:
        return Refused(
            status,
            f"{site} does not accept the token (401).{said} Make a new one in its administration, "
            f"and put it into the environment as {TOKEN_VARIABLE}.",
        )
    if status == 403:
        return Refused(
            status,
            f"{site} does not allow this to the token's account (403).{said} Ask the site's "
            "administrator for the right to view, add and change events of the type's category.",
        )
    if status == 404:
        return Refused(
            status, f"{site} does not know what it was asked for (404). Check the address.{said}"
        )
    if status == 413:
        return Refused(
            status, f"{site} finds the picture too large (413). Send without: --no-pictures.{said}"
        )
    if status == 400:
        return Refused(
            status,
            f"{site} does not take the event (400).{said} Most often it has no such event type: an "
            f"administrator makes it once with 'er events apply {SPEC}', a file that 'camtrap "
            "export SEASON earthranger' writes; see docs/earthranger.md.",
        )
    return Refused(status, f"{site} refuses ({status}).{said} Show this to its administrator.")


def detail_of(content: bytes) -> str:
    """What an answer says in words, on one line and not too long; empty when it is no JSON."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(told, dict):
        return ""
    status, data = told.get("status"), told.get("data")
    words = [
        str(part)
        for part in (status.get("detail") if isinstance(status, dict) else None, data)
        if part
    ]
    text = " ".join(" ".join(words).split())
    text = "".join(letter for letter in text if letter.isprintable())
    return text if len(text) <= _DETAIL_LENGTH else text[:_DETAIL_LENGTH] + "..."


def _not_earthranger(site: str) -> str:
    return (
        f"{site} answers, but not as EarthRanger does. Check the address, and in a browser whether "
        "the network asks to sign in first."
    )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
