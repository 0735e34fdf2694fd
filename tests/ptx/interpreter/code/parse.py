"""Text of PTX to instructions."""

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path

from ..errors import UnknownOperationError
from ..kinds import TYPES
from .statements import NAME, PARAMETER, statements

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
OPERAND = re.compile(r"(?:[^,{\[(]|\{[^}]*\}|\[[^\]]*\]|\([^)]*\))+")
ENTRY = re.compile(
    r"\.(?P<kind>entry|func)\s+(?:\((?P<returns>[^)]*)\)\s*)?(?P<name>[\w$]+)\s*"
    r"(?:\((?P<parameters>[^)]*)\))?(?P<bounds>[^{;]*)(?P<opens>[{;])"
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


@dataclass(eq=False)  # what is worked out of one is kept by the object
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
    returns: list[str] = field(default_factory=list)

    @cached_property
    def names(self) -> set[str]:
        """Everything that its instructions name."""
        return {n for i in self.code for operand in i.operands for n in NAME.findall(operand)}

    @cached_property
    def register_bytes(self) -> int:
        """Bytes of all registers of a thread."""
        return sum(TYPES[kind].itemsize for kind in self.registers.values())


@dataclass(eq=False)
class Module:
    """What one file of PTX declares: kernels, variables, and all functions, which kernels may call."""

    kernels: dict[str, Function]
    variables: dict[str, Variable]
    functions: dict[str, Function]


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
    functions, kinds, variables = {}, {}, {}
    at = 0
    outside = ""
    while match := ENTRY.search(text, at):
        outside += text[at : match.start()]
        at = match.end()
        if match["opens"] == "{":
            end = _closing(text, at)
            kinds[match["name"]] = match["kind"]
            functions[match["name"]] = _function(match, text, at, end, starts)
            at = end + 1
    outside += text[at:]
    for piece in re.sub(r"\.(visible|weak|extern)\s*(?=\Z|\.(entry|func))", "", outside).split(";"):
        if found := VARIABLE.search(piece.strip()):
            variables[found[4]] = _variable(found)
    kernels = {n: f for n, f in functions.items() if kinds[n] == "entry"}
    return Module(kernels, variables, functions)


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
    for v in _parameters(head["name"], head["parameters"]):
        size = -(-size // v.align) * v.align
        parameters[v.name] = (size, v.size)
        size += v.size
    function = Function(head["name"], parameters, size)
    function.returns = [v.name for v in _parameters(head["name"], head["returns"])]
    for threads in re.findall(r"\.(?:maxntid|reqntid)\s+([\d,\s]+)", head["bounds"]):
        function.max_threads = prod(int(number) for number in threads.split(","))
    for label, statement, line in statements(text, at, end, starts):
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


def _parameters(function: str, text: str | None) -> list[Variable]:
    """Parameters of a function, or those that it returns."""
    found = []
    for piece in filter(str.strip, (text or "").split(",")):
        match = PARAMETER.search(" ".join(piece.split()))
        if match is None:
            raise UnknownOperationError(f"{function}: parameter `{piece.strip()}`")
        item = TYPES[match[2]].itemsize
        size = item * int(match[4] or 1)
        found.append(Variable("local", match[3], int(match[1] or item), size))
    return found


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
    elif statement.startswith(".param"):
        for variable in _parameters(function.name, statement):
            function.variables[variable.name] = variable
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
