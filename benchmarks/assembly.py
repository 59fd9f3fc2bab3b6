"""Machine code as text, and which loop of it an address lies in. Disassembled by objdump."""

from __future__ import annotations

import platform
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.machine_code import Function

ARCHITECTURES = {"x86_64": ("i386:x86-64", "intel"), "aarch64": ("aarch64", "")}
LINE = re.compile(r"^\s*([0-9a-f]+):\t(.+?)\s*$", re.MULTILINE)
JUMP = re.compile(r"^(?:j\w+|b|b\.\w+|cbn?z|tbn?z)\s.*?0x([0-9a-f]+)")
LONGEST_LOOP = 160
AROUND = 12
"""Instructions shown on each side of the hottest one where it is not in a loop, or in a long one."""


class Instruction(NamedTuple):
    """An instruction, where it lies and how it is written."""

    address: int
    text: str


def disassemble(function: Function) -> list[Instruction]:
    """Return a function's instructions.

    Raises
    ------
    RuntimeError
        When the processor is unknown here.
    """
    if platform.machine() not in ARCHITECTURES:
        raise RuntimeError(f"no disassembly for {platform.machine()}")
    architecture, syntax = ARCHITECTURES[platform.machine()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "code")
        path.write_bytes(function.code)
        command = ["objdump", "-D", "-b", "binary", "-m", architecture, "--no-show-raw-insn"]
        command += [f"--adjust-vma={function.address:#x}", *(["-M", syntax] if syntax else []), str(path)]
        return parse(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def parse(listing: str) -> list[Instruction]:
    """Return the instructions of a listing of objdump."""
    return [Instruction(int(address, 16), text) for address, text in LINE.findall(listing)]


def inner_loop(instructions: Sequence[Instruction], address: int) -> list[Instruction]:
    """Return the shortest loop around an address, or the instructions near it where there is none.

    A loop consists of a jump back and the instructions from its target on.
    """
    loops = []
    for each in instructions:
        jump = JUMP.match(each.text)
        if jump and int(jump[1], 16) <= address <= each.address:
            loops.append((each.address - int(jump[1], 16), int(jump[1], 16), each.address))
    for _, begin, end in sorted(loops):
        inside = [each for each in instructions if begin <= each.address <= end]
        if inside and inside[0].address == begin and len(inside) <= LONGEST_LOOP:
            return inside
    near = max((n for n, each in enumerate(instructions) if each.address <= address), default=0)
    return list(instructions[max(0, near - AROUND) : near + AROUND + 1])


def annotated(function: Function, counts: Counter[int]) -> str:
    """Return the hottest inner loop of a function, with the share of every instruction."""
    inside = {a: n for a, n in counts.items() if 0 <= a - function.address < len(function.code)}
    total = sum(inside.values())
    loop = inner_loop(disassemble(function), max(inside, key=lambda address: inside[address]))
    shown = sum(inside.get(each.address, 0) for each in loop)
    lines = [f"inner loop: {len(loop)} instructions with {shown / total:.0%} of {function.name}"]
    for each in loop:
        share = inside.get(each.address, 0) / total
        lines.append(f"{f'{share:.1%}' if share else '':>7}  {each.address:x}  {each.text}")
    return "\n".join(lines)
