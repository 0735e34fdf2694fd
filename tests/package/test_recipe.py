"""The recipe for MNIST is one: demo, README, documentation and the script that records what it reaches."""

import argparse
import ast
import json
import re
import shlex
from pathlib import Path

import pytest

import udl_fast
from udl_fast import cli
from udl_fast.commands.demo.data import GOOD_MNIST, SETTINGS
from udl_fast.commands.shared.model_options import model_arguments

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "good_mnist.md"
RECIPE = {**GOOD_MNIST, "random_state": 0}


@pytest.mark.parametrize("path", [ROOT / "README.md", PAGE], ids=lambda path: path.stem)
def test_commands_train_by_the_recipe(path):
    line = re.search(r"^udl-fast (train mnist (?:.*\\\n)*.*)$", path.read_text(), re.MULTILINE)[1]
    words = shlex.split(line.replace("\\\n", " "))
    arguments: argparse.Namespace = cli._parser(words).parse_args(words)
    assert model_arguments(arguments, udl_fast.RBM) == RECIPE


def test_python_trains_by_the_recipe():
    (code,) = (
        b for b in re.findall(r"```py\n(.*?)```", PAGE.read_text(), re.DOTALL) if "RBM(" in b
    )
    (call,) = (
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "udl.RBM"
    )
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == RECIPE


def test_the_demo_trains_by_the_recipe():
    assert SETTINGS["mnist"].arguments is GOOD_MNIST
    udl_fast.RBM(**GOOD_MNIST)._check_parameters()


def test_the_record_is_of_the_recipe():
    record = json.loads((ROOT / "benchmarks" / "results" / "good_mnist.json").read_text())
    assert record["recipe"] == GOOD_MNIST
    assert len(record["results"]["the_recipe"]["runs"]) == 5
