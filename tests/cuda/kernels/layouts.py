"""What tensor-core kernels keep where, in NumPy: the words of csrc/kernels/cuda/layout.h in another language."""

import numpy as np

WORD = 32


def round_up(n: int, step: int) -> int:
    return -(-n // step) * step


def state_stride(n: int) -> int:
    """Words of a row of ``n`` bits: whole copies of 16 bytes."""
    return round_up(-(-n // WORD), 4)


def pack(bits: np.ndarray, stride: int) -> np.ndarray:
    """Rows of bits as words, the lowest bit first."""
    padded = np.zeros((len(bits), stride * WORD), bool)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint32)


def unpack(words: np.ndarray, n: int) -> np.ndarray:
    """The first ``n`` bits of each row of words."""
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :n].astype(bool)


def bits_of_thread(t: int) -> tuple[list[int], list[int]]:
    """Bits of a word whose bytes thread t of a quad has in the first and the second register of a product."""
    return [2 * t + 8 * i for i in range(4)], [2 * t + 1 + 8 * i for i in range(4)]


def word_order() -> np.ndarray:
    """The bit at each of the 32 places a product takes for a word: register by register, thread by thread."""
    threads = [bits_of_thread(t) for t in range(4)]
    return np.array(
        [bit for register in range(2) for t in range(4) for bit in threads[t][register]]
    )


def images(z: np.ndarray, n_slices: int) -> np.ndarray:
    """Integers [unit][summed] as [16 units][128 summed][slice][8 units][k16][unit][byte]."""
    tiles, chunks = -(-z.shape[0] // 16), -(-z.shape[1] // 128)
    full = np.zeros((tiles * 16, chunks * 128), np.int64)
    full[: z.shape[0], : z.shape[1]] = z
    ordered = full.reshape(tiles * 16, chunks * 4, WORD)[:, :, word_order()]
    parts = ordered.reshape(tiles, 2, 8, chunks, 8, 16).transpose(0, 3, 1, 4, 2, 5)
    out = np.stack([parts >> (8 * slice_) & 255 for slice_ in range(n_slices)], axis=2)
    return np.ascontiguousarray(out.astype(np.uint8))


def row_order() -> np.ndarray:
    """The row of a word of 32 rows at each of the 32 places of its probabilities: 8 for each thread of a quad."""
    return np.array([row for t in range(4) for register in bits_of_thread(t) for row in register])


def probabilities(p: np.ndarray, n_words: int) -> np.ndarray:
    """Integers [row][unit] as [8 units][word][unit][place]."""
    eights = 2 * -(-p.shape[1] // 16)
    full = np.zeros((n_words * WORD, eights * 8), np.uint16)
    full[: p.shape[0], : p.shape[1]] = p
    words = full.reshape(n_words, WORD, eights, 8)[:, row_order()]
    return np.ascontiguousarray(words.transpose(2, 0, 3, 1))


def read_probabilities(stored: np.ndarray, n_rows: int, n_units: int) -> np.ndarray:
    """The inverse of `probabilities`."""
    eights, n_words = stored.shape[:2]
    full = np.zeros((n_words, WORD, eights, 8), np.int64)
    full[:, row_order()] = stored.transpose(1, 3, 0, 2)
    return full.reshape(n_words * WORD, eights * 8)[:n_rows, :n_units]
