"""How many threads rows are made on."""

from contextlib import contextmanager

import pytest

from udl_fast import _core

_BEFORE_THREADS = {"from_array": 1, "from_threshold": 2, "from_csr": 5}  # positional arguments


@contextmanager
def threads_of_rows():
    """A set of what is asked for while rows are made of arrays; None is as many as there are."""
    asked = set()
    with pytest.MonkeyPatch.context() as patch:
        for name, place in _BEFORE_THREADS.items():
            patch.setattr(_core.Rows, name, _noting(getattr(_core.Rows, name), place, asked))
        yield asked


def _noting(make, place, asked):
    def noted(*arguments, **options):
        given = arguments[place] if len(arguments) > place else None
        asked.add(options.get("n_threads", given))
        return make(*arguments, **options)

    return staticmethod(noted)
