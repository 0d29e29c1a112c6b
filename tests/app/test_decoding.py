"""A picture is decoded by its pixels: whatever else its file says may be broken in any way, and only turns it or does not."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from cnn_core import datasets
from pages.controls.decoding import decoded
from pages.controls.own_pictures import make_set
from tests.app.test_uploads import COLOUR, GREY, RGB, saved
from tests.sets import zipped

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")  # as the app does; pytest shows all else

WIDE = COLOUR.resize((40, 30), Image.Resampling.NEAREST)  # 40 x 30, every corner another colour
TAGS = {"Orientation": 0x112, "XResolution": 0x11A, "YResolution": 0x11B, "ResolutionUnit": 0x128}
SHORT, TEXT, RATIONAL, SIGNED, LONG = 3, 2, 5, 10, 4
SIZES = {1: 1, TEXT: 1, SHORT: 2, LONG: 4, RATIONAL: 8, SIGNED: 8}


def exif(*entries, order="<", start=None):
    """An EXIF block of one directory; an entry: its tag, the type of its value, and the value's bytes."""
    head = (b"II*\0" if order == "<" else b"MM\0*") if start is None else start
    beyond, places = b"", b""
    for tag, kind, value in entries:
        count = len(value) // SIZES[kind]
        place = value.ljust(4, b"\0")
        if len(value) > 4:
            place = struct.pack(order + "I", 8 + 2 + 12 * len(entries) + 4 + len(beyond))
            beyond += value
        places += struct.pack(order + "HHI", tag, kind, count) + place
    return (
        b"Exif\0\0" + head + struct.pack(order + "IH", 8, len(entries)) + places + struct.pack(order + "I", 0) + beyond
    )


def turned(n, order="<"):
    return TAGS["Orientation"], SHORT, struct.pack(order + "H", n)


