"""Data sets: values, search order, checks of files."""

import gzip
import hashlib
import lzma

import numpy as np
import pytest

from udl_fast import datasets
from udl_fast.datasets import _files, checksums
from udl_fast.datasets._idx import parse_idx


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """Four small files under MNIST's names whose sums are not checked."""
    images = np.arange(5 * 784, dtype=np.uint32).reshape(5, 28, 28) * 7 % 256
    labels = np.array([3, 1, 4, 1, 5])
    for part, count in (("train", 5), ("t10k", 2)):
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{part}-{kind}-ubyte"
            monkeypatch.delitem(checksums.content_sums(), name)
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array[:count])))
    return tmp_path, images.reshape(5, 784), labels


# Digits and the conversion of values


def test_digits_are_sixteenths():
    digits = datasets.load_digits()
    assert digits.data.shape == (1797, 64)
    assert digits.data.dtype == np.float32
    np.testing.assert_array_equal(np.unique(digits.data), np.arange(17, dtype=np.float32) / 16)
    assert digits.image_shape == (8, 8)
    assert np.bincount(digits.target).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert "Licence" in digits.DESCR
    assert "Source" in digits.DESCR


def test_threshold_is_exclusive():
    grey = datasets.load_digits().data
    states = datasets.load_digits(binary=0.5, dtype=np.uint8).data
    assert states.dtype == np.uint8
    np.testing.assert_array_equal(states, grey > 0.5)
    assert (grey == 0.5).any()


def test_sampling_follows_the_grey_values():
    grey, _ = datasets.load_digits(return_X_y=True)
    total = np.zeros(grey.shape)
    n_draws = 40
    for seed in range(n_draws):
        total += datasets.load_digits(binary="sample", random_state=seed).data
    assert np.all(total[grey == 0] == 0)
    assert np.all(total[grey == 1] == n_draws)
    level = grey == 0.25
    n = n_draws * level.sum()
    assert abs(total[level].sum() - 0.25 * n) < 5 * np.sqrt(n * 0.25 * 0.75)


