"""Boxes on a picture as it is stored: what programs that do not heed the rotation flag see.

The flag is EXIF's orientation, 1 to 8 (CIPA DC-008, table 6 of TIFF 6.0's tag 274). Boxes are kept
for the upright picture; COCO's are in pixels of the stored one.
"""

from __future__ import annotations

from camtrap.records import Box

_TURNED = (5, 6, 7, 8)
# Pillow turns these itself while it reads them, so that nobody sees them as they are stored.
_ALWAYS_UPRIGHT = (".tif", ".tiff")


def stored_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height as stored, of those of the upright picture."""
    return (height, width) if orientation in _TURNED else (width, height)


def stored_box(box: Box, orientation: int) -> Box:
    """A relative box of the upright picture, on the stored one; unknown flags change nothing."""
    x, y, width, height = box
    right, bottom = 1 - x - width, 1 - y - height
    turned = {
        2: Box(right, y, width, height),
        3: Box(right, bottom, width, height),
        4: Box(x, bottom, width, height),
        5: Box(y, x, height, width),
        6: Box(y, right, height, width),
        7: Box(bottom, right, height, width),
        8: Box(bottom, x, height, width),
    }
    return turned.get(orientation, box)


def flag_of(relative_path: str, orientation: int) -> int:
    """The rotation flag that counts for a file, 1 where its reader turns it anyway."""
    return 1 if relative_path.lower().endswith(_ALWAYS_UPRIGHT) else orientation
