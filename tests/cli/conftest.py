"""Commands typed within this process, with a model that knows greys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError
from camtrap.vision import predictor as predictor_module
from tests.cards import FakePredictor

Command = Callable[..., Result]


@pytest.fixture
def camtrap(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in-process; our own errors are raised, as `main` would catch them."""
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())

    def type_in(*words: object) -> Result:
        result = CliRunner().invoke(app, list(map(str, words)))
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return type_in
