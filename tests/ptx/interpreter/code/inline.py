"""Calls of functions: their code takes the place of the call, with names of its own.

Parameters between functions are then memory of the thread, which both sides know by one name.
"""

import re
from dataclasses import replace
from functools import lru_cache

from ..errors import UnknownOperationError
from .parse import Function, Instruction, Module

NAME = re.compile(r"(?<![\w$%.@~])[A-Za-z_$%][\w$@~]*")
DEEPEST = 8  # calls inside calls


@lru_cache(maxsize=256)
def kernel(module: Module, name: str) -> Function:
    """A kernel of a module, without calls."""
    return expand(module.kernels[name], module.functions)


def expand(function: Function, library: dict[str, Function], depth: int = 0) -> Function:
    """A function without calls.

    Parameters
    ----------
    function : Function
        What calls.
    library : dict
        Functions by name.
    depth : int
        How many calls ``function`` is inside of.
    """
    if not any(i.name == "call" for i in function.code):
        return function
    if depth > DEEPEST:
        raise UnknownOperationError(f"{function.name}: calls without an end")
    whole = replace(
        function, registers=dict(function.registers), variables=dict(function.variables), code=[],
        labels={}, targets=dict(function.targets),
    )  # fmt: skip
    places = []
    for instruction in function.code:
        places.append(len(whole.code))
        if instruction.name == "call":
            _insert(whole, instruction, library, depth)
        else:
            whole.code.append(instruction)
    places.append(len(whole.code))
    whole.labels |= {label: places[at] for label, at in function.labels.items()}
    return whole


def _insert(whole: Function, call: Instruction, library: dict[str, Function], depth: int) -> None:
    """Put the code of what is called at the end of ``whole``."""
    returned, name, given = _parts(call)
    if name not in library or call.guard is not None:
        raise UnknownOperationError(f"{whole.name}, line {call.line}: `{call.text}` is not known")
    callee = expand(library[name], library, depth + 1)
    suffix = f"~{len(whole.code)}"
    own = [*callee.registers, *callee.labels]
    own += [n for n, v in callee.variables.items() if v.space == "local"]
    names = {n: n + suffix for n in own}
    names |= dict(zip(callee.returns, returned, strict=True))
    names |= dict(zip(callee.parameters, given, strict=True))

    def renamed(text: str) -> str:
        return NAME.sub(lambda m: names.get(m[0], m[0]), text)

    start, end = len(whole.code), f"end{suffix}"
    for i in callee.code:
        guard = None if i.guard is None else (renamed(i.guard[0]), i.guard[1])
        if i.name == "ret":
            whole.code.append(replace(i, parts=("bra",), operands=(end,), guard=guard))
        else:
            operands = tuple(map(renamed, i.operands))
            whole.code.append(replace(i, operands=operands, guard=guard))
    whole.labels[end] = len(whole.code)
    whole.labels |= {names[label]: start + at for label, at in callee.labels.items()}
    whole.registers |= {names[n]: kind for n, kind in callee.registers.items()}
    for n, variable in callee.variables.items():
        whole.variables[names.get(n, n)] = replace(variable, name=names.get(n, n))
    for label, targets in callee.targets.items():
        whole.targets[names[label]] = [names[t] for t in targets]


def _parts(call: Instruction) -> tuple[list[str], str, list[str]]:
    """What is returned, the function, and what is given."""
    operands = list(call.operands)
    returned = _names(operands.pop(0)) if operands[0].startswith("(") else []
    given = _names(operands[1]) if len(operands) > 1 else []
    return returned, operands[0], given


def _names(text: str) -> list[str]:
    return [n.strip() for n in text.strip("()").split(",") if n.strip()]
