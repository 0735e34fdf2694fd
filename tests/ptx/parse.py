"""Text of PTX to instructions."""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from pathlib import Path

from .errors import UnknownOperationError
from .kinds import TYPES

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
STATEMENT = re.compile(
    r"\s*(?:(?P<label>[\w$]+)\s*:(?!:)|(?P<open>\{)|(?P<close>\})"
    r"|(?P<text>[^;{}\s](?:[^;{}]|\{[^{}]*\})*);)"
)
OPERAND = re.compile(r"(?:[^,{\[(]|\{[^}]*\}|\[[^\]]*\]|\([^)]*\))+")
NAME = re.compile(r"(?<![\w$%.])[A-Za-z_$%][\w$]*(?![\w$@])")
ENTRY = re.compile(r"\.(entry|func)\s+(?:\([^)]*\)\s*)?([\w$]+)\s*(?:\(([^)]*)\))?([^{;]*)([{;])")
PARAMETER = re.compile(
    r"\.param\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+(?:\.ptr[.\w\s]*?\s+)?([\w$]+)\s*(?:\[(\d+)\])?$"
)
VARIABLE = re.compile(
    r"(?:\.(?:visible|extern|weak)\s+)*\.(const|global|shared|local)\s+(?:\.align\s+(\d+)\s+)?"
    r"\.(\w+)\s+([\w$]+)\s*((?:\[\d*\])*)\s*(?:=\s*(.*))?$",
    re.S,
)


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``parts`` of its name, operands as text, guard as (register, negated)."""

    text: str
    line: int
    parts: tuple[str, ...]
    operands: tuple[str, ...]
    guard: tuple[str, bool] | None

    @property
    def name(self) -> str:
        """What the instruction does, without its modifiers."""
        return self.parts[0]

    def has(self, part: str) -> bool:
        """Whether ``part`` is among the modifiers."""
        return part in self.parts


@dataclass
class Variable:
    """A named piece of const, global, shared or local memory."""

    space: str
    name: str
    align: int
    size: int
    initial: bytes | None = None


@dataclass
class Function:
    """A kernel: parameters as name -> (offset, size), registers as name -> type."""

    name: str
    parameters: dict[str, tuple[int, int]]
    parameter_size: int
    registers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    code: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    max_threads: int = 1024

    def names(self) -> set[str]:
        """Everything that its instructions name."""
        return {n for i in self.code for operand in i.operands for n in NAME.findall(operand)}

    def register_bytes(self) -> int:
        """Bytes of all registers of a thread."""
        return sum(TYPES[kind].itemsize for kind in self.registers.values())


@dataclass
class Module:
    """What one file of PTX declares."""

    functions: dict[str, Function]
    variables: dict[str, Variable]


@lru_cache(maxsize=64)
def read(path: Path) -> Module:
    """What a file declares; its name changes with what it holds."""
    return parse(path.read_text())


def parse(text: str) -> Module:
    """Read PTX.

    Parameters
    ----------
    text : str
        As nvcc wrote it.

    Returns
    -------
    Module
        Its kernels and variables.
    """
    text = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    starts = [m.end() for m in re.finditer("\n", text)]
    functions, variables = {}, {}
    at = 0
    outside = ""
    while match := ENTRY.search(text, at):
        outside += text[at : match.start()]
        at = match.end()
        if match[5] == "{":
            end = _closing(text, at)
            if match[1] == "entry":
                functions[match[2]] = _function(match, text, at, end, starts)
            at = end + 1
    outside += text[at:]
    for piece in re.sub(r"\.(visible|weak|extern)\s*(?=\Z|\.(entry|func))", "", outside).split(";"):
        if found := VARIABLE.search(piece.strip()):
            variables[found[4]] = _variable(found)
    return Module(functions, variables)


def _closing(text: str, at: int) -> int:
    """Where the brace that was open at ``at`` closes."""
    depth = 1
    for match in re.compile(r"[{}]").finditer(text, at):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    raise ValueError("PTX ends inside a function")


def _function(head: re.Match, text: str, at: int, end: int, starts: list[int]) -> Function:
    parameters, size = {}, 0
    for piece in filter(str.strip, (head[3] or "").split(",")):
        match = PARAMETER.search(" ".join(piece.split()))
        if match is None:
            raise UnknownOperationError(f"{head[2]}: parameter `{piece.strip()}`")
        item = TYPES[match[2]].itemsize
        n_bytes = item * int(match[4] or 1)
        align = int(match[1] or item)
        size = -(-size // align) * align
        parameters[match[3]] = (size, n_bytes)
        size += n_bytes
    function = Function(head[2], parameters, size)
    for threads in re.findall(r"\.(?:maxntid|reqntid)\s+([\d,\s]+)", head[4]):
        function.max_threads = prod(int(number) for number in threads.split(","))
    for label, statement, line in _renamed(text, at, end, starts):
        if label is not None:
            function.labels[label] = len(function.code)
            if statement.startswith(".branchtargets"):
                function.targets[label] = [
                    s.strip() for s in statement.split(None, 1)[1].split(",")
                ]
        elif statement.startswith("."):
            _declare(function, statement)
        else:
            function.code.append(_instruction(statement, line))
    return function


def _renamed(
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


def _declare(function: Function, statement: str) -> None:
    """A register, a variable, or a directive that changes no result."""
    if match := re.match(r"\.reg\s+\.(\w+)\s+(.*)", statement):
        for name in match[2].split(","):
            if many := re.match(r"\s*([\w$%@]+)<(\d+)>", name):
                scope = many[1].partition("@")
                for i in range(int(many[2])):
                    function.registers[f"{scope[0]}{i}{scope[1]}{scope[2]}"] = match[1]
            else:
                function.registers[name.strip()] = match[1]
    elif match := VARIABLE.match(statement):
        function.variables[match[4]] = _variable(match)
    elif not statement.startswith((".pragma", ".loc", ".file")):
        raise UnknownOperationError(f"{function.name}: `{statement}`")


def _variable(match: re.Match) -> Variable:
    space, align, kind, name, dimensions, initial = match.groups()
    item = TYPES[kind].itemsize
    count = 1
    for n in re.findall(r"\[(\d*)\]", dimensions):
        count *= int(n or 0)
    data = None
    if initial is not None or space in ("const", "global"):
        numbers = re.findall(r"[-\w]+", initial or "")
        data = b"".join((int(n, 0) % (1 << 8 * item)).to_bytes(item, "little") for n in numbers)
        data = data.ljust(item * count, b"\0")
    return Variable(space, name, int(align or item), item * count, data)


def _instruction(statement: str, line: int) -> Instruction:
    guard, rest = None, statement
    if match := re.match(r"@(!?)([\w$%@]+)\s+", statement):
        guard, rest = (match[2], bool(match[1])), statement[match.end() :]
    name, _, rest = rest.partition(" ")
    return Instruction(statement, line, tuple(name.split(".")), tuple(_split(rest)), guard)


def _split(text: str) -> list[str]:
    """Operands at the commas outside brackets."""
    return [p.strip() for p in OPERAND.findall(text)]
