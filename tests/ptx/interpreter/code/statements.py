"""The text of a function as labels and statements."""

import re
from bisect import bisect
from collections.abc import Iterator

STATEMENT = re.compile(
    r"\s*(?:(?P<label>[\w$]+)\s*:(?!:)|(?P<open>\{)|(?P<close>\})"
    r"|(?P<text>[^;{}\s](?:[^;{}]|\{[^{}]*\})*);)"
)
NAME = re.compile(r"(?<![\w$%.])[A-Za-z_$%][\w$]*(?![\w$@])")
PARAMETER = re.compile(
    r"\.param\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+(?:\.ptr[.\w\s]*?\s+)?([\w$@]+)\s*(?:\[(\d+)\])?$"
)


def statements(
    text: str, at: int, end: int, starts: list[int]
) -> Iterator[tuple[str | None, str, int]]:
    """Labels and statements, with names of inner scopes (of inline assembly) made unique."""
    found: list[tuple[str | None, str, int, int]] = []
    parents, names, scope = [-1], [dict[str, str]()], 0
    while match := STATEMENT.match(text, at, end):
        at = match.end()
        line = bisect(starts, match.start(match.lastgroup)) + 1
        if match["open"]:
            parents.append(scope)
            names.append({})
            scope = len(parents) - 1
        elif match["close"]:
            scope = parents[scope]
        elif match["label"]:
            targets = re.compile(r"\s*(\.branchtargets[^;]*);").match(text, at, end)
            if targets:
                at = targets.end()
            if scope:
                names[scope][match["label"]] = f"{match['label']}@{scope}"
            found.append((match["label"], targets[1] if targets else "", line, scope))
        else:
            statement = " ".join(match["text"].split())
            if scope and (match := PARAMETER.match(statement)):
                names[scope][match[3]] = f"{match[3]}@{scope}"
            if scope and statement.startswith(".reg"):
                for name, many in re.findall(r"([\w$%]+)(?:<(\d+)>)?", statement.split(None, 2)[2]):
                    for one in [name, *(f"{name}{i}" for i in range(int(many or 0)))]:
                        names[scope][one] = f"{one}@{scope}"
            found.append((None, statement, line, scope))
    if text[at:end].strip():
        raise ValueError(f"PTX that is not understood: `{text[at:end].strip()[:80]}`")

    def rename(statement: str, scope: int) -> str:
        while scope > 0:
            inner = names[scope]
            if inner:
                statement = NAME.sub(lambda m, inner=inner: inner.get(m[0], m[0]), statement)
            scope = parents[scope]
        return statement

    for label, statement, line, scope in found:
        yield (None if label is None else rename(label, scope)), rename(statement, scope), line
