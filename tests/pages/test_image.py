import numpy as np
import pytest
from PIL import Image

from documents.images import claimed_png, exif_turned_jpeg, text_image, text_png, text_tiff, tiny_png
from recto.errors import DocumentCorrupt, ImageTooLarge, ImageTooSmall
from recto.pages import image


def written(folder, content: bytes):
    path = folder / "picture"
    path.write_bytes(content)
    return path


def test_size_in_points_comes_from_the_resolution(tmp_path):
    picture, dpi = image.frame(written(tmp_path, text_png(dpi=200)), 1)
    assert dpi == 200
    assert (image.points(picture.width, dpi), image.points(picture.height, dpi)) == (612, 792)


def test_absurd_resolution_is_not_believed(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (4000, 3000), "white").save(path, dpi=(72, 72))
    picture, dpi = image.frame(path, 1)
    assert image.points(max(picture.size), dpi) == image.USUAL_SIDE


def test_every_frame_of_a_tiff_is_a_page(tmp_path):
    path = written(tmp_path, text_tiff((("one",), ("two",), ("three",))))
    assert image.frame_count(path) == 3
    first, _ = image.frame(path, 1)
    third, _ = image.frame(path, 3)
    assert first.tobytes() != third.tobytes()
    with pytest.raises(DocumentCorrupt, match="page 4"):
        image.frame(path, 4)


def test_animation_is_one_page(tmp_path):
    path = tmp_path / "moving.gif"
    frames = [Image.new("L", (50, 50), shade) for shade in (0, 100, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert image.frame_count(path) == 1


def test_camera_note_turns_the_page(tmp_path):
    picture, _ = image.frame(written(tmp_path, exif_turned_jpeg()), 1)
    assert picture.height > picture.width


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (15_001, 100), (8000, 7000)])
def test_claimed_size_is_refused_before_decoding(tmp_path, width, height):
    with pytest.raises(ImageTooLarge, match="lower resolution"):
        image.frame_count(written(tmp_path, claimed_png(width, height)))


def test_size_at_the_limit_is_accepted(tmp_path):
    assert image.frame_count(written(tmp_path, claimed_png(15_000, 3_000))) == 1


def test_too_small(tmp_path):
    with pytest.raises(ImageTooSmall, match="4 x 4"):
        image.frame_count(written(tmp_path, tiny_png()))


def test_truncated_picture_is_corrupt(tmp_path):
    path = written(tmp_path, text_png()[:2000])
    with pytest.raises(DocumentCorrupt, match="damaged"):
        image.frame(path, 1)


def test_not_a_picture(tmp_path):
    with pytest.raises(DocumentCorrupt):
        image.frame_count(written(tmp_path, b"certainly not a picture"))


def test_transparent_is_white(tmp_path):
    path = tmp_path / "clear.png"
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(path)
    picture, _ = image.frame(path, 1)
    assert picture.getpixel((5, 5)) == (255, 255, 255)


def test_deep_grey_is_stretched(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.linspace(1000, 3000, 400, dtype=np.uint16).reshape(20, 20)).save(path)
    picture, _ = image.frame(path, 1)
    assert picture.mode == "L"
    assert picture.getextrema() == (0, 255)


def test_palette_and_one_bit_pictures(tmp_path):
    for mode in ("P", "1"):
        path = tmp_path / f"{mode}.png"
        text_image(dpi=50).convert(mode).save(path)
        assert image.frame(path, 1)[0].mode in {"L", "RGB"}
