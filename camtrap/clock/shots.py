"""One picture as the clock doctor sees it, and the number that the camera gave to its file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

# Letters and then digits at the end, as DCF (JEITA CP-3461) has it: RCNX0031, IMG_0001; or digits
# alone. More than six digits are dates; digits before the last `_` are a date and a time.
_NUMBER = re.compile(r"(?:.*[^\d_\W]_{0,2})?(\d{3,6})", re.ASCII)
_CAMERA_FOLDER = re.compile(r"([1-9]\d{2})\w{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture that the camera dated.

    `file_id` is the ledger's; `number` is what `file_number` says of its path; `taken_at` is the
    camera's own, uncorrected, and `applied` the seconds that `clock_offsets.csv` adds to it;
    `is_night` is None where it was not seen; `event` and `index` are the camera's own trigger count
    and the place in its burst.
    """

    file_id: int
    taken_at: datetime
    number: tuple[int, int] | None = None
    is_night: bool | None = None
    applied: int = 0
    event: int | None = None
    index: int | None = None
    deployment_id: str = ""


def file_number(relative_path: str) -> tuple[int, int] | None:
    """The number of the camera's folder (0 where there is none) and of the file in it, or None.

    They grow with every picture, from `100RECNX/RCNX9999.JPG` to `101RECNX/RCNX0001.JPG`. A name
    made of a date has no number: it would follow the clock, wrong or not.
    """
    folder, _, name = relative_path.rpartition("/")
    match = _NUMBER.fullmatch(name.rpartition(".")[0] or name)
    return (_folder_number(folder), int(match[1])) if match else None


@lru_cache(maxsize=256)
def _folder_number(folder: str) -> int:
    for part in reversed(folder.split("/")):
        match = _CAMERA_FOLDER.fullmatch(part)
        if match is not None and not part.isdigit():
            return int(match[1])
    return 0
