"""A parser whose errors come from the command that was chosen, with its usage and what may have been meant."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from ...estimator.parameters import meant

_NO_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)", re.DOTALL)

_LONGEST_USAGE = 5  # lines that leave the error in sight


class Parser(argparse.ArgumentParser):
    """Options are written out, so that new ones never change what a command line means."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Words that nobody knows are wrong usage of the innermost command, which parses them first."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._meant(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Exit code 2, with usage; a word that is no choice gets the nearest that is one."""
        if found := _NO_CHOICE.search(message):
            choices = re.findall(r"[\w-]+", found[2])
            message += meant(found[1], choices)
        usage = self.format_usage()
        if usage.count("\n") > _LONGEST_USAGE:
            words = [
                str(action.metavar or action.dest) for action in self._get_positional_actions()
            ]
            usage = f"usage: {self.prog} [-h] [options] {' '.join(words)}\n"
            usage += f"  all options: {self.prog} --help\n"
        self.exit(2, f"{usage}{self.prog}: error: {message}\n")

    def _meant(self, unknown: Sequence[str]) -> str:
        option = next((word for word in unknown if word.startswith("-")), None)
        return "" if option is None else meant(option.split("=")[0], self._option_string_actions)