SIGNED_RESOLUTION = TAGS["XResolution"], SIGNED, struct.pack("<ii", -1, 0)
TEXT_RESOLUTION = TAGS["XResolution"], TEXT, b"72\0"
BROKEN = {  # what Pillow reads and cannot write, or cannot read
    "a signed resolution": exif(turned(6), SIGNED_RESOLUTION),
    "a resolution in words": exif(turned(6), TEXT_RESOLUTION),
    "both": exif(turned(6), SIGNED_RESOLUTION, (TAGS["YResolution"], TEXT, b"72\0")),
    "an unsigned resolution by 0": exif(turned(6), (TAGS["XResolution"], RATIONAL, struct.pack("<II", 72, 0))),
    "a unit of many numbers": exif(turned(6), (TAGS["ResolutionUnit"], LONG, struct.pack("<9I", *range(9)))),
    "a date as a number": exif(turned(6), (0x132, SHORT, struct.pack("<H", 7))),
    "a pointer beyond the end": exif(turned(6), (0x8769, LONG, struct.pack("<I", 2**31))),
    "a pointer to itself": exif(turned(6), (0x8769, LONG, struct.pack("<I", 8))),
    "a pointer in words": exif(turned(6), (0x8825, TEXT, b"gps\0")),
    "most significant first": exif(turned(6, ">"), (TAGS["XResolution"], SIGNED, struct.pack(">ii", -1, 0)), order=">"),
}
FORMATS = ["JPEG", "PNG", "WEBP"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", BROKEN)
def test_a_picture_is_turned_whatever_else_its_exif_says(format, kind):
    picture = decoded(saved(WIDE, format, exif=BROKEN[kind]), "photo")
    assert picture.size == (30, 40)
    upright = np.asarray(WIDE.transpose(Image.Transpose.ROTATE_270)).astype(float)
    assert np.abs(np.asarray(picture) - upright).mean() < 6  # JPEG's loss; 80 and more when it lies another way


@pytest.mark.parametrize("format", [*FORMATS, "TIFF"])
@pytest.mark.parametrize("orientation", [*range(1, 9), 0, 9, 65535])
def test_each_orientation_stands_upright(format, orientation):
    """Judged by Pillow's own turning, which these blocks do not break."""
    from PIL import ImageOps

    data = saved(WIDE, format, exif=exif(turned(orientation)))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(np.asarray(decoded(data, "photo")), expected)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("start", [b"XX*\0", b"II\0\0", b"", b"\xff" * 60])
def test_a_picture_whose_exif_is_none_is_read_as_it_is_stored(format, start):
    block = exif(turned(6), start=start) if len(start) < 50 else b"Exif\0\0" + start
    np.testing.assert_allclose(
        np.asarray(decoded(saved(WIDE, format, exif=block), "x")).astype(int).mean(), 127, atol=3
    )
    assert decoded(saved(WIDE, format, exif=block), "photo").size == (40, 30)


def test_one_photo_with_a_broken_exif_does_not_stop_a_zip(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    files = {f"{c}/{n}.png": saved(GREY) for c in ("ants", "bees") for n in range(3)}
    for number, block in enumerate(BROKEN.values()):
        files[f"ants/photo {number}.jpg"] = saved(WIDE, "JPEG", exif=block)
    files["bees/none.webp"] = saved(WIDE, "WEBP", exif=exif(start=b"XX*\0"))
    dataset = datasets.load(make_set(zipped(files), "pets", 8, colour=True).name)
    assert len(dataset.train.y) + len(dataset.val.y) + len(dataset.test.y) == 6 + len(BROKEN) + 1


# Every kind of pixels.

LEVELS = np.linspace(0, 1, 40 * 30).reshape(40, 30)
TIFFS = {
    "grey": (GREY, np.rint(LEVELS * 255) / 255),
    "colour": (COLOUR, RGB / 255),
    "16 bits": (Image.fromarray((LEVELS * 65535).astype(np.uint16)), LEVELS),
    "real numbers": (Image.fromarray(LEVELS.astype(np.float32)), LEVELS),
    "real numbers above 1": (Image.fromarray((2000 * LEVELS).astype(np.float32)), LEVELS),
    "CMYK": (COLOUR.convert("CMYK"), RGB / 255),
    "Lab": (COLOUR.convert("LAB"), RGB / 255),
    "palette": (GREY.convert("P"), LEVELS),
    "1 bit": (Image.fromarray(LEVELS > 0.5), LEVELS > 0.5),
    "opaque": (COLOUR.convert("RGBA"), RGB / 255),
}


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("kind", TIFFS)
def test_a_tiff_is_read_in_every_kind_of_pixels(kind, compression):
    image, expected = TIFFS[kind]
    pixels = np.asarray(decoded(saved(image, "TIFF", compression=compression), "scan.tif")) / 255
    expected = np.broadcast_to(expected[..., None] if expected.ndim == 2 else expected, (40, 30, 3))
    np.testing.assert_allclose(pixels, expected, atol=0.15 if kind == "Lab" else 0.006)


def test_numbers_that_are_none_are_black():
    values = np.array([[0, np.nan], [np.inf, 1]], dtype=np.float32).repeat(8, axis=0).repeat(8, axis=1)
    pixels = np.asarray(decoded(saved(Image.fromarray(values), "TIFF"), "scan.tif"))
    assert pixels[::8, ::8, 0].tolist() == [[0, 0], [0, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "F"])
def test_a_large_picture_of_every_kind_is_reduced_as_it_is_decoded(mode):
    """Not after it is RGB: that takes three times its memory."""
    assert decoded(saved(Image.new(mode, (2000, 1000)), "TIFF"), "scan.tif").size == (500, 250)
    assert decoded(saved(Image.new(mode, (5000, 1)), "TIFF"), "scan.tif").size == (500, 1)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_pictures_in_a_file_the_first_is_read(format):
    others = [Image.new("RGB", (30, 40), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(Image.new("RGB", (30, 40), "lime"), format, save_all=True, append_images=others, **options)
    assert np.asarray(decoded(data, "film")).reshape(-1, 3).tolist() == [[0, 255, 0]] * 1200


def tiles(side):
    """A TIFF of 10 x 10 pixels in one tile of side x side, packed; the whole tile is there."""
    packed = zlib.compress(bytes(side * side))
    values = {256: 10, 257: 10, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 0, 325: len(packed)}
    values[324] = 8 + 2 + 12 * len(values) + 4
    return exif(*((tag, LONG, struct.pack("<I", value)) for tag, value in values.items()))[6:] + packed


def test_a_tiff_in_tiles_larger_than_itself_is_refused_before_they_are_unpacked():
    assert decoded(tiles(4096), "scan.tif").size == (10, 10)
    with pytest.raises(ValueError, match=r"^scan.tif \(=8192x8192 pixels\) must have at most 25 megapixels"):
        decoded(tiles(8192), "scan.tif")


# Anything may be broken: then it is said in a sentence, or the picture is read.

KINDS = [
    *(saved(WIDE, format, exif=block) for format in FORMATS for block in list(BROKEN.values())[:3]),
    *(
        saved(image, "TIFF", compression=c)
        for image, _ in TIFFS.values()
        for c in ("raw", "tiff_lzw")
        if image.mode != "F"
    ),
    saved(COLOUR, "JPEG", progressive=True, icc_profile=b"x" * 200, comment=b"hello"),
    saved(GREY.convert("P"), "GIF", save_all=True, append_images=[GREY, GREY], loop=0),
    saved(COLOUR, "WEBP", save_all=True, append_images=[COLOUR], lossless=True, xmp=b"<x tiff:Orientation='6'/>"),
    saved(COLOUR, "PNG", save_all=True, append_images=[COLOUR]),
    saved(GREY.convert("1"), "BMP"),
    saved(COLOUR, "MPO", save_all=True, append_images=[COLOUR]),
]


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(seed):
    damage = random.Random(seed)
    for _ in range(400):
        data = bytearray(damage.choice(KINDS))
        reach = damage.choice([24, 64, 300, len(data)])
        for _ in range(damage.choice([1, 2, 8])):
            place = damage.randrange(min(reach, len(data)))
            data[place] = damage.choice([0, 1, 255, 128, damage.randrange(256), data[place] ^ 1 << damage.randrange(8)])
        if damage.random() < 0.2:
            del data[damage.randrange(len(data)) :]
        try:
            picture = decoded(bytes(data), "photo")
        except ValueError as error:
            assert str(error).startswith("photo ")
            assert str(error).endswith((": save it anew", ": make it smaller", ": save it as one"))
            assert len(str(error)) < 400
        else:
            assert picture.mode == "RGB"


@pytest.mark.parametrize("format", FORMATS)
def test_no_exif_at_all_stops_a_picture(format):
    """Blocks that are random, cut off, or changed in places."""
    luck = random.Random(format)
    for _ in range(150):
        block = bytearray(luck.choice(list(BROKEN.values())))
        for _ in range(luck.choice([0, 1, 3, 9])):
            block[luck.randrange(6, len(block))] = luck.randrange(256)
        del block[luck.randrange(7, len(block) + 1) :]
        if luck.random() < 0.1:
            block[6:] = luck.randbytes(luck.randrange(200))
        data = saved(Image.new("RGB", (4, 3)), format, exif=bytes(block))
        assert decoded(data, "photo").size in ((4, 3), (3, 4))


def test_a_jpeg_that_goes_over_its_pixels_again_and_again_is_refused():
    """100 kB would keep a processor busy for minutes, and everybody else who wants to see a picture waiting."""
    whole = saved(Image.new("L", (2000, 2000), 128), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    scans = whole.count(b"\xff\xda")
    assert decoded(whole, "photo").size == (500, 500)
    assert decoded(whole[:-2] + last * (69 - scans) + whole[-2:], "photo").size == (500, 500)
    with pytest.raises(ValueError, match=r"photo \(=2000x2000 pixels in 70 scans\) must have at most 25 megapixels"):
        decoded(whole[:-2] + last * (70 - scans) + whole[-2:], "photo")


def test_what_a_zip_may_hold_counts_each_scan_beyond_the_usual():
    allowed = []
    whole = saved(Image.new("L", (100, 100), 128), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    decoded(whole, "photo", allowed.append)
    decoded(whole[:-2] + 100 * last + whole[-2:], "photo", allowed.append)
    decoded(saved(Image.new("L", (100, 100)), "PNG"), "photo", allowed.append)
    assert allowed == [10_000, 100_000, 10_000]
