"""The registry: what models there are, by name and by command."""

import subprocess
import sys

import pytest

import udl_fast
from udl_fast import registry


@pytest.fixture(autouse=True)
def own_entries(monkeypatch):
    """What a test registers is forgotten afterwards."""
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))


def test_names_lead_to_classes():
    for name in registry.names():
        entry = registry.find(name)
        assert registry.of_command(entry.command) == entry
        assert registry.class_of(entry).__name__ == name
        assert getattr(udl_fast, name) is registry.class_of(entry)
    assert registry.names()[:2] == ("RBM", "BernoulliRBM")
    assert registry.commands()[:2] == ("rbm", "bernoulli-rbm")


def test_registered_models_are_found():
    entry = registry.register("Counter", "collections", "counter")
    assert registry.find("Counter") == registry.of_command("counter") == entry
    assert registry.class_of(entry).__module__ == "collections"
    assert registry.names()[-1] == "Counter"


def test_unknown_models_are_told_which_there_are():
    with pytest.raises(ValueError, match="no model 'Rmb', only RBM, BernoulliRBM, "):
        registry.find("Rmb")
    with pytest.raises(ValueError, match="no model 'RBM', only rbm, bernoulli-rbm, "):
        registry.of_command("RBM")


def test_no_name_and_no_command_is_given_twice():
    with pytest.raises(ValueError, match=r"a model 'RBM' already, in udl_fast\.rbm"):
        registry.register("RBM", "elsewhere", "other")
    with pytest.raises(ValueError, match="'rbm' belongs to RBM already"):
        registry.register("Other", "elsewhere", "rbm")
    assert "Other" not in registry.names()


def test_asking_imports_no_model():
    code = (
        "import sys; from udl_fast import registry;"
        "registry.find('RBM'), registry.of_command('rbm'), registry.names(), registry.commands();"
        "print(sorted({'numpy', 'scipy', 'sklearn', 'udl_fast.rbm'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
