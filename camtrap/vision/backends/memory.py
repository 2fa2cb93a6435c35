"""What was measured on this machine is remembered, so that a start costs no measuring."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from camtrap.vision.backends.base import NAMES, Spec
from camtrap.vision.backends.selfcheck import Measured
from camtrap.vision.checkpoint import ModelInfo

log = logging.getLogger(__name__)

CACHE_VARIABLE = "CAMTRAP_CACHE"
"""Environment variable naming the folder for what is remembered, in place of the user's own."""

_FILE = "backends.json"


def cache_folder() -> Path:
    """Where camtrap remembers things about this machine; nothing of a season is there."""
    if said := os.environ.get(CACHE_VARIABLE):
        return Path(said)
    import typer

    return Path(typer.get_app_dir("camtrap"))


def fingerprint(info: ModelInfo, device: str) -> str:
    """Changes with everything that a measurement depends on: machine, packages, model, device."""
    said = [
        *(platform.node(), platform.machine(), platform.processor(), platform.python_version()),
        *(os.cpu_count(), device, info.sha256, info.parts, *map(_version, ("camtrap", *NAMES))),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def recall(key: str) -> Spec | None:
    """What was chosen under this key; None when nothing was, or it cannot be read."""
    try:
        said = _read()[key]["chosen"]
        spec = Spec(*said)
        known = spec.name in NAMES
    except (KeyError, TypeError):
        return None
    return spec if known else None


def remember(key: str, best: Spec, found: Sequence[Measured]) -> None:
    """Keep a choice with its figures; a folder that cannot be written to costs time, no more."""
    path = cache_folder() / _FILE
    figures = [
        {
            "backend": str(each.spec),
            "seconds": round(each.seconds, 4),
            "difference": round(each.difference, 5),
            "flips": each.flips,
            "problem": each.problem,
        }
        for each in found
    ]
    said = {**_read(), key: {"chosen": list(best), "measured": figures}}
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        log.info("the choice of backend cannot be kept in %s: %s", path, error)


def _read() -> dict[str, Any]:
    try:
        said = json.loads((cache_folder() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
