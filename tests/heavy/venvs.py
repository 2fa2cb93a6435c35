"""Other people's tools, each in a virtual environment of its own: their needs do not go together.

The environments lie in the folder that CAMTRAP_VALIDATORS names, or among the temporary files, and
are made once. They are made from the package index, so these tests need a network, and are run only
when they are asked for: `pytest -m validators`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

FOLDER_VARIABLE = "CAMTRAP_VALIDATORS"


def tool(*requirements: str) -> Path:
    """The interpreter of an environment that holds these packages (`name==version`)."""
    folder = Path(
        os.environ.get(FOLDER_VARIABLE) or Path(tempfile.gettempdir()) / "camtrap-validators"
    )
    key = hashlib.sha1("\n".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    place = folder / f"{requirements[0].partition('=')[0]}-{key}"
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = place / "done"
    if not done.is_file():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *requirements], check=True, timeout=1800
        )
        done.touch()
    return python


def ask(python: Path, script: str, *words: object, timeout: int = 600) -> str:
    """Run a script with other words behind it and return what it printed; it must end well."""
    done = subprocess.run(
        [python, "-c", script, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "MPLBACKEND": "agg"},
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
