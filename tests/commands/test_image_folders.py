"""Folders of images on the command line: trained on, encoded and searched; what cannot be read is named."""

import json

import numpy as np
import pytest

import udl_fast
from tests.commands.running import run
from udl_fast.commands.inputs.images import read_images

Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 256, (30, 8, 10, 3), dtype=np.uint8)  # height 8, width 10
ROWS = np.moveaxis(LEVELS, 3, 1).reshape(30, 240).astype(np.float32) / np.float32(255)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = tmp_path / "images"
    found.mkdir()
    for number, levels in enumerate(LEVELS):
        Image.fromarray(levels).save(found / f"image-{number:02}.png")
    return found


def spoil(folder):
    """Five files that are no rows, and two that are none of ours."""
    content = (folder / "image-00.png").read_bytes()
    (folder / "a-cut.png").write_bytes(content[:100])
    (folder / "image-05b-text.jpg").write_text("no image")
    (folder / "empty.png").touch()
    Image.fromarray(LEVELS[0, :, :7]).save(folder / "narrow.png")
    Image.fromarray(np.zeros((8, 10), np.uint16)).save(folder / "deep.png")
    (folder / "notes.txt").write_text("about these images")
    (folder / "more.png").mkdir()


LEFT_OUT = {
    "a-cut.png": "",
    "deep.png": "mode I;16, expected 8 bits a channel",
    "empty.png": "cannot identify image file",
    "image-05b-text.jpg": "cannot identify image file",
    "narrow.png": "8 x 7 pixels, expected 8 x 10 (height x width)",
}


def test_readable_images_are_rows_and_others_are_named(folder):
    spoil(folder)
    found = read_images(folder)
    np.testing.assert_array_equal(found.values, ROWS)
    assert found.shape == (3, 8, 10)
    assert found.files == [f"image-{number:02}.png" for number in range(30)]
    assert list(found.left_out) == sorted(LEFT_OUT)
    for name, reason in LEFT_OUT.items():
        assert found.left_out[name].startswith(reason)
        assert found.left_out[name]


def test_the_model_says_which_images_are_wanted(folder):
    Image.fromarray(LEVELS[0, :6, :6]).save(folder / "small.png")
    assert read_images(folder, 36).shape == (6, 6)  # grey
    assert read_images(folder, 3 * 36).files == ["small.png"]
    assert len(read_images(folder, 80).left_out) == 1
    with pytest.raises(ValueError, match="8 x 10 pixels, 80 values or, in colour, 240; expected 7"):
        read_images(folder, 7)


def test_grey_images_stay_grey(tmp_path):
    for number in range(3):
        Image.fromarray(LEVELS[number, :, :, 0]).save(tmp_path / f"{number}.png")
    found = read_images(tmp_path)
    assert found.shape == (8, 10)
    np.testing.assert_array_equal(found.values, ROWS[:3, :80])


def test_a_folder_without_images_says_so(tmp_path):
    with pytest.raises(ValueError, match="holds no image that can be read"):
        read_images(tmp_path)
    (tmp_path / "one.png").touch()
    with pytest.raises(ValueError, match=r"holds no image that can be read: one.png: cannot"):
        read_images(tmp_path)


def test_from_a_folder_to_a_picture_of_what_was_found(folder, capsys, tmp_path):
    """Train, encode, search; the codes are those of the files that could be read."""
    spoil(folder)
    code, _, err = run(
        capsys, "train", folder, "--model", "semantic-hasher", "--hidden-layer-sizes", "9,8",
        "--rbm", "n_iter=1", "--epochs", 1, "--pictures", "pictures",
    )  # fmt: skip
    assert code == 0
    for name in LEFT_OUT:
        assert f"left out: {folder / name}: " in err
    drawn = {path.stem for path in (tmp_path / "pictures").iterdir()}
    assert drawn == {"filters", "reconstructions", "codes", "retrieval", "training_curve"}
    code, out, err = run(capsys, "encode", "model.safetensors", folder, "codes.npy", "--json")
    assert code == 0
    said = json.loads(out)
    assert sorted(said["left_out"]) == sorted(LEFT_OUT)
    assert err.count("left out: ") == 5
    names = (tmp_path / "codes.npy.files.txt").read_text().splitlines()
    assert said["files"] == "codes.npy.files.txt"
    model = udl_fast.load("model.safetensors")
    assert names == [f"image-{number:02}.png" for number in range(30)]
    np.testing.assert_array_equal(np.load("codes.npy"), model.encode(ROWS))
    code, out, _ = run(
        capsys, "search", "codes.npy", "codes.npy", "found.npz", "-k", 3, "--picture", "sheet.png",
        "--images", folder, "--query-images", folder,
    )  # fmt: skip
    assert code == 0
    assert "picture: sheet.png" in out
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_pictures_of_a_search_want_their_images(folder, capsys):
    np.save("codes.npy", RNG.integers(0, 256, (29, 1), dtype=np.uint8))
    words = ["search", "codes.npy", "codes.npy", "found.npz", "-k", 3, "--picture", "sheet.png"]
    with pytest.raises(SystemExit):
        run(capsys, *words)
    assert "--picture needs --images DATA and --query-images DATA" in capsys.readouterr().err
    code, _, err = run(capsys, *words, "--images", folder, "--query-images", folder)
    assert code == 1
    assert "holds 30 images for 29 codes" in err
    code, _, err = run(capsys, "encode", "missing", folder, "codes.npy")
    assert code == 1
