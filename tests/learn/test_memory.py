"""Keeping freed memory: asked of glibc alone, and never an error elsewhere."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from camtrap.learn import memory

FAULTS = """
import resource, sys
import torch
from camtrap.learn.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    torch.ones(20_000_000)
for _ in range(20):  # a heap needs some steps to settle
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc here")
def test_pages_that_were_freed_are_not_asked_for_again():
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("keep") < faults("leave") / 10


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_are_left_alone(monkeypatch, system):
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform=system))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("asked for a library"))
    assert not memory.keep_freed_memory()


def test_a_c_library_without_the_function_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    assert not memory.keep_freed_memory()


def test_what_the_library_refuses_is_told(monkeypatch):
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    asked: list[int] = []

    def mallopt(parameter: int, value: int) -> int:
        asked.append(parameter)
        return int(parameter != -3)

    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    assert not memory.keep_freed_memory()
    assert len(asked) == 3
