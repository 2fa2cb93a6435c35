"""The front door: it answers at once, and says what went wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from camtrap import __version__

CAMTRAP = [sys.executable, "-c", "from camtrap.cli.main import main; main()"]


def camtrap(*arguments, **options):
    return subprocess.run(
        [*CAMTRAP, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        **options,
    )


def test_help_imports_neither_torch_nor_pandas():
    code = (
        "import sys; sys.argv = ['camtrap', '--help']\n"
        "from camtrap.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'torchvision', 'pandas', 'numpy', 'PIL'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", [[], ["run"], ["models"], ["train"]])
def test_every_command_has_help(command):
    done = camtrap(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_help_tells_defaults_that_are_written_in_brackets():
    # Rich takes brackets for markup, and leaves out what it does not know.
    shown = " ".join(camtrap("run", "--help").stdout.replace("│", " ").split())
    assert "[default: 400]" in shown
    assert "[default: one a processor core]" in shown


def test_version():
    assert camtrap("--version").stdout == f"camtrap {__version__}\n"


def test_a_misspelt_option_is_a_usage_error():
    assert camtrap("run", "--unicorn").returncode == 2


def test_a_card_that_is_not_there_is_an_error_in_one_sentence(tmp_path):
    done = camtrap("run", tmp_path / "none", "--out", tmp_path / "season")
    assert done.returncode == 1
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["leopard", "leopard=much", "leopard=2"])
def test_a_threshold_that_cannot_be_used_is_an_error(tmp_path, text):
    done = camtrap("run", tmp_path, "--out", tmp_path.parent / "season", "--threshold", text)
    assert done.returncode == 1
    assert "threshold" in done.stderr


def test_models_are_listed_with_licence_and_checksum():
    done = camtrap("models")
    assert done.returncode == 0
    for word in ("amur", "leopard", "licence", "sha256", "trained on"):
        assert word in done.stdout
    said = json.loads(camtrap("models", "--json").stdout)
    assert {"amur", "animal-detector", "lite2-imagenet"} <= {model["name"] for model in said}


@pytest.mark.slow
def test_the_package_offers_its_api_without_importing_torch_first():
    code = "import sys, camtrap; print('torch' in sys.modules, callable(camtrap.triage))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.split() == ["False", "True"]
