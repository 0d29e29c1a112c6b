"""A reader's own file: every kind of picture becomes RGB from 0 to 1; anything else is refused by name, with the remedy."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pages.controls.decoding import SIDE
from pages.controls.pictures import read_picture
from tests.app.lesson import calm, change, control, images, open_lesson, sent, texts, values

RAMP = np.linspace(0, 255, 40 * 30).reshape(40, 30).round().astype(np.uint8)
RGB = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)


def saved(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def half(data):
    return data[: len(data) // 2]


def png_that_claims(width, height):
    """A PNG header and hardly any pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def grey_alpha():
    """Black, and fully transparent in its left half."""
    alpha = np.repeat(np.where(np.arange(30) < 15, 0, 255)[None].astype(np.uint8), 40, axis=0)
    return Image.merge("LA", [Image.fromarray(np.zeros_like(alpha)), Image.fromarray(alpha)])


def palette_with_transparency():
    image = Image.new("P", (30, 40), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 15, 40))
    return saved(image, transparency=0)


GREY, COLOUR = Image.fromarray(RAMP), Image.fromarray(RGB)
HALF = np.repeat(np.where(np.arange(30) < 15, 1.0, 0.0)[None], 40, axis=0)  # white where nothing was
BLUE_HALF = np.stack([HALF, HALF, np.ones_like(HALF)], axis=-1)
KINDS = {
    "RGB": (saved(COLOUR), RGB / 255),
    "grey": (saved(GREY), RAMP / 255),
    "grey and alpha": (saved(grey_alpha()), HALF),
    "RGBA": (saved(grey_alpha().convert("RGBA")), HALF),
    "palette": (saved(GREY.convert("P")), RAMP / 255),
    "palette with transparency": (palette_with_transparency(), BLUE_HALF),
    "16-bit grey": (saved(Image.fromarray(RAMP.astype(np.uint16) * 257)), RAMP / 255),
    "1-bit": (saved(Image.fromarray(RAMP > 127)), RAMP > 127),
    "CMYK JPEG": (saved(COLOUR.convert("CMYK"), "JPEG", quality=95), RGB / 255),
    "grey JPEG": (saved(GREY, "JPEG", quality=95), RAMP / 255),
    "WEBP": (saved(COLOUR, "WEBP", lossless=True), RGB / 255),
    "GIF": (saved(GREY, "GIF"), RAMP / 255),
    "BMP": (saved(COLOUR, "BMP"), RGB / 255),
}
FORMATS = "must be a picture in one of the formats PNG, JPEG, WEBP, GIF, BMP, TIFF: save it as one"
BROKEN = r"must be a whole, unbroken picture \(.*\): save it anew"
LARGE = "must have at most 25 megapixels: make it smaller"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_becomes_rgb(kind):
    data, expected = KINDS[kind]
    picture, _ = read_picture(data, "a picture")
    assert picture.shape == (3, 40, 30)
    assert picture.dtype == np.float32
    expected = np.broadcast_to(expected[..., None] if expected.ndim == 2 else expected, (40, 30, 3))
    np.testing.assert_allclose(picture.transpose(1, 2, 0), expected, atol=0.03 if "JPEG" in kind else 0.003)


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(1000, 500, (120, 240)), (1, 2000, (240, 1)), (240, 240, (240, 240))]
)
def test_a_large_picture_is_reduced(width, height, shape):
    picture, _ = read_picture(saved(Image.new("RGB", (width, height), "white")), "large.png")
    assert picture.shape == (3, *shape)
    assert max(picture.shape) <= SIDE
    assert (picture == 1).all()


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(1000, 500, (500, 1000)), (4000, 3000, (768, 1024)), (240, 240, None)]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_more_of_its_pixels_are_kept_to_be_taken_along(width, height, shape, kind):
    _, large = read_picture(saved(Image.new("RGB", (width, height), "white"), kind), "large")
    assert (large is None) == (shape is None)
    if shape:
        assert large.shape == (3, *shape)
        assert large.dtype == np.uint8
        assert (large == 255).all()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("notes.png", b"Dear diary, this is no picture.", FORMATS),
        ("page.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", FORMATS),
        ("nothing.png", b"", FORMATS),
        ("icon.png", saved(COLOUR, "ICO"), FORMATS),
        ("scan.pdf", saved(COLOUR, "PDF"), FORMATS),
        ("no rows.png", png_that_claims(5, 0), FORMATS),
        ("200.png", png_that_claims(20_000, 10_000), r"\(=20000x10000 pixels\) " + LARGE),
        ("26.png", png_that_claims(6_500, 4_000), r"\(=6500x4000 pixels\) " + LARGE),
        ("line.png", png_that_claims(2**31 - 1, 1), r"\(=2147483647x1 pixels\) " + LARGE),
        (
            "bomb.gif",
            saved(GREY, "GIF").replace(struct.pack("<HH", 30, 40), b"\xff" * 4),
            r"\(=65535x65535 pixels\) " + LARGE,
        ),
        ("bent.png", saved(COLOUR).replace(b"\x0dIHDR", b"\x05IHDR"), BROKEN),
        ("half.png", half(saved(COLOUR)), BROKEN),
        ("half.jpg", half(saved(COLOUR, "JPEG")), BROKEN),
        ("half.webp", half(saved(COLOUR, "WEBP")), f"{FORMATS}|{BROKEN}"),
        ("empty.png", png_that_claims(200, 200), BROKEN),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)
