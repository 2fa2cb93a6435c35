"""What no module of the program may do: unpickle what a file holds, or ask the network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import camtrap

HOME = Path(camtrap.__file__).parent
MODULES = sorted(HOME.rglob("*.py"))

UNPICKLES = {"pickle", "_pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
"""Modules that run what a file tells them to."""

ASKS_THE_NETWORK = {
    *("socket", "ssl", "urllib.request", "http.client", "ftplib", "smtplib", "xmlrpc"),
    *("requests", "httpx", "aiohttp", "urllib3", "websockets", "huggingface_hub", "erclient"),
}
MAY_ASK = "push/"
"""The folder (below `camtrap`) that exists to send something where a person told it to."""

MAY_LISTEN = "review/listening.py"
"""The module that waits for a browser; it needs `socket`, and no other of these."""


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere, with the packages above it."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def unsafe_loads(tree: ast.AST) -> Iterator[str]:
    """Calls that may unpickle: `torch.load` without `weights_only`, `allow_pickle=True`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        said = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if ast.unparse(node.func) == "torch.load" and said.get("weights_only") != "True":
            yield ast.unparse(node)
        if said.get("allow_pickle", "False") != "False":
            yield ast.unparse(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_no_module_unpickles_or_asks_the_network(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(imported(tree))
    assert not names & UNPICKLES
    assert not list(unsafe_loads(tree))
    where = path.relative_to(HOME).as_posix()
    if not where.startswith(MAY_ASK):
        assert names & ASKS_THE_NETWORK == ({"socket"} if where == MAY_LISTEN else set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_only_the_command_that_sends_leads_to_what_may_ask(path: Path) -> None:
    where = path.relative_to(HOME).as_posix()
    leads = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    if not where.startswith(MAY_ASK) and where != "cli/push.py":
        assert "camtrap.push" not in leads


@pytest.mark.parametrize(
    "code",
    ["torch.load(p)", "torch.load(p, weights_only=False)", "np.load(p, allow_pickle=True)"],
)
def test_an_unsafe_call_would_be_seen(code: str) -> None:
    assert list(unsafe_loads(ast.parse(code))) == [code]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import pickle as p", "pickle"),
        ("from urllib import request", "urllib.request"),
        ("def f():\n    import requests.sessions", "requests"),
    ],
)
def test_an_import_would_be_seen(code: str, name: str) -> None:
    assert name in imported(ast.parse(code))
