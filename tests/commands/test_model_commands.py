"""`udl-fast train`, `transform` and `sample`: files in, files out, errors in words."""

import gzip
import io
import json
import re
import struct

import numpy as np
import pytest
from scipy import sparse

import udl_fast
from udl_fast import cli
from udl_fast.commands.inputs import rows as _input


def run(capsys, *arguments):
    """(exit code, stdout, stderr) of a command."""
    code = cli.main([str(argument) for argument in arguments])
    found = capsys.readouterr()
    return code, found.out, found.err


@pytest.fixture
def rows():
    return (np.random.default_rng(0).random((50, 16)) < 0.3).astype(np.float32)


@pytest.fixture
def model(tmp_path, rows, capsys):
    np.save(tmp_path / "rows.npy", rows)
    path = tmp_path / "model.safetensors"
    code, _, _ = run(
        capsys, "train", tmp_path / "rows.npy", "--output", path, "--components", 8, "--epochs", 2
    )
    assert code == 0
    return path


def test_train_is_what_the_class_does(tmp_path, rows, capsys):
    np.save(tmp_path / "rows.npy", rows)
    options = ["--components", 8, "--epochs", 3, "--algorithm", "pcd", "--k", 2, "--batch-size", 10]
    options += [
        "--learning-rate",
        0.05,
        "--momentum",
        0.5,
        "--seed",
        7,
        "--binarize",
        0.5,
        "--json",
    ]
    path, pictures = tmp_path / "m.safetensors", tmp_path / "pictures"
    code, out, err = run(
        capsys, "train", tmp_path / "rows.npy", "--output", path, "--pictures", pictures, *options
    )
    result = json.loads(out)
    assert (code, result["epochs"], result["rows"], result["n_visible"]) == (0, 3, 50, 16)
    expected = udl_fast.RBM(
        8, n_iter=3, algorithm="pcd", k=2, batch_size=10, learning_rate=0.05, momentum=0.5,
        random_state=7, binarize=0.5,
    ).fit(rows)  # fmt: skip
    np.testing.assert_array_equal(udl_fast.load(path).components_, expected.components_)
    history = json.loads((tmp_path / "m.history.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert [e["weight_change"] for e in history] == expected.history_["weight_change"]
    assert result["pseudo_likelihood"] == expected.history_["pseudo_likelihood"][-1]
    assert {p.name for p in pictures.iterdir()} == {
        "filters.png",
        "samples.png",
        "training_curve.png",
    }
    assert "epoch 3/3" in err


def test_transform_writes_hidden_probabilities(model, rows, tmp_path, capsys):
    np.save(tmp_path / "rows.npy", rows)
    code, out, _ = run(
        capsys, "transform", model, tmp_path / "rows.npy", tmp_path / "h.npy", "--json"
    )
    assert (code, json.loads(out)["shape"]) == (0, [50, 8])
    np.testing.assert_array_equal(np.load(tmp_path / "h.npy"), udl_fast.load(model).transform(rows))


def test_sample_writes_states_and_a_picture(model, tmp_path, capsys):
    output, picture = tmp_path / "s.npy", tmp_path / "s.png"
    code, out, _ = run(capsys, "sample", model, output, "-n", 9, "--steps", 5, "--picture", picture)
    assert code == 0
    np.testing.assert_array_equal(np.load(output), udl_fast.load(model).sample(9, n_steps=5))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "9 x 16 bool" in out


def test_sample_holds_what_clamp_gives(model, rows, tmp_path, capsys):
    output, clamp = tmp_path / "s.npy", tmp_path / "clamp.npy"
    known = np.where(np.arange(16) < 8, rows, np.nan)
    np.save(clamp, known)
    options = ["--steps", 5, "--seed", 3, "--clamp", clamp]
    code, out, _ = run(capsys, "sample", model, output, *options)
    assert code == 0
    assert "50 x 16 bool" in out
    expected = udl_fast.load(model).sample(50, 5, clamp=known, random_state=3)
    np.testing.assert_array_equal(np.load(output), expected)
    np.save(clamp, known[0])
    run(capsys, "sample", model, output, *options, "--means", "-n", 7, "--beta", 0.5)
    expected = udl_fast.load(model).sample(
        7, 5, beta=0.5, clamp=known[0], means=True, random_state=3
    )
    np.testing.assert_array_equal(np.load(output), expected)
    np.save(clamp, known[:, :9])
    code, _, err = run(capsys, "sample", model, output, *options)
    assert (code, "clamp has shape (50, 9), expected (16,) or (50, 16)" in err) == (1, True)


def written(tmp_path, kind, values):
    path = tmp_path / f"rows.{kind}"
    if kind == "csv":
        np.savetxt(path, values, delimiter=",")
    elif kind == "npz":
        np.savez(path, rows=values, other=np.zeros(3))
    else:
        content = (
            struct.pack(">4B3i", 0, 0, 8, 3, len(values), 4, 4)
            + (values * 255).astype(np.uint8).tobytes()
        )
        path.write_bytes(gzip.compress(content) if kind.endswith("gz") else content)
    return f"{path}:rows" if kind == "npz" else str(path)


@pytest.mark.parametrize("kind", ["csv", "npz", "idx", "idx.gz"])
def test_every_kind_of_file_is_read(kind, tmp_path, rows):
    found = _input.read_rows(written(tmp_path, kind, rows))
    np.testing.assert_array_equal(found.values, rows)
    assert found.image_shape == (4, 4)


def test_named_data_sets_are_read():
    assert _input.read_rows("digits").image_shape == (8, 8)


@pytest.mark.parametrize(
    "text", ["1,0\n0,1\n", "# x\na,b2\n1,0\n0,1\n", "1;0\n0;1", '"a";"b"\n1;0\n0;1']
)
def test_names_of_columns_and_semicolons_are_read(text, tmp_path):
    (tmp_path / "rows.csv").write_text(text)
    found = _input.read_rows(str(tmp_path / "rows.csv"))
    np.testing.assert_array_equal(found.values, [[1, 0], [0, 1]])


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_archives_are_read(form, rows, tmp_path, capsys):
    path = tmp_path / "sparse.npz"
    sparse.save_npz(path, sparse.csr_matrix(rows).asformat(form))
    found = _input.read_rows(str(path))
    assert found.values.format == "csr"
    np.testing.assert_array_equal(found.values.toarray(), rows)
    output = tmp_path / "m.safetensors"
    assert run(capsys, "train", path, "--epochs", 1, "--output", output)[0] == 0
    assert run(capsys, "transform", output, path, tmp_path / "h.npy")[0] == 0


def sparse_npz(value):
    file = io.BytesIO()
    sparse.save_npz(file, sparse.csr_matrix([[0.0, value], [1.0, 0.0]]))
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.npy", None, "neither a file nor a data set"),
        ("rows.txt", b"1 2", "of no known kind"),
        ("rows.npy", b"no array", "rows.npy is no .npy file"),
        ("rows.idx", b"\0\0", "rows.idx"),
        ("rows.npy", b"", "rows.npy is no .npy file: it is empty"),
        ("rows.npy", npy(np.array([[None]])), "rows.npy is damaged or holds something other than"),
        ("rows.npy", npy(np.zeros((4, 4)))[:-1], "rows.npy is damaged"),
        ("rows.npy", npy(np.array([[0, 1], [0, np.nan]])), "row 2, column 2 .* is nan, expected"),
        ("rows.npz", b"PK", "rows.npz is no .npz file"),
        ("rows.csv", b"", "rows.csv holds no rows"),
        ("rows.csv", b"a,b\nx,2\n", "rows.csv: line 2, column 1 is 'x', expected a number"),
        (
            "rows.csv",
            b"0,5;1\n",
            "rows.csv: line 1, .* is '0,5', expected a number with a decimal po",
        ),
        (
            "rows.csv",
            b"1 0\n",
            "column 1 is '1 0', expected a number; values are separated by commas",
        ),
        ("rows.npz", sparse_npz(np.nan), "rows.npz holds NaN or infinity"),
        ("rows.csv", b"1,,2\n", "rows.csv: line 1, column 2 is '', expected a number\n"),
        ("rows.csv", b"1,2\n1,\n", "rows.csv: line 2, column 2 is '', expected a number"),
        ("rows.csv", b"1,2\n# no row\n\n3\n", "rows.csv: line 4 has 1 values, those before have 2"),
        ("rows.csv", b"1,0\n0,nan\n", "rows.csv: row 2, column 2 .* is nan, expected finite"),
        ("rows.csv", b"0,255\n7,255\n", "rows.csv holds values from 0 to 255.*by 255.*--binarize"),
        ("rows.idx.gz", b"\x1f\x8bjunk", "rows.idx.gz is damaged"),
    ],
)
def test_bad_input_is_1_without_a_traceback(name, content, message, tmp_path, capsys):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, _, err = run(capsys, "train", path, "--output", tmp_path / "m.safetensors")
    assert code == 1
    assert "Traceback" not in err
    assert re.search(message, err), err
    assert not (tmp_path / "m.safetensors").exists()


