"""`make profile`: finding a row, reading what perf, callgrind and objdump print, and one run of each."""

import platform
import shutil
import subprocess
from collections import Counter

import numpy as np
import pytest

from benchmarks import profile
from benchmarks.assembly import Instruction, annotated, inner_loop, parse
from benchmarks.machine_code import Function, function_at, loaded_functions, readable
from benchmarks.samples import parse_callgrind, parse_perf
from nn.kernels.finite import count_not_finite

LISTING = """
00007f00 <.data>:
    7f00:\tmov    rax,rdi
    7f03:\tvbroadcastss zmm1,DWORD PTR [r8+rdx*4]
    7f0a:\tvfmadd231ps zmm0,zmm1,ZMMWORD PTR [r13+0x0]
    7f11:\tcmp    rsi,rdx
    7f14:\tjne    0x7f03
    7f16:\tcmp    rcx,rax
    7f19:\tjl     0x7f00
    7f1b:\tret
"""


def test_rows_are_found_by_words_of_their_names():
    found = profile.find_rows(["LSTM", "24", "units"])
    assert found[0][0].family == "lstm" and all("24" in row.title for row, _ in found)
    assert not profile.find_rows(["lstm", "nothing"])


def test_mangled_names_become_readable():
    assert (
        readable("_ZN2nn7kernels5dense5layer12forward_rowsB2v5B56c8tJTIeFIjx")
        == "nn.kernels.dense.layer.forward_rows"
    )
    assert readable("_ZN5numba6ol_min12_3clocals_3e4implB2v2") == "numba.ol_min.<locals>.impl"
    assert readable("_ZN2nn5by_deB2v5") == "nn.by_de"
    assert readable("memcpy") == "memcpy"


def test_loaded_kernels_are_found_by_their_addresses():
    count_not_finite(np.zeros(3, np.float32))
    functions = loaded_functions()
    function = next(each for each in functions if each.name == "nn.kernels.finite.count_not_finite")
    assert function_at(functions, function.address + 3) == function
    assert function_at(functions, functions[0].address - 1) is None
    assert function_at(functions, functions[-1].address + len(functions[-1].code)) is None


def test_the_inner_loop_is_the_shortest_around_an_address():
    instructions = parse(LISTING)
    assert instructions[0] == Instruction(0x7F00, "mov    rax,rdi")
    assert [each.address for each in inner_loop(instructions, 0x7F0A)] == [0x7F03, 0x7F0A, 0x7F11, 0x7F14]
    assert [each.address for each in inner_loop(instructions, 0x7F16)][-1] == 0x7F19
    assert inner_loop(instructions, 0x7F1B) == instructions


def test_samples_of_perf_are_counted():
    lines = [
        "            7f0a [unknown] (/tmp/perf-12.map)",
        "            7f0a [unknown] (/tmp/perf-12.map)",
        " ffffffff821e copy_user (no space) ([kernel.kallsyms])",
        "",
    ]
    samples = parse_perf(lines)
    assert samples.counts == {0x7F0A: 2, 0xFFFFFFFF821E: 1}
    assert samples.names[0xFFFFFFFF821E] == "copy_user (no space) ([kernel.kallsyms])"


def test_costs_of_callgrind_are_counted_without_those_of_calls():
    lines = [
        "fn=work",
        "0x7f0a 0 40",
        "0x7f11 12 2",
        "calls=3 0x8000 0",
        "0x7f11 12 900",
        "fn=other",
        "0x8000 0 900",
    ]
    samples = parse_callgrind(lines)
    assert samples.counts == {0x7F0A: 40, 0x7F11: 2, 0x8000: 900}
    assert samples.names[0x8000] == "other"


def test_shares_are_those_of_functions():
    functions = [Function("kernel", 100, b"\0" * 10), Function("kernel", 200, b"\0" * 10)]
    samples = parse_perf([f"{address:x} [unknown] (anon)" for address in (100, 105, 203, 300)])
    assert profile.shares(samples, functions) == {"kernel": 3, "[unknown] (anon)": 1}
    assert profile.hottest(samples, functions) == functions[0]
    assert profile.hottest(samples, []) is None


def test_what_is_missing_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=r"perf, valgrind, objdump .*linux-perf valgrind binutils"):
        profile.choose_tool(None)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "perf" else name)
    assert profile.choose_tool(None) == "callgrind"
    with pytest.raises(ValueError, match="linux-perf"):
        profile.choose_tool("perf")


def test_unknown_rows_and_directions_are_refused(capsys):
    for arguments in (["nothing"], ["dense", "512", "--direction", "sideways"]):
        with pytest.raises(SystemExit):
            profile.main(arguments)
    message = capsys.readouterr().err
    assert "no row has 'nothing'" in message and "has forward, backward, not sideways" in message


@pytest.mark.skipif(not shutil.which("objdump"), reason="objdump is not installed")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the code is that of x86-64")
def test_shares_stand_beside_instructions():
    function = Function("loop", 0x1000, bytes.fromhex("ffc8 75fc c3"))  # dec eax; jne; ret
    text = annotated(function, Counter({0x1000: 3, 0x1004: 1}))
    assert text.splitlines()[0] == "inner loop: 2 instructions with 75% of loop"
    assert "75.0%  1000  dec    eax" in text and "jne    0x1000" in text


@pytest.fixture
def perf():
    command = ["perf", "record", "-q", "-o", "/dev/null", "--", "true"]
    if not shutil.which("perf") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("perf is not installed, or may not look")


@pytest.mark.usefixtures("perf")
@pytest.mark.skipif(not shutil.which("objdump"), reason="objdump is not installed")
def test_a_row_is_profiled(capfd):
    assert profile.main(["dense", "16", "to", "16", "--direction", "forward", "--seconds", "0.5"]) == 0
    printed = capfd.readouterr().out
    assert "dense 16 to 16, 32 histories, forward, by perf" in printed
    assert "nn.kernels." in printed and "inner loop" in printed
