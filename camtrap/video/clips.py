"""What a clip tells of itself: when it was taken, with what, and which of its frames stands for it.

QuickTime and MP4 hold their time in UTC by their standard (ISO 14496-12, 8.2.2), and telephones
keep to it; cameras that film have no zone and write what their clock shows. So the time is taken
as the camera's own, and the clock doctor has the last word. Apple's own tag has a zone and goes
first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from camtrap.card.clock import FIRST_YEAR, LAST_YEAR, resolve_time
from camtrap.card.exif import parse_timestamp
from camtrap.records import Capture, Clip

_TIMES = ("com.apple.quicktime.creationdate", "datetimeoriginal", "creation_time", "idit", "date")
_MAKES = ("com.apple.quicktime.make", "make", "com.android.manufacturer")
_MODELS = ("com.apple.quicktime.model", "model", "com.android.model")
_PLACES = ("com.apple.quicktime.location.iso6709", "location")
_OFFSET = re.compile(r"(?<=:\d{2})([+-]\d{2}):?(\d{2})$", re.ASCII)
_PLACE = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)", re.ASCII)  # ISO 6709, annex H
_MOMENT = re.compile(r"best frame at (\d+(?:\.\d+)?) s", re.ASCII)
_TEXT_LIMIT = 500


def capture_of_clip(tags: Mapping[str, str], name: str, modified_ns: int) -> Capture:
    """What a clip's metadata, its name and its file's time say; unknown stays empty."""
    said = {key.casefold(): value.strip()[:_TEXT_LIMIT] for key, value in tags.items()}
    latitude, longitude = _position(_first(said, _PLACES))
    capture = Capture(
        make=_first(said, _MAKES),
        model=_first(said, _MODELS),
        latitude=latitude,
        longitude=longitude,
    )
    for key in _TIMES:
        text = said.get(key, "")
        taken_at = parse_timestamp(_OFFSET.sub(r"\1:\2", text))
        if taken_at is not None and FIRST_YEAR <= taken_at.year <= LAST_YEAR:
            offset = _OFFSET.search(text)
            capture = replace(
                capture,
                taken_at=taken_at,
                timestamp_source="exif",
                raw_timestamp=text,
                utc_offset=f"{offset[1]}:{offset[2]}" if offset else "",
            )
            break
    return resolve_time(capture, name, modified_ns)


def told(clip: Clip) -> str:
    """A clip in words, for the tables: which frame its boxes lie in, and how many were seen."""
    length = "" if clip.duration_s is None else f" of {clip.duration_s:.1f} s"
    frames = "frame" if clip.frames == 1 else "frames"
    return f"best frame at {clip.frame_s:.3f} s; {clip.frames} {frames}{length} looked at"


def moment_of(reason: str) -> float | None:
    """The second of the best frame, from what `told` said; None where it said nothing."""
    found = _MOMENT.search(reason)
    return float(found[1]) if found else None


def _first(said: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((said[key] for key in keys if said.get(key)), "")


def _position(text: str) -> tuple[float, float] | tuple[None, None]:
    found = _PLACE.match(text)
    if not found:
        return None, None
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude, longitude) == (0.0, 0.0):
        return None, None
    return latitude, longitude