def test_grey_levels_are_fine_with_a_threshold(tmp_path, capsys):
    np.save(tmp_path / "grey.npy", np.arange(32, dtype=np.uint8).reshape(2, 16))
    model = tmp_path / "m.safetensors"
    code, _, err = run(
        capsys, "train", tmp_path / "grey.npy", "--binarize", 9, "--epochs", 1, "--output", model
    )
    assert code == 0, err
    options = ["train", tmp_path / "grey.npy", "--binarize", "sample", "--output", model]
    code, _, err = run(capsys, *options)
    assert code == 1
    assert "holds values from 0 to 31" in err
    code, _, err = run(capsys, "transform", model, tmp_path / "grey.npy", tmp_path / "h.npy")
    assert code == 0, err


def test_missing_models_are_named(tmp_path, capsys):
    path = tmp_path / "none.safetensors"
    code, _, err = run(capsys, "sample", path, tmp_path / "s.npy")
    assert (code, err) == (1, f"udl-fast sample: error: {path}: No such file or directory\n")


def test_foreign_model_files_are_named(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"no model")
    code, _, err = run(capsys, "sample", path, tmp_path / "s.npy")
    assert code == 1
    assert "model.safetensors is no valid model file" in err


@pytest.mark.parametrize(("n", "words"), [(1, "1 epoch"), (2, "2 epochs")])
def test_ctrl_c_keeps_the_finished_epochs(n, words, tmp_path, rows, capsys, monkeypatch):
    np.save(tmp_path / "rows.npy", rows)
    from udl_fast.commands import train

    measured = train._Watch.__call__

    def interrupted(self, model, info):
        measured(self, model, info)
        if info["epoch"] == n and info["rows_done"] == info["n_rows"]:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(train._Watch, "__call__", interrupted)
    path = tmp_path / "m.safetensors"
    code, _, err = run(capsys, "train", tmp_path / "rows.npy", "--output", path, "--components", 4)
    assert code == 1
    assert (
        f"interrupted: the model has learned {words}; --model rbm --resume {path} makes those that are"
        in err
    )
    assert udl_fast.load(path).n_iter_ == n


def test_pictures_have_the_polarity_of_train(model, tmp_path, capsys):
    """Dark ink on white, as the displays draw: a unit that is on is black."""
    from matplotlib.image import imread

    bias = np.where(np.arange(16) < 8, 40.0, -40.0)
    found = udl_fast.load(model)
    found.intercept_visible_ = bias
    found.save(model)
    picture = tmp_path / "s.png"
    run(capsys, "sample", model, tmp_path / "s.npy", "-n", 1, "--steps", 5, "--picture", picture)
    assert np.load(tmp_path / "s.npy")[0, :8].all()
    image = imread(picture)[1:5, 1:5, 0]
    assert image[:2].max() == 0
    assert image[2:].min() == 1
