"""What a computer tells of itself, and why no GPU is used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from camtrap import __version__
from camtrap.engine.machine import (
    GpuFacts,
    Memory,
    machine,
    memory,
    parse_meminfo,
    parse_vm_stat,
    why_no_gpu,
)

MEMINFO = "MemTotal:       24683340 kB\nMemFree:         100 kB\nMemAvailable:   20480000 kB\n"
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            200000.
Pages inactive:                            5000.
Pages speculative:                         1000.
Pages wired down:                         90000.
"""
DRIVER = GpuFacts(driver=True, cuda_build="12.8")
APPLE = GpuFacts(is_mac=True, is_apple_silicon=True, mps_build=True)


def test_this_machine_is_told():
    found = machine()
    assert found.camtrap == __version__
    assert 1 <= found.usable_cores <= found.cores
    assert found.torch[0].isdigit()
    assert found.processor == "" or found.processor.strip() == found.processor


def test_memory_in_use_is_not_free():
    found = memory()
    assert found is None or 0 < found.free <= found.total


def test_linux_counts_what_can_be_taken_back_as_free():
    assert parse_meminfo(MEMINFO) == Memory(20480000 * 1024, 24683340 * 1024)


def test_macos_counts_pages():
    assert parse_vm_stat(VM_STAT, 16 << 30) == Memory(16000 * 16384, 16 << 30)


@pytest.mark.parametrize(
    "found",
    [
        parse_meminfo(""),
        parse_meminfo("MemTotal: 100 kB\n"),
        parse_vm_stat("", 1 << 30),
        parse_vm_stat("page size of 16384 bytes", 1 << 30),
        parse_vm_stat(VM_STAT, 0),
    ],
)
def test_what_the_system_does_not_tell_is_not_known(found):
    assert found is None


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (GpuFacts(), "No NVIDIA driver was found"),
        (GpuFacts(driver=True), "built without CUDA"),
        (DRIVER, "built for CUDA 12.8) sees no card"),
        (replace(DRIVER, hidden=""), "CUDA_VISIBLE_DEVICES="),
        (replace(DRIVER, hidden="-1"), "CUDA_VISIBLE_DEVICES=-1"),
        (replace(DRIVER, cuda_there=True), "Say --device cuda"),
        (APPLE, "no Apple GPU (MPS)"),
        (replace(APPLE, mps_build=False), "built without Apple's MPS"),
        (replace(APPLE, mps_there=True), "Say --device mps"),
        (GpuFacts(is_mac=True), "Intel processor"),
        (GpuFacts(driver=True, torch_problem="c10.dll is missing"), "(c10.dll is missing)"),
    ],
)
def test_why_no_gpu_is_used_is_told_in_a_sentence(facts, told):
    text = why_no_gpu(facts)
    assert told in text
    assert text.endswith(".")
