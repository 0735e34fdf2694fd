"""Bad values on the command line are wrong usage: exit code 2, and the option as it was typed."""

import pytest

from udl_fast import cli


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train digits --k 0", "--k: must be >= 1, got 0"),
        ("train digits --k 0:1,5:3", "--k: must be N or N,EPOCH:N.. as in 1,10:3, got '0:1,5:3'"),
        ("train digits --components 0", "--components: must be >= 1, got 0"),
        ("train digits --components many", "--components: must be an integer >= 1, got 'many'"),
        ("train digits --epochs -1", "--epochs: must be >= 0, got -1"),
        ("train digits --batch-size 0", "--batch-size: must be >= 1"),
        ("train digits --learning-rate nan", "--learning-rate: must be a finite number >= 0"),
        ("train digits --learning-rate fast", "--learning-rate: must be a finite number >= 0"),
        ("train digits --momentum 2", "--momentum: must be a finite number from 0 to 1, got '2'"),
        ("train digits --weight-decay inf", "--weight-decay: must be a finite number >= 0"),
        ("train digits --l1 -1", "--l1: must be a finite number >= 0"),
        ("train digits --threads 0", "--threads: must be >= 1"),
        ("train digits --seed -3", "--seed: must be from 0 to 4294967295, got -3"),
        ("train digits --binarize nan", "--binarize: expected 'sample' or a threshold: must be a"),
        ("train digits --comp 5", "unrecognized arguments: --comp 5"),
        ("sample m s.npy -n 0", "-n/--samples: must be >= 1"),
        ("sample m s.npy --beta 2", "--beta: must be a finite number from 0 to 1, got '2'"),
        ("sample m s.npy --steps x", "--steps: must be an integer >= 1"),
        ("search c q f.npz --radius 3.5", "--radius: must be an integer >= 0, got '3.5'"),
        ("demo --epochs 0", "--epochs: must be >= 1, got 0"),
        ("bench rbm --seconds 0", "--seconds: must be a finite number > 0, got '0'"),
        ("bench rbm --round 3", "unrecognized arguments: --round 3"),
        ("datasets fetch nosuch", "NAME: must be one of mnist, "),
    ],
)
def test_bad_values_are_wrong_usage(line, message, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(line.split())
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
