"""Save the model while it learns."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from pathlib import Path
from typing import Any, Self

from ..estimator.parameters import Integer
from ..exceptions import warn_caller
from ._hooks import Hooks

_ENDING = ".safetensors"


class Checkpoint(Hooks):
    """Save the model after epochs, to go on from there after a crash.

    Files are named by epoch, appear whole or not at all, and :func:`udl_fast.load` reads them. A
    loaded model trains on bit for bit as if it had not been interrupted.

    Parameters
    ----------
    folder : str or path-like
        Made if it does not exist, and belongs to one training at a time: files of later epochs than a fit
        begins at, as another run may have left, are moved to a folder within, ``earlier-000001`` and so
        on, with a warning. So the highest epoch in it is always of the run that began last. A clone of a
        model, as each candidate of a grid search is one, saves in a folder of its own within,
        ``run-000001`` and so on: attribute `folder_`.
    every : int, default=1
        Save after every so many epochs, and after the last.
    keep : int or None, default=3
        Files of a run to keep, the youngest; None keeps all. A fit that goes on counts those of epochs
        before it as its own; what was moved to a folder within is never removed.
    prefix : str, default="checkpoint"
        Files are named ``{prefix}-{epoch:06d}.safetensors``.

    Attributes
    ----------
    folder_ : Path
        Where the last fit saved.

    Notes
    -----
    A model that goes back to its best epoch (``EarlyStopping(restore_best=True)``) takes back what this
    fit saved of later epochs, so that `latest` finds the model as `fit` returned it. So it does after a
    function's stop within an epoch: the file of the last whole epoch is then the model with what it
    learned behind it.

    Examples
    --------
    >>> import tempfile
    >>> import udl_fast as udl
    >>> from udl_fast.callbacks import Checkpoint
    >>> X = udl.datasets.load_digits(binary=0.5).data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rbm = udl.RBM(16, n_iter=3, random_state=0, callbacks=[Checkpoint(folder)]).fit(X)
    ...     again = udl.load(Checkpoint.latest(folder))
    >>> again.n_iter_
    3
    >>> again.set_params(warm_start=True, n_iter=2).fit(X).n_iter_  # two epochs more
    5
    """

    _is_cloned = False  # of pickles before clones had folders of their own

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        every: int = 1,
        keep: int | None = 3,
        prefix: str = "checkpoint",
    ) -> None:
        if not prefix or Path(prefix).name != prefix:
            raise ValueError(f"Checkpoint: prefix must be part of a file name, got {prefix!r}")
        self.folder = folder
        self.every = every
        self.keep = keep
        self.prefix = prefix
        Integer(1).check(every, "every", "Checkpoint")
        Integer(1, optional=True).check(keep, "keep", "Checkpoint")
        self._runs: dict[int, list[Path]] = {}  # by model: its files, the oldest first
        self._updates: dict[int, dict[Path, int]] = {}  # by model: of the files that this fit wrote
        self._finished: set[int] = set()  # models whose fit has come to its end

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Also of pickles from before there were `_finished` and `_updates`."""
        self.__dict__.update({"_finished": set(), "_updates": {}, **state})

    def __sklearn_clone__(self) -> Self:
        """For clones of a model: the same folder, of which they take one within."""
        cloned = type(self)(self.folder, every=self.every, keep=self.keep, prefix=self.prefix)
        cloned._is_cloned = True
        return cloned

    @staticmethod
    def latest(folder: str | os.PathLike[str], prefix: str = "checkpoint") -> Path | None:
        """The file of the highest epoch of the run that began last in the folder; None if it has saved none."""
        return max(_files(folder, prefix), default=(0, None))[1]

    def setup(self, estimator: Any, context: Any) -> None:
        """Before `fit` begins. A model that cannot be saved is refused before it has learned for hours."""
        self._finished.discard(id(estimator))  # of a model that was at this address before
        estimator._check_savable()
        folder = Path(self.folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise NotADirectoryError(
                f"Checkpoint: folder must be a folder or a new name, got {os.fspath(folder)!r}, a file or a name "
                "below one"
            ) from error
        if not self._is_cloned:
            self.folder_ = folder
        elif getattr(self, "folder_", folder).parent != folder:
            self.folder_ = _folder_within(folder, "run")
        # A model of epoch 0 has no file: all are of other runs.
        at, found = estimator.n_iter_ or -1, sorted(_files(self.folder_, self.prefix))
        self._move_away([path for epoch, path in found if epoch > at])
        self._updates[id(estimator)] = {}
        self._runs[id(estimator)] = [path for epoch, path in found if epoch <= at]

    def _move_away(self, files: list[Path]) -> None:
        """Other runs keep their files, out of the way of `latest`; runs that this object is at work for stay."""
        at_work = {path for own in self._runs.values() for path in own}
        left_over = [path for path in files if path not in at_work]
        if not left_over:
            return
        folder = _folder_within(self.folder_, "earlier")
        for path in left_over:
            path.rename(folder / path.name)
        warn_caller(
            f"Checkpoint: {self.folder_} held {len(left_over)} of another run, up to epoch "
            f"{_epoch_of(left_over[-1], self.prefix)}; moved to {folder}",
            UserWarning,
        )

    def teardown(self, estimator: Any, context: Any) -> None:
        """After `fit`, also after one that failed, and after all callbacks have seen its end: one of them
        may have returned to an earlier epoch."""
        try:
            if id(estimator) in self._finished:
                self._keep_returned(estimator)
        finally:
            self._finished.discard(id(estimator))
            self._updates.pop(id(estimator), None)
            self._runs.pop(id(estimator), None)

    def _keep_returned(self, estimator: Any) -> None:
        """Let the latest file be the model that `fit` returns. It is there before later ones go, so that a
        crash or an error leaves one."""
        files = self._runs[id(estimator)]
        later = [path for path in files if _epoch_of(path, self.prefix) > estimator.n_iter_]
        # Updates, not epochs alone: a run may have been stopped within an epoch.
        if estimator.n_iter_ and not self._is_saved(estimator):
            self._write(estimator)
        for path in later:
            path.unlink(missing_ok=True)
            files.remove(path)
        self._drop_oldest(files)

    def _is_saved(self, estimator: Any) -> bool:
        path = self._path(estimator)
        saved = self._updates[id(estimator)].get(path, -1)
        return saved == estimator.n_updates_ and path in self._runs[id(estimator)]

    def after_epoch(self, estimator: Any) -> None:
        """Save if it is time to."""
        if estimator.n_iter_ % self.every == 0:
            self._save(estimator)

    def after_fit(self, estimator: Any) -> None:
        """The last epoch is saved in `teardown`, if it is not."""
        self._finished.add(id(estimator))

    def _path(self, estimator: Any) -> Path:
        return self.folder_ / f"{self.prefix}-{estimator.n_iter_:06d}{_ENDING}"

    def _save(self, estimator: Any) -> None:
        self._write(estimator)
        self._drop_oldest(self._runs[id(estimator)])

    def _write(self, estimator: Any) -> None:
        files, path = self._runs[id(estimator)], self._path(estimator)
        estimator.save(path)
        self._updates[id(estimator)][path] = estimator.n_updates_
        if path in files:
            files.remove(path)
        files.append(path)

    def _drop_oldest(self, files: list[Path]) -> None:
        while self.keep is not None and len(files) > self.keep:
            with contextlib.suppress(FileNotFoundError):
                files[0].unlink()
            del files[0]


def _folder_within(folder: Path, name: str) -> Path:
    """A new numbered folder; making it fails where another process was quicker, so two never get the same."""
    for number in itertools.count(1):
        path = folder / f"{name}-{number:06d}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError  # the numbers do not end


def _epoch_of(path: Path, prefix: str) -> int:
    return int(path.name[len(prefix) + 1 : -len(_ENDING)])


def _files(folder: str | os.PathLike[str], prefix: str) -> list[tuple[int, Path]]:
    """(epoch, path) of every checkpoint in the folder."""
    name = re.compile(re.escape(prefix) + r"-(\d{6,})" + re.escape(_ENDING))
    if not Path(folder).is_dir():
        return []
    matches = ((name.fullmatch(path.name), path) for path in Path(folder).iterdir())
    return [(int(match[1]), path) for match, path in matches if match]
