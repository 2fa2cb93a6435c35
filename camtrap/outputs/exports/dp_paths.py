"""Paths and kinds of files as Camtrap DP takes them."""

from __future__ import annotations

from camtrap.card.scan import RAW_SUFFIXES, VIDEO_SUFFIXES

_MEDIATYPES = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif", "mpo"), "image/jpeg"),
    **{name: f"image/{name}" for name in ("png", "bmp", "webp", "gif", "heic", "heif", "avif")},
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
    **dict.fromkeys(("mp4", "m4v"), "video/mp4"),
    **dict.fromkeys(("mpg", "mpeg"), "video/mpeg"),
    **dict.fromkeys(("mts", "m2ts"), "video/mp2t"),
    "jxl": "image/jxl",
    "jp2": "image/jp2",
    "dng": "image/x-adobe-dng",
    "avi": "video/x-msvideo",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "wmv": "video/x-ms-wmv",
    "asf": "video/x-ms-asf",
    "webm": "video/webm",
    "3gp": "video/3gpp",
}


def suffix_of(path: str) -> str:
    """The suffix in small letters without its dot; empty where there is none."""
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return suffix.lower() if stem and suffix.isascii() and suffix.isalnum() else ""


def mediatype(suffix: str) -> str:
    """The media type of a suffix; a RAW file's is `image/x-` and the suffix."""
    if suffix in _MEDIATYPES:
        return _MEDIATYPES[suffix]
    if suffix in VIDEO_SUFFIXES:
        return f"video/x-{suffix}"
    return f"image/x-{suffix}" if suffix in RAW_SUFFIXES else "image/jpeg"


def file_path(path: str) -> str:
    """A path as Camtrap DP takes it; percent signs lead back to what the card has.

    It refuses `..` anywhere and `.`, `/` or `~` at the start; a backslash or a line break would be
    read as something else; and a percent sign itself is written as `%25`.
    """
    told = "".join(_escaped(c) if c in "%\\" or not c.isprintable() else c for c in path)
    while ".." in told:
        told = told.replace("..", ".%2E", 1)
    return _escaped(told[0]) + told[1:] if told and told[0] in "./~" else told


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