def test_anything_else_is_refused_by_name_with_the_remedy(name, data, message):
    with pytest.raises(ValueError, match=f"^{name} ({message})$"):
        read_picture(data, name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused_but_never_a_traceback_of_another_kind(kind):
    damage, data = random.Random(231), KINDS[kind][0]
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(damage.choice([0, 1, 5])):
            damaged[damage.randrange(damage.choice([60, len(data)]))] = damage.randrange(256)
        del damaged[damage.choice([damage.randrange(len(data)), len(data)]) :]
        try:
            picture, _ = read_picture(bytes(damaged), "damaged")
        except ValueError as error:
            assert str(error).startswith("damaged ")
        else:
            assert picture.shape[0] == 3
            assert 0 <= picture.min() <= picture.max() <= 1


def upload(app, name, data):
    return app.file_uploader(key="upload").set_value((name, data, "image/png")).run()


@pytest.mark.parametrize("name", ["convolution", "pooling", "transposed", "im2col", "gradient_flow"])
def test_a_page_takes_an_upload_refuses_a_bad_one_and_goes_on(name):
    app = open_lesson(name, input="own_picture", input_size="6", kernel_size="2", padding="0")
    assert calm(app)
    assert texts(app.info) == ["Choose a picture above. Until then a built-in one is shown."]
    upload(app, "notes.png", b"Dear diary")
    assert texts(app.error) == [f"notes.png {FORMATS}"]
    assert not app.exception
    upload(app, "white.png", saved(Image.new("RGB", (90, 60), "white")))
    assert not app.exception
    assert not app.error
    np.testing.assert_array_equal(values(app, "x"), np.ones((1, 6, 6)))


@pytest.mark.parametrize(
    ("name", "format"), [("photo.jfif", "JPEG"), ("photo.jpe", "JPEG"), ("scan.tif", "TIFF"), ("photo.png", "JPEG")]
)
def test_a_picture_is_read_by_its_content_whatever_its_name(name, format):
    app = open_lesson("convolution", input="own_picture", input_size="6", kernel_size="2", padding="0")
    upload(app, name, saved(Image.new("RGB", (9, 6), "white"), format))
    assert not app.exception
    assert not app.error
    np.testing.assert_array_equal(values(app, "x"), np.ones((1, 6, 6)))


@pytest.mark.parametrize("name", ["convolution", "pooling"])
def test_an_upload_in_colour_is_cut_to_its_middle_square_and_shown_whole(name):
    app = open_lesson(name, input="own_picture", input_size="4", channels="3", padding="0")
    colours = np.zeros((40, 80, 3), dtype=np.uint8)
    colours[:, 20:60] = 255, 51, 0  # the middle square; black beside it
    upload(app, "bar.png", saved(Image.fromarray(colours)))
    assert calm(app)
    np.testing.assert_array_equal(values(app, "x"), np.broadcast_to([[[1]], [[0.2]], [[0]]], (3, 4, 4)))
    assert "input, 80×40" in images(app)


@pytest.mark.parametrize("name", ["convolution", "pooling"])
def test_a_picture_of_ones_own_begins_with_a_grid_that_is_worth_it_and_says_what_part_it_is(name):
    app = open_lesson(name, input="vertical_edge")
    before = control(app, "input_size").value
    change(app, "input", "own_picture")
    upload(app, "sky.png", saved(Image.new("RGB", (90, 60), "white")))
    assert calm(app)
    assert control(app, "input_size").value == "12"
    part = "The grid is the middle 60×60 of the picture's 90×60 pixels, averaged to 12×12 cells from 0 to 1."
    assert part in texts(app.caption)
    upload(app, "square.png", saved(Image.new("RGB", (700, 700), "white")))
    assert any("all of the picture's 700×700 pixels" in said for said in texts(app.caption))
    change(app, "input", "vertical_edge")
    assert control(app, "input_size").value == before
    change(app, "input_size", "7")  # what the reader chose stays
    change(app, "input", "own_picture")
    assert control(app, "input_size").value == "7"
    change(app, "input_size", before)
    upload(app, "sky.png", saved(Image.new("RGB", (90, 60), "white")))
    assert control(app, "input_size").value == before


@pytest.mark.parametrize("size", [(1, 300), (300, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("name", ["convolution", "pooling", "transposed", "im2col"])
def test_a_picture_too_narrow_for_the_window_does_no_harm(name, size):
    app = open_lesson(name, input="own_picture", input_size="6", padding="0")
    upload(app, "line.png", saved(Image.new("RGB", size, "white")))
    assert not app.exception
    np.testing.assert_array_equal(values(app, "x"), np.ones((1, 6, 6)))  # its one cell, enlarged
    for error in texts(app.error):
        assert "must fit into the padded input (=1)" in error


def test_the_other_settings_outlast_a_file_that_is_refused():
    address = {"kernel": "blur", "filters": "2", "stride": "2", "dout": "random", "input_size": "8"}
    app = open_lesson("convolution", input="own_picture", **address)
    before = sent(app)
    assert texts(upload(app, "notes.png", b"Dear diary").error)
    assert calm(change(app, "input", "lake"))
    assert sent(app) == before