def test_sampling_is_repeatable_from_its_seed():
    first, second, other = (
        datasets.load_digits(binary="sample", random_state=seed).data for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"binary": "often"}, "binary must be None, a threshold"),
        ({"binary": 1.0}, "got 1.0"),
        ({"binary": True}, "got True"),
        ({"binary": float("nan")}, "got nan"),
        ({"dtype": np.uint8}, "uint8 cannot hold grey values"),
        ({"dtype": np.int32}, "dtype must be floating"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        datasets.load_digits(**options)


# Files


def test_mnist_reads_raw_and_compressed_files(small_mnist):
    folder, images, labels = small_mnist
    mnist = datasets.load_mnist(data_home=folder)
    np.testing.assert_array_equal(mnist.data, (images / 255).astype(np.float32))
    np.testing.assert_array_equal(mnist.target, labels)
    packed = folder / "train-images-idx3-ubyte.gz"
    (folder / "train-images-idx3-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    labels_file = folder / "train-labels-idx1-ubyte.gz"
    content = gzip.decompress(labels_file.read_bytes())
    labels_file.unlink()
    (folder / "train-labels-idx1-ubyte.xz").write_bytes(lzma.compress(content))
    np.testing.assert_array_equal(datasets.load_mnist(data_home=folder).data, mnist.data)


def test_all_is_training_then_test(small_mnist):
    folder, _, labels = small_mnist
    data, target = datasets.load_mnist(subset="all", data_home=folder, return_X_y=True)
    np.testing.assert_array_equal(data[5:], data[:2])
    assert target.tolist() == [*labels, 3, 1]
    assert target.dtype == np.int64


def test_folder_order_is_argument_variable_cache(small_mnist, tmp_path_factory, monkeypatch):
    folder, _, _ = small_mnist
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("UDL_FAST_DATA", str(folder))
    assert datasets.load_mnist().data.shape == (5, 784)
    monkeypatch.setattr(_files, "cache_folder", lambda: folder)
    with pytest.raises(FileNotFoundError):
        datasets.load_mnist(data_home=empty)
    monkeypatch.setenv("UDL_FAST_DATA", str(empty))
    assert datasets.load_mnist().data.shape == (5, 784)
    monkeypatch.delenv("UDL_FAST_DATA")
    assert datasets.load_mnist().data.shape == (5, 784)


def test_missing_file_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("UDL_FAST_DATA", str(tmp_path))
    monkeypatch.setattr(_files, "cache_folder", lambda: tmp_path / "cache")
    with pytest.raises(FileNotFoundError) as caught:
        datasets.load_mnist(subset="test")
    message = str(caught.value)
    for part in (
        "load_mnist",
        "t10k-images-idx3-ubyte.gz",
        str(tmp_path),
        str(tmp_path / "cache"),
        "UDL_FAST_DATA",
        "data_home",
        "udl-fast datasets fetch mnist",
    ):
        assert part in message


LOADERS = {
    "t10k-images-idx3-ubyte.gz": lambda home: datasets.load_mnist(subset="test", data_home=home),
    "binarized_mnist_packed.npz": lambda home: datasets.load_binarized_mnist(data_home=home),
    "cifar-10-batches-bin/data_batch_1.bin.xz": lambda home: datasets.load_cifar10(data_home=home),
    "usps/zip.train.gz": lambda home: datasets.load_usps(data_home=home),
    "20news_v2000_counts.npz": lambda home: datasets.load_20newsgroups_counts(data_home=home),
    "20news_w100_binary.npz": lambda home: datasets.load_20newsgroups_words(data_home=home),
    "debd/nltcs.train.data.gz": lambda home: datasets.load_density("nltcs", data_home=home),
}
COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress, ".npz": bytes}


@pytest.mark.parametrize("name", LOADERS)
def test_foreign_content_is_refused(name, tmp_path):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(COMPRESS[path.suffix](b"not what is published"))
    with pytest.raises(ValueError, match="holds 21 bytes with sha256"):
        LOADERS[name](tmp_path)


@pytest.mark.parametrize("name", LOADERS)
def test_right_size_with_wrong_bytes_is_refused(name, tmp_path, monkeypatch):
    content = name.removesuffix(".gz").removesuffix(".xz")
    published = hashlib.sha256(b"abce").hexdigest()
    monkeypatch.setitem(checksums.content_sums(), content, published)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(COMPRESS[path.suffix](b"abcd"))
    with pytest.raises(
        ValueError, match="holds 4 bytes with sha256 88d4266fd4e6338d13b845fcf289579d"
    ):
        LOADERS[name](tmp_path)


@pytest.mark.parametrize("ending", [".gz", ".xz"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "foreign"])
def test_damaged_archives_are_recognised(ending, damage, small_mnist):
    folder, _, _ = small_mnist
    path = folder / "train-images-idx3-ubyte.gz"
    content = bytearray(COMPRESS[ending](gzip.decompress(path.read_bytes())))
    path.unlink()
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = bytearray(b"plain text under a compressor's name")
    path.with_suffix(ending).write_bytes(content)
    with pytest.raises(ValueError, match="is truncated or corrupt"):
        datasets.load_mnist(data_home=folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an idx file"),
        (idx(np.zeros((2, 3)))[:7], "not an idx file"),
        (idx(np.zeros(3)), "not an idx file"),
        (b"\0\0\x0d\x02" + idx(np.zeros((2, 3)))[4:], "not an idx file"),
        (idx(np.zeros((2, 3)))[:-1], "6 values, but 5 follow"),
        (idx(np.zeros((2, 3))) + b"\0", "6 values, but 7 follow"),
        (b"\0\0\x08\x02" + b"\xff" * 8, r"\(4294967295, 4294967295\)"),
    ],
)
def test_idx_header_and_length_are_checked(content, message):
    with pytest.raises(ValueError, match=message):
        parse_idx(content, 2, name="file")


def test_test_batch_of_cifar_without_a_recorded_sum_is_checked_for_shape(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    records = np.random.RandomState(0).randint(0, 10, size=(3, 3073)).astype(np.uint8)
    (folder / "test_batch.bin").write_bytes(records.tobytes())
    cifar = datasets.load_cifar10(subset="test", data_home=tmp_path)
    np.testing.assert_array_equal(cifar.target, records[:, 0])
    np.testing.assert_array_equal(cifar.data, (records[:, 1:] / 255).astype(np.float32))
    for damaged in (records.tobytes()[:-1], b"", b"\x0a" + records.tobytes()[1:]):
        (folder / "test_batch.bin").write_bytes(damaged)
        with pytest.raises(ValueError, match="truncated or corrupt"):
            datasets.load_cifar10(subset="test", data_home=tmp_path)


@pytest.mark.parametrize(
    "load",
    [
        datasets.load_mnist,
        datasets.load_binarized_mnist,
        datasets.load_cifar10,
        datasets.load_usps,
        datasets.load_20newsgroups_counts,
        lambda subset: datasets.load_density("nltcs", subset=subset),
    ],
)
def test_unknown_subset_is_refused_before_files_are_sought(load):
    with pytest.raises(ValueError, match=r"subset must be one of 'train'.*got 'tset'"):
        load(subset="tset")


def test_density_names_and_splits():
    with pytest.raises(ValueError, match="name must be one of accidents, adult"):
        datasets.load_density("nltsc")
    with pytest.raises(ValueError, match="ocr_letters: subset must be one of 'valid', 'test'"):
        datasets.load_density("ocr_letters", subset="train")
