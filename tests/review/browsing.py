"""A browser at a review's address, as far as the server sees it."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from camtrap.cli.running import settings_of_last_run, write_outputs
from camtrap.ledger.store import Ledger
from camtrap.review.app import app_of
from camtrap.review.context import Review

ADDRESS = "http://127.0.0.1:8765"
POST = {"X-Camtrap": "1", "Origin": ADDRESS}
"""What our own page sends with a POST."""


class Browser(TestClient):
    """Our own page; errors of the server come as answers."""

    def __init__(self, review: Review, address: str = ADDRESS) -> None:
        super().__init__(app_of(review), address, raise_server_exceptions=False)

    def told(self, path: str) -> Any:
        """The JSON of a GET that must be answered."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sent(self, path: str, **said: Any) -> Any:
        """The JSON of a POST that must be answered."""
        answer = self.post(path, json=said, headers=POST)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, status: int, **said: Any) -> Any:
        """The JSON of a POST that must be refused."""
        answer = self.post(path, json=said, headers=POST)
        assert answer.status_code == status, answer.text
        return answer.json()

    def decided(self, event: int, label: str, reviewer: str = "Ольга", species: str = "") -> Any:
        """A decision on all frames of an event, as the page makes it."""
        frames = self.told(f"/api/event/{event}")["frames"]
        versions = {str(frame["file"]): frame["version"] for frame in frames}
        return self.sent(
            "/api/decide",
            reviewer=reviewer,
            event=event,
            files=versions,
            label=label,
            species=species,
        )


def refresh(ledger: Ledger) -> dict[str, Any]:
    """What the command line gives the server to write the outputs with."""
    return write_outputs(ledger, settings_of_last_run(ledger), anew=True).account
