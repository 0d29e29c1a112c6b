"""Files of pictures, whoever wrote them, as pixels: the one place where a page or a zip decodes a picture.

A file is judged by its content, whatever its name. What a file says beside its pixels (EXIF, resolution, profiles) can be
broken in any way and the picture still be whole, so only its orientation is looked at, and without it the picture stands
as it is stored.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Callable

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from cnn_core.datasets.zips import ENDINGS

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
KINDS = ("image/*", *ENDINGS)  # that a browser offers
MOST_PIXELS = 25_000_000
USUAL_SCANS = 10  # of a JPEG that comes in steps; with more, each pixel counts more than once
DECODING = threading.Lock()  # one picture at a time: unpacked it may take 200 MB
Image.MAX_IMAGE_PIXELS = None  # Pillow's own check, wider and without the size in its message, makes room for ours
# What is broken beside the pixels does not matter here, and each of Pillow's words on it would be kept and logged.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
SIDE = 240  # a whole picture is reduced to this many pixels a side: enough to see, quick to filter
LARGE = 1024  # and to this many where it is exported
# What turns a picture upright, by its orientation in EXIF (CIPA DC-008, "Orientation"); 1: it is.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class TooMuchError(ValueError):
    """A picture is too large, or many are together; says so, with the remedy."""


def decoded(
    data: bytes, name: str, allow: Callable[[int], None] = lambda pixels: None, *, keep: int = 2 * SIDE
) -> Image.Image:
    """A file as a picture in RGB, upright, already reduced where it is much larger than needed; the first one of several.

    keep: pixels of its longer side that are needed, as far as it has them. allow(pixels) is asked before it is unpacked, and
    may raise TooMuchError.
    Raises ValueError for a file that is no picture, is broken, or claims more than MOST_PIXELS pixels, also if it goes over
    fewer pixels again and again.
    """
    try:
        with DECODING, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, name)
            allow(_check_work(image, name, data))
            image.draft("RGB", (keep, keep))
            image.load()
            turn, rgb = _turn(image), _to_rgb(image, keep)
            return rgb if turn is None else rgb.transpose(turn)
    except TooMuchError:
        raise
    except UnidentifiedImageError:
        raise ValueError(
            f"{name} must be a picture in one of the formats {', '.join(FORMATS)}: save it as one"
        ) from None
    except Exception as error:  # broken bytes make a decoder raise nearly every kind of error
        raise ValueError(
            f"{name} must be a whole, unbroken picture ({str(error)[:200] or type(error).__name__}): save it anew"
        ) from None


def _check_size(image: Image.Image, name: str) -> None:
    sizes = [image.size]
    if image.format == "TIFF":  # it may be stored in tiles that are larger than the picture
        tags = image.tag_v2  # type: ignore[attr-defined]
        sizes.append((tags.get(ExifTags.Base.TileWidth, 0), tags.get(ExifTags.Base.TileLength, 0)))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    if width * height > MOST_PIXELS:
        raise TooMuchError(
            f"{name} (={width}x{height} pixels) must have at most {MOST_PIXELS / 1e6:.0f} megapixels: make it smaller"
        )


def _check_work(image: Image.Image, name: str, data: bytes) -> int:
    """How many pixels are to be unpacked. A JPEG of 100 kB may go over all of its pixels a thousand times."""
    scans = data.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 0
    pixels = image.width * image.height * max(1, scans // USUAL_SCANS)
    if pixels > MOST_PIXELS:
        raise TooMuchError(
            f"{name} (={image.width}x{image.height} pixels in {scans} scans) must have at most {MOST_PIXELS / 1e6:.0f} "
            f"megapixels, and {USUAL_SCANS} scans or a few more: save it anew"
        )
    return pixels


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What turns the picture upright; None: nothing, or nobody can tell. A TIFF is turned as it is loaded."""
    with contextlib.suppress(Exception):
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return None


def _to_rgb(image: Image.Image, keep: int) -> Image.Image:
    """Any mode as RGB: transparency over white, 16 and 32 bits a pixel scaled to 8. Reduced first, to save memory."""
    few = max(1, max(image.size) // keep)
    if image.mode in ("La", "RGBa"):  # colours multiplied by how opaque they are
        image = image.convert(image.mode.upper())
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.reduce(few)
    elif few > 1:  # no mean of these numbers is one of them
        width, height = (max(1, side // few) for side in image.size)
        image = image.resize((width, height), Image.Resampling.NEAREST)
    if image.mode.startswith("I") or image.mode == "F":
        values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
        top = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
        return Image.fromarray((values.clip(0, top) * 255 / top).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
