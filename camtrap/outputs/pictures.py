"""Small pictures for pages: a frame as the card holds it, scaled down, with boxes drawn in it.

What comes out holds pixels alone: no metadata of the camera, and so no position, goes with it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from camtrap.card.content import is_content_of
from camtrap.card.scan import is_video
from camtrap.errors import UnreadablePicture
from camtrap.ledger.rows import Entry
from camtrap.pixels.decode import decode_frame, opened, upright_size
from camtrap.pixels.fit import clipped
from camtrap.records import Box

_KEPT_QUALITY = 90
"""A kept picture is compressed twice; at 90 the first time does not show."""

_INNER, _OUTER = (255, 221, 0), (0, 0, 0)
_LINES_A_SIDE, _THINNEST = 400, 2
"""A line is this part of the picture's longer side, so that it looks the same at every size."""


class PictureAway(UnreadablePicture):
    """The card does not lie where it was, or other bytes lie there now."""


def read_picture(entry: Entry) -> bytes:
    """Read a file of the ledger again, where its card was last seen.

    Raises `PictureAway` when it is not there, and also when its bytes are not those that the model
    saw: cameras number their pictures alike, and another card may be in the same reader by now.
    Of a clip, what comes back is its best frame, as a picture.
    """
    try:
        data = entry.path.read_bytes()
    except (OSError, ValueError) as error:
        raise PictureAway(f"{entry.path} cannot be read: {error}") from error
    if entry.content_key and not is_content_of(entry.content_key, data):
        raise PictureAway(f"{entry.path} is another picture by now")
    return _still(entry, data) if is_video(entry.relative_path) else data


def _still(entry: Entry, data: bytes) -> bytes:
    """The frame of a clip that its boxes lie in.

    Where the ledger does not hold its second, the words that were told of it are asked.
    """
    from camtrap.video.clips import moment_of
    from camtrap.video.frames import frame_at, is_installed

    if not is_installed():
        raise UnreadablePicture(f"{entry.path} is a video; to see it: pip install camtrap[video]")
    at = moment_of(entry.reason) if entry.clip is None else entry.clip.frame_s
    return frame_at(data, at or 0.0)


def thumbnail(data: bytes, boxes: Sequence[Box], side: int, quality: int = 80) -> bytes:
    """Return a JPEG whose longer side is `side` pixels, or the original's if that is less.

    Each box is drawn as a yellow line within a black one, which shows on snow, leaves and infra-red
    alike. The same input gives the same bytes. Raises as `decode_frame`.
    """
    image = _small(data, side)
    for box in boxes:
        _draw(image, box)
    return _jpeg(image, quality)


def scaled(data: bytes, side: int) -> bytes:
    """A JPEG as `thumbnail` makes, without boxes and little compressed, to be drawn in later."""
    return _jpeg(_small(data, side), _KEPT_QUALITY)


def drawn(data: bytes, boxes: Sequence[Box]) -> bytes:
    """A picture of its own size with boxes, as `thumbnail` draws them; raises as `decode_frame`."""
    with opened(data) as original:
        side = max(upright_size(original))
    return thumbnail(data, boxes, side)


def _small(data: bytes, side: int) -> Image.Image:
    with opened(data) as original:
        longest = max(upright_size(original))
    return Image.fromarray(decode_frame(data, min(side, longest), least=0).pixels)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _draw(image: Image.Image, box: Box) -> None:
    part = clipped(box)
    line = max(_THINNEST, round(max(image.size) / _LINES_A_SIDE))
    left, top = round(part.x * image.width), round(part.y * image.height)
    right = max(round((part.x + part.width) * image.width) - 1, left)
    bottom = max(round((part.y + part.height) * image.height) - 1, top)
    draw = ImageDraw.Draw(image)
    # Both lines lie around the animal, as far as the picture leaves room for them.
    for colour, width, away in ((_OUTER, 3 * line, 2 * line), (_INNER, line, line)):
        corners = (
            max(left - away, 0),
            max(top - away, 0),
            min(right + away, image.width - 1),
            min(bottom + away, image.height - 1),
        )
        draw.rectangle(corners, outline=colour, width=width)
