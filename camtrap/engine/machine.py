"""What this computer is: processor, memory, PyTorch, and why a GPU is used or not.

Nothing here is needed for a result; whatever a system does not tell stays unknown.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from camtrap import __version__

_ASK_SECONDS = 10.0
_INSTALL_TORCH = "https://pytorch.org/get-started/locally tells how to install one that does"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: what programs may still take, and all there is."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer and what camtrap stands on; '' and None where it cannot be known.

    `usable_cores` are those that the system lets us run on; `load` is how many cores were busy in
    the last minute.
    """

    camtrap: str
    python: str
    system: str
    processor: str
    cores: int
    usable_cores: int
    memory: Memory | None
    load: float | None
    torch: str


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """What there is to know about GPUs before it is said why none is used.

    `cuda_build` is the CUDA (or ROCm) version that PyTorch was built for, '' for none; `hidden` is
    the value of CUDA_VISIBLE_DEVICES where it is set; `torch_problem` says why PyTorch could not be
    asked at all.
    """

    is_apple_silicon: bool = False
    is_mac: bool = False
    driver: bool = False
    cuda_build: str = ""
    cuda_there: bool = False
    mps_build: bool = False
    mps_there: bool = False
    hidden: str | None = None
    torch_problem: str = ""


def machine() -> Machine:
    """Look at this computer; imports neither PyTorch nor any other large package."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = ""
    return Machine(
        camtrap=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} ({platform.machine()})",
        processor=processor(),
        cores=os.cpu_count() or 1,
        usable_cores=_usable_cores(),
        memory=memory(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        torch=torch,
    )


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's name as its maker sells it."""
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string").strip()
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            # The proc file is ASCII, but a maker may have put anything there.
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
            found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
            if found:
                return found[1].strip()
    return platform.processor()


def memory() -> Memory | None:
    """Memory now, as the system tells it; None where it tells nothing."""
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        total = _said("sysctl", "-n", "hw.memsize").strip()
        return parse_vm_stat(_said("vm_stat"), int(total) if total.isdecimal() else 0)
    try:
        return parse_meminfo(Path("/proc/meminfo").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None


def parse_meminfo(text: str) -> Memory | None:
    """Linux's /proc/meminfo, whose kB are 1024 bytes (proc(5)); None where a line is missing."""
    kilobytes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE))
    try:
        return Memory(1024 * int(kilobytes["MemAvailable"]), 1024 * int(kilobytes["MemTotal"]))
    except KeyError:
        return None


def parse_vm_stat(text: str, total: int) -> Memory | None:
    """Apple's vm_stat, which counts pages; what is inactive can be taken as well."""
    page = re.search(r"page size of (\d+) bytes", text)
    pages = dict(re.findall(r"^Pages (\w+):\s+(\d+)\.", text, re.MULTILINE))
    if page is None or "free" not in pages or not total:
        return None
    free = sum(int(pages.get(name, 0)) for name in ("free", "inactive", "speculative"))
    return Memory(free * int(page[1]), total)


if sys.platform == "win32":
    import ctypes

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("free", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 5),
        )

    def _windows_memory() -> Memory | None:
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None
        return Memory(int(status.free), int(status.total))


def _said(*command: str) -> str:
    """What a small program of the system prints; nothing where it cannot be run."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def gpu_facts() -> GpuFacts:
    """Ask the system and PyTorch about GPUs; importing PyTorch takes seconds."""
    is_mac = sys.platform == "darwin"
    is_apple = is_mac and platform.machine() == "arm64"
    driver = shutil.which("nvidia-smi") is not None
    try:
        import torch

        return GpuFacts(
            is_apple_silicon=is_apple,
            is_mac=is_mac,
            driver=driver,
            cuda_build=torch.version.cuda or getattr(torch.version, "hip", None) or "",
            cuda_there=torch.cuda.is_available(),
            mps_build=torch.backends.mps.is_built(),
            mps_there=torch.backends.mps.is_available(),
            hidden=os.environ.get("CUDA_VISIBLE_DEVICES"),
        )
    except Exception as error:
        # A damaged installation raises whatever its libraries do, on Windows mostly OSError.
        reason = " ".join(str(error).split()) or type(error).__name__
        return GpuFacts(is_apple, is_mac, driver, torch_problem=reason)


def why_no_gpu(facts: GpuFacts) -> str:
    """Why the processor is used, in a sentence; it names the next step where there is one."""
    if facts.torch_problem:
        return f"PyTorch cannot be used ({facts.torch_problem}). Install it again."
    if facts.cuda_there or facts.mps_there:
        name = "cuda" if facts.cuda_there else "mps"
        return f"PyTorch sees a GPU, but it was not chosen. Say --device {name} to use it."
    if facts.is_apple_silicon:
        if not facts.mps_build:
            return f"This PyTorch was built without Apple's MPS; {_INSTALL_TORCH}."
        return "PyTorch finds no Apple GPU (MPS). Update macOS; a virtual machine has none."
    if facts.is_mac:
        return "A Mac with an Intel processor has no GPU that is used here."
    if not facts.driver:
        return (
            "No NVIDIA driver was found (no nvidia-smi). If there is an NVIDIA card in this "
            "computer, install its driver; without one the processor does the work."
        )
    if not facts.cuda_build:
        return (
            f"There is an NVIDIA driver, but this PyTorch was built without CUDA; {_INSTALL_TORCH}."
        )
    if facts.hidden is not None:
        return (
            "There is an NVIDIA driver, but PyTorch sees no card: the environment says "
            f"CUDA_VISIBLE_DEVICES={facts.hidden}. Take that away."
        )
    return (
        f"There is an NVIDIA driver, but PyTorch (built for CUDA {facts.cuda_build}) sees no card. "
        "Run nvidia-smi: if it lists one, update the driver; if not, the card is off or broken."
    )


def gpu_name(device: str) -> str:
    """What a GPU is called; '' where it has no name."""
    if not device.startswith("cuda"):
        return "Apple GPU" if device == "mps" else ""
    import torch

    return torch.cuda.get_device_name(device)
