"""JPEG decoding on a GPU, behind a switch: for workstations whose processors cannot feed the card.

The GPU decodes at full size and scales there, so pixels differ a little from the CPU's reduced
decode. What the GPU cannot decode goes to the CPU, which has the verdict on damage.
"""

from __future__ import annotations

import logging
import warnings

from camtrap.errors import ModelError
from camtrap.pixels.decode import (
    Decode,
    Frame,
    decode_frame,
    is_infrared,
    opened_with_note,
    turned,
    upright_size,
)
from camtrap.pixels.fit import fitted_size
from camtrap.pixels.limits import LIMITS, Limits

log = logging.getLogger(__name__)

_JPEG = b"\xff\xd8"


def gpu_decoder(device: str, limits: Limits = LIMITS) -> Decode:
    """A stand-in for `decode_frame` within these limits that decodes JPEG on a CUDA device.

    Raises `ModelError` where torchvision or the device is missing.
    """
    try:
        import torch
        from torchvision.io import ImageReadMode, decode_jpeg
    except ImportError as error:
        raise ModelError(f"JPEG cannot be decoded on a GPU here: {error}.") from error
    # Its successor, TorchCodec, decodes on the GPU through other means; until then this works.
    warnings.filterwarnings("ignore", message=".*TorchVision are deprecated.*")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError(
            "JPEG can be decoded on an NVIDIA GPU alone, and this computer has none that works. "
            "Say --decoder cpu."
        )

    def decode(data: bytes, side: int) -> Frame:
        if not data.startswith(_JPEG):
            return decode_frame(data, side, limits=limits)
        with opened_with_note(data, limits) as (image, note):
            width, height = upright_size(image)
            if image.mode not in ("RGB", "L"):
                return decode_frame(data, side, limits=limits)
            stored = fitted_size(*image.size, side)
            try:
                raw = torch.frombuffer(bytearray(data), dtype=torch.uint8)
                full = decode_jpeg(raw, mode=ImageReadMode.RGB, device=device)
                small = torch.nn.functional.interpolate(
                    full.unsqueeze(0).float(),
                    size=(stored[1], stored[0]),
                    mode="bilinear",
                    antialias=True,
                )
            except RuntimeError as error:
                log.debug("a JPEG goes back to the CPU: %s", error)
                return decode_frame(data, side, limits=limits)
            rounded = small[0].round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
            pixels = turned(image, rounded)
        return Frame(pixels, width, height, is_infrared(pixels), note=note, limits=limits)

    return decode
