"""The server: bound to an address, told to the person, opened in the browser, and ended."""

from __future__ import annotations

import logging
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from camtrap.errors import CamtrapError
from camtrap.ledger.store import Ledger
from camtrap.review.app import app_of
from camtrap.review.audit import Audits
from camtrap.review.context import Review
from camtrap.review.index import Index
from camtrap.review.listening import bound, url
from camtrap.review.pictures import Pictures
from camtrap.review.security import is_loopback, policy_of
from camtrap.review.writing import Refresh

log = logging.getLogger(__name__)


def serve(
    season: Path,
    refresh: Refresh,
    say: Callable[[str], None],
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    browser: bool = True,
    reviewer: str = "",
    language: str = "",
) -> None:
    """Serve a season until Ctrl-C; `say` tells the address, with the token where one is needed.

    Raises `SeasonError` when there is no season, `ConfigError` when the address is not to be had.
    """
    Ledger(season).close()  # says in words when there is none, before a port is bound
    with bound(host, port) as listening:
        port = listening.getsockname()[1]
        policy = policy_of(host, port)
        index, pictures = Index(season), Pictures(season)
        audits = Audits(season, index)
        review = Review(season, index, audits, pictures, policy, refresh, reviewer, language)
        try:
            _show_sample(audits)
            index.start()
            address = url(policy, host, port)
            say(f"reviewing {season} at {address}")
            if not is_loopback(host):
                say("Who knows this address with its token can see and review the season.")
            say("To end, press Ctrl-C. Every decision is kept as it is made.")
            server = uvicorn.Server(
                uvicorn.Config(
                    app_of(review),
                    log_config=None,
                    log_level="warning",
                    access_log=False,  # URLs name stations
                    server_header=False,
                    lifespan="off",
                    timeout_graceful_shutdown=3,
                )
            )
            if browser:
                opening = threading.Thread(
                    target=_open_when_ready, args=(server, address), daemon=True
                )
                opening.start()
            server.run(sockets=[listening])
        finally:
            index.close()
            pictures.close()


def _show_sample(audits: Audits) -> None:
    try:
        audits.show_sample()
    except CamtrapError as error:
        log.warning("The audit's sample is not shown: %s", error)


def _open_when_ready(server: uvicorn.Server, address: str) -> None:
    while not server.started and not server.should_exit:
        time.sleep(0.05)
    if server.started:
        webbrowser.open(address)
