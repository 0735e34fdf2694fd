"""A contestant's file of a benchmark."""

import textwrap


def contestant_file(tmp_path, body):
    path = tmp_path / "contestant.py"
    path.write_text(textwrap.dedent(body))
    return path
