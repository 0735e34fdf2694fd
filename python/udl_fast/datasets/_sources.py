"""Which files each data set is made of, and where they can be had.

An address stands here only if the very file is known to be there: published sums, or a commit that
never changes. Sets that were repacked have no address, and the error says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .checksums import content_sums

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
_CIFAR10 = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
_USPS = (
    "https://raw.githubusercontent.com/dgkim5360/the-elements-of-statistical-learning-notebooks/"
    "2c13a4818379451bcce802bcd7917f4878e12977/data/zipcode"
)
_DENSITY = (
    "https://raw.githubusercontent.com/UCLA-StarAI/Density-Estimation-Datasets/"
    "37d53c1a8ba488d0a39e8c64bd3387577080b143/datasets"
)
# sha256 of the compressed files as served.
_MNIST_SUMS = {
    "train-images": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_CIFAR10_SUM = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
_USPS_SUMS = {
    "train": "66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
    "test": "8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
}

# Binary density-estimation sets. name: (columns, splits published)
DENSITY_SETS: dict[str, tuple[int, tuple[str, ...]]] = {
    "accidents": (111, ("train", "valid", "test")),
    "adult": (123, ("train", "valid")),
    "bnetflix": (100, ("train", "valid", "test")),
    "connect4": (126, ("train", "valid")),
    "dna": (180, ("train", "valid", "test")),
    "jester": (100, ("train", "valid", "test")),
    "mushrooms": (112, ("train", "valid", "test")),
    "nips": (500, ("train", "valid", "test")),
    "nltcs": (16, ("train", "valid", "test")),
    "ocr_letters": (128, ("valid", "test")),
    "plants": (69, ("train", "valid", "test")),
}


@dataclass(frozen=True)
class Download:
    """A file to be had from the network.

    `served_sha256` is that of the file as served; None if it is served as it is, and so has the sum of
    its content. It is kept at `path` below the data folder; of an archive only `members` are kept,
    under their own paths.
    """

    url: str
    served_sha256: str | None
    path: str
    members: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the file as served."""
        return self.served_sha256 or content_sums()[self.path]

    @property
    def contents(self) -> tuple[str, ...]:
        """Names of what it holds, without the ending of a compressor."""
        return self.members or (self.path.removesuffix(".gz"),)


@dataclass(frozen=True)
class Source:
    """A data set as `udl-fast datasets fetch NAME` and as errors name it."""

    name: str
    loader: str
    note: str  # what the files are
    downloads: tuple[Download, ...] = ()
    repacked: tuple[str, ...] = ()  # files that nobody offers in this form
    subsets: tuple[str, ...] = ()  # that its loader takes, the usual one first

    @property
    def files(self) -> tuple[str, ...]:
        """All files, by the names `read_content` takes."""
        return self.repacked + tuple(n for offered in self.downloads for n in offered.contents)


def density_file(name: str, subset: str) -> str:
    """Path of a split of a density-estimation set below the data folder."""
    return f"debd/{name}.{subset}.data"


def _density_source(name: str, splits: tuple[str, ...]) -> Source:
    files = [
        (f"{_DENSITY}/{name}/{name}.{split}.data", density_file(name, split)) for split in splits
    ]
    return Source(
        name,
        "load_density",
        f"The set is {len(splits)} text files debd/{name}.SPLIT.data (each may be .gz or .xz) of the "
        "Density-Estimation-Datasets collection of UCLA's StarAI group.",
        tuple(Download(url, None, path) for url, path in files),
        subsets=splits,
    )


def _all_sources() -> Iterator[Source]:
    yield Source(
        "mnist",
        "load_mnist",
        "MNIST is four files: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
        "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz.",
        tuple(
            Download(f"{_MNIST}/{path}", sha256, path)
            for part, sha256 in _MNIST_SUMS.items()
            for path in [f"{part}-idx{3 if 'images' in part else 1}-ubyte.gz"]
        ),
        subsets=("train", "test"),
    )
    yield Source(
        "binarized_mnist",
        "load_binarized_mnist",
        "binarized_mnist_packed.npz holds the arrays train, valid and test of Larochelle's fixed "
        "binarised MNIST, packed by numpy.packbits(axis=1).",
        repacked=("binarized_mnist_packed.npz",),
        subsets=("train", "valid", "test"),
    )
    batches = [f"data_batch_{number}.bin" for number in range(1, 6)]
    yield Source(
        "cifar10",
        "load_cifar10",
        "CIFAR-10's binary version is a folder cifar-10-batches-bin with data_batch_1.bin to "
        "data_batch_5.bin and test_batch.bin (each may be .gz or .xz).",
        (
            Download(
                _CIFAR10,
                _CIFAR10_SUM,
                "cifar-10-binary.tar.gz",
                tuple(f"cifar-10-batches-bin/{file}" for file in [*batches, "test_batch.bin"]),
            ),
        ),
        subsets=("train", "test"),
    )
    yield Source(
        "usps",
        "load_usps",
        "usps/zip.train.gz and usps/zip.test.gz are the zip code data of the book "
        "The Elements of Statistical Learning.",
        tuple(
            Download(f"{_USPS}/zip.{part}.gz", sha256, f"usps/zip.{part}.gz")
            for part, sha256 in _USPS_SUMS.items()
        ),
        subsets=("train", "test"),
    )
    yield Source(
        "20newsgroups_counts",
        "load_20newsgroups_counts",
        "20news_v2000_counts.npz holds train_indptr, train_indices, train_counts, the same for "
        "test, and vocab: the stemmed 2000-word 20 Newsgroups used for topic models, in CSR form.",
        repacked=("20news_v2000_counts.npz",),
        subsets=("train", "test"),
    )
    yield Source(
        "20newsgroups_words",
        "load_20newsgroups_words",
        "20news_w100_binary.npz holds documents, newsgroup, wordlist and groupnames: "
        "Sam Roweis's 100-word 20 Newsgroups.",
        repacked=("20news_w100_binary.npz",),
    )
    for name, (_, splits) in DENSITY_SETS.items():
        yield _density_source(name, splits)


SOURCES: dict[str, Source] = {source.name: source for source in _all_sources()}
