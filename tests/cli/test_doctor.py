"""`camtrap doctor`: a page for people, JSON for programs, and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from camtrap.cli.main import app
from camtrap.engine import examine
from camtrap.engine.doctor import Backends, Offer
from camtrap.vision.backends import choice, selfcheck
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.memory import CACHE_VARIABLE
from camtrap.vision.backends.selfcheck import Measured
from tests.cards import FakePredictor, frame, plain_card, put, snapshot
from tests.cli.test_main import camtrap

TORCH = Spec("torch")
NO_ONNX = Offer(Spec("onnxruntime"), install='pip install "camtrap[onnx]"')


@pytest.fixture
def fake(monkeypatch):
    """A computer on which PyTorch alone is installed, and a model that knows greys."""
    found = Backends((Offer(TORCH, Measured(TORCH, 0.2)), NO_ONNX), TORCH, "the fastest")
    monkeypatch.setattr(selfcheck, "check_looks", list)
    monkeypatch.setattr(examine, "look_at_backends", lambda *args, **options: found)
    monkeypatch.setattr(examine, "open_predictor", lambda *args: (FakePredictor(), ""))


def doctor(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def test_help_does_not_import_torch():
    code = (
        "import sys; sys.argv = ['camtrap', 'doctor', '--help']\n"
        "from camtrap.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'torchvision', 'pandas', 'numpy', 'PIL'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_card_gets_a_page_and_is_left_alone(fake, tmp_path):
    card = plain_card(tmp_path / "карта 1", 12)
    before = snapshot(card)
    done = doctor(card)
    assert done.exit_code == 0, done.output
    assert snapshot(card) == before
    titles = ["This computer", "Card ", "What can run the model", "Speed on the card", "What to do"]
    places = [done.stdout.index(title) for title in titles]
    assert places == sorted(places)
    for told in ("12, 0 MB in all", "12 pictures spread", "whole card", "camtrap run", "карта 1"):
        assert told in done.stdout
    assert "measuring" in done.stderr
    assert "measuring" not in done.stdout


def test_without_a_card_the_sample_card_is_measured(fake):
    done = doctor()
    assert done.exit_code == 0, done.output
    assert "Speed on the sample card" in done.stdout
    assert "whole card" not in done.stdout
    assert "reading" not in done.stdout
    assert NO_ONNX.install in done.stdout


def test_an_empty_card_is_told(fake, tmp_path):
    done = doctor(tmp_path)
    assert done.exit_code == 0, done.output
    assert "There are no pictures on this card" in done.stdout


def test_json_is_all_there_is_on_standard_output(fake, card):
    done = doctor(card, "--json", "--device", "cpu")
    said = json.loads(done.stdout)
    assert said["card"]["pictures"] == 12
    assert said["device"]["name"] == "cpu"
    assert said["speed"]["bottleneck"] in ("card reader", "decoding", "model")
    assert said["command"][-2:] == ["--device", "cpu"]


def test_pictures_that_cannot_be_used_are_named_and_told_by_the_exit_code(fake, card):
    put(card, {"DCIM/100RECNX/cut.JPG": frame("prey")[:400], "DCIM/100RECNX/text.JPG": b"hello"})
    done = doctor(card)
    assert done.exit_code == 3
    assert "cut.JPG" in done.stdout
    assert "text.JPG" in done.stdout
    assert "Do not erase" in done.stdout
    assert len(json.loads(doctor(card, "--json").stdout)["speed"]["unusable"]) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere/card"], "does not exist"),
        (["--model", "unicorn"], "No model is called 'unicorn'"),
    ],
)
def test_our_own_errors_are_one_sentence(arguments, told):
    done = camtrap("doctor", *arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_the_real_thing_with_the_reference_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "OFFERED", {})
    # Its choice among one is nothing for other tests to go by.
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    card = plain_card(tmp_path / "card", 3)
    done = doctor(card, "--device", "cpu", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["backends"]["chosen"] == "PyTorch fp32 on cpu"
    [reference] = said["backends"]["offers"]
    assert reference["pictures_per_second"] > 0
    assert said["speed"]["model"]["pictures"] >= 3
    assert said["card"]["seconds"] is not None
