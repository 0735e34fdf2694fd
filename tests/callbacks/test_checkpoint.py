"""Checkpoints: which files there are, that training resumes from the latest, and what of other runs is kept."""

import numpy as np
import pytest

import udl_fast
from tests.support.models import Recorder, assert_same
from udl_fast import RBM
from udl_fast.callbacks import Checkpoint


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_checkpoints_keep_the_last(digits, tmp_path):
    RBM(5, n_iter=6, callbacks=[Checkpoint(tmp_path / "new" / "run", keep=2)]).fit(digits)
    expected = ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]
    assert names(tmp_path / "new" / "run") == expected


def test_checkpoints_every_few_epochs_and_the_last(digits, tmp_path):
    RBM(5, n_iter=7, callbacks=[Checkpoint(tmp_path, every=3, keep=None, prefix="m")]).fit(digits)
    assert names(tmp_path) == [f"m-{epoch:06d}.safetensors" for epoch in (3, 6, 7)]


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_training_resumes_from_a_checkpoint_bit_for_bit(digits, tmp_path, algorithm):
    options = {"algorithm": algorithm, "momentum": 0.5, "random_state": 0}
    crash = Recorder(fail_after=4)
    with pytest.raises(RuntimeError, match="disk full"):
        RBM(6, n_iter=9, callbacks=[Checkpoint(tmp_path, every=2), crash], **options).fit(digits)
    model = udl_fast.load(Checkpoint.latest(tmp_path))
    assert model.n_iter_ == 4
    checkpoint = Checkpoint(tmp_path, every=2)
    model.set_params(warm_start=True, n_iter=5, callbacks=[checkpoint]).fit(digits)
    whole = RBM(6, n_iter=9, **options).fit(digits)
    assert_same(model, whole)
    assert model.history_["epoch"] == whole.history_["epoch"]
    assert model.history_["pseudo_likelihood"] == whole.history_["pseudo_likelihood"]
    # It took over the files of the first run.
    assert names(tmp_path) == [f"checkpoint-{epoch:06d}.safetensors" for epoch in (6, 8, 9)]


def test_checkpoints_of_other_runs_make_room(digits, tmp_path):
    """The latest is of the run that began last, however far another one got, and nothing is lost."""
    for name in ("checkpoint-000900.safetensors", "checkpoint-x.safetensors", "other"):
        (tmp_path / name).write_text("precious")
    model = RBM(5, n_iter=3, callbacks=[Checkpoint(tmp_path, keep=1)])
    with pytest.warns(UserWarning, match="up to epoch 900; moved to .*earlier-000001"):
        model.fit(digits)
    expected = [
        "checkpoint-000003.safetensors",
        "checkpoint-x.safetensors",
        "earlier-000001",
        "other",
    ]
    assert names(tmp_path) == expected
    assert Checkpoint.latest(tmp_path).name == "checkpoint-000003.safetensors"
    with pytest.warns(UserWarning, match="held 1 of another run, up to epoch 3; moved to .*02"):
        model.set_params(n_iter=2).fit(digits)
    assert Checkpoint.latest(tmp_path).name == "checkpoint-000002.safetensors"
    assert (tmp_path / "earlier-000001" / "checkpoint-000900.safetensors").read_text() == "precious"
    assert names(tmp_path / "earlier-000002") == ["checkpoint-000003.safetensors"]
    assert Checkpoint.latest(tmp_path / "none") is None


def test_a_run_that_goes_on_is_not_overtaken_by_another(digits, tmp_path):
    early = RBM(5, n_iter=2, random_state=0).fit(digits)
    RBM(5, n_iter=5, callbacks=[Checkpoint(tmp_path, every=2, keep=None)]).fit(digits)
    early.set_params(n_iter=3, callbacks=[Checkpoint(tmp_path)])
    with pytest.warns(UserWarning, match="held 2 of another run, up to epoch 5"):
        early.resume(digits)
    assert_same(udl_fast.load(Checkpoint.latest(tmp_path)), early)
    assert names(tmp_path / "earlier-000001") == [
        f"checkpoint-{epoch:06d}.safetensors" for epoch in (4, 5)
    ]


def test_the_restored_epoch_is_saved_before_later_files_go(digits, tmp_path, monkeypatch):
    class Back(Checkpoint):
        def after_fit(self, estimator):
            super().after_fit(estimator)
            estimator._go_back(first[0])
            monkeypatch.setattr(RBM, "save", full)

    def full(model, path):
        raise OSError("disk full")

    def keep_first(model, info):
        if info["epoch"] == 1 and info["rows_done"] == info["n_rows"]:
            first.append(model._state())

    first, saving = [], RBM.save
    checkpoint = Back(tmp_path, keep=2)
    model = RBM(5, n_iter=4, random_state=0, callbacks=[keep_first, checkpoint])
    with pytest.raises(OSError, match="disk full"):
        model.fit(digits)
    assert names(tmp_path) == [f"checkpoint-{epoch:06d}.safetensors" for epoch in (3, 4)]
    assert not checkpoint._runs
    assert not checkpoint._finished
    assert not checkpoint._updates
    monkeypatch.setattr(RBM, "save", saving)
    udl_fast.load(Checkpoint.latest(tmp_path))


def test_the_latest_checkpoint_is_the_model_stopped_within_an_epoch(tmp_path):
    rows = np.random.default_rng(0).random((60000, 100)) < 0.3

    def within_second_epoch(model, info):
        return model.n_iter_ == 1 and 0 < info["rows_done"] < info["n_rows"]

    callbacks = [Checkpoint(tmp_path), within_second_epoch]
    options = {"batch_size": 5, "n_iter": 3, "random_state": 0, "n_jobs": 1}
    model = RBM(100, callbacks=callbacks, **options).fit(rows)
    assert 12000 < model.n_updates_ < 24000
    assert_same(udl_fast.load(Checkpoint.latest(tmp_path)), model)


def test_a_class_that_cannot_be_saved_is_refused_before_it_learns(digits, tmp_path):
    class Unknown(RBM):
        pass

    model = Unknown(5, n_iter=2, callbacks=[Checkpoint(tmp_path)])
    with pytest.raises(ValueError, match=r"Unknown.save: load knows no model 'Unknown'"):
        model.fit(digits)
    assert not hasattr(model, "n_iter_")
    assert names(tmp_path) == []
