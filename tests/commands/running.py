"""A command run in this process."""

from udl_fast import cli


def run(capsys, *words):
    """(exit code, stdout, stderr) of a command."""
    code = cli.main([str(word) for word in words])
    found = capsys.readouterr()
    return code, found.out, found.err


def run_line(capsys, line):
    """The same of words that hold no spaces."""
    return run(capsys, *line.split())
