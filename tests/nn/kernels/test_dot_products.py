"""Dot products of pairs of bfloat16: the instruction to the bit, and how its operands are laid out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from nn.bfloat16 import BFLOAT16
from nn.history import padded
from nn.kernels.core.compilation import kernel
from nn.kernels.core.dot_products import has_dot_products
from nn.kernels.core.pairs import pair_rows, round_rows, transpose_pairs
from nn.kernels.core.product import multiply, tile_8_wide
from nn.kernels.core.tile import Columns, Rows, Target
from tests.support.dot_products import dot_product

needs_the_instruction = pytest.mark.skipif(
    not has_dot_products(), reason="this processor has no dot product of bfloat16 (AVX512_BF16)"
)
sizes = st.integers(1, 40)
exponents = st.sampled_from([(0, 1), (-20, 20), (-70, -50), (-130, 60)])


@kernel
def product(a, b, c, rows, columns, width, pairs, accumulate):
    multiply(
        Rows(a, 0, pairs, 1),
        Columns(b, 0, width, 0),
        Target(c, 0, width),
        rows,
        columns,
        1,
        pairs,
        accumulate,
    )


def numbers(generator, shape, exponents):
    drawn = generator.normal(size=shape) * np.exp2(generator.integers(*exponents, shape))
    return drawn.astype(BFLOAT16)


def words(values):
    """Rows of bfloat16 as words along the row."""
    return np.ascontiguousarray(values).view(np.uint32).ravel()


def paired(values):
    """Neighbouring rows of bfloat16 as words."""
    halves = values.view(np.uint16).astype(np.uint32)
    return halves[::2] | halves[1::2] << 16


@needs_the_instruction
@given(
    sizes,
    sizes,
    st.integers(1, 9),
    st.sampled_from([(0, 1), (-20, 20), (-70, -50), (-130, 60)]),
    st.booleans(),
)
def test_a_product_has_the_bits_of_the_emulation(rows, columns, pairs, exponents, accumulate):
    generator = np.random.default_rng([rows, columns, pairs])
    a = numbers(generator, (rows, 2 * pairs), exponents)
    b = numbers(generator, (2 * pairs, columns), exponents)
    begin = numbers(generator, (rows, columns), exponents).astype(np.float32) * np.float32(1.001)
    width = padded(columns)
    c, right = np.full((rows, width), 7, np.float32), np.zeros((pairs, width), np.uint32)
    c[:, :columns], right[:, :columns] = begin, paired(b)
    product(words(a), right.ravel(), c.ravel(), rows, columns, width, pairs, accumulate)
    start = begin if accumulate else np.zeros_like(begin)
    expected = dot_product(a.astype(np.float32), b.astype(np.float32), start)
    assert np.array_equal(c[:, :columns].view(np.uint32), expected.view(np.uint32))
    assert (c[:, columns:] == 7).all()


@needs_the_instruction
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_nan_and_infinities_pass(odd):
    a = np.ones((3, 2), np.float32)
    a[1, 1] = odd
    c = np.zeros((3, 16), np.float32)
    product(
        words(a.astype(BFLOAT16)), paired(np.ones((2, 16), BFLOAT16)).ravel(), c.ravel(), 3, 16, 16, 1, False
    )
    np.testing.assert_array_equal(c[1], np.full(16, odd + 1, np.float32))
    assert (c[[0, 2]] == 2).all()


@needs_the_instruction
def test_a_tile_of_pairs_is_made_of_the_instruction_and_others_are_not():
    @njit
    def tile(a, b, c):
        tile_8_wide(Rows(a, 0, 2, 1), Columns(b, 0, 32, 0), Target(c, 0, 32), 1, 2, False, 32)

    c = np.zeros(8 * 32, np.float32)
    for dtype in (np.uint32, np.float32):
        tile(np.zeros(16, dtype), np.zeros(64, dtype), c)
    for signature, code in tile.inspect_asm().items():
        made, other = ("vdpbf16ps", "vfmadd") if "uint32" in str(signature) else ("vfmadd", "vdpbf16ps")
        assert code.count(made) >= 16 and other not in code, signature


def test_the_emulation_rounds_once_and_takes_subnormals_as_zero():
    one, tiny = np.float32(1), np.float32(2.0**-140)
    small = np.float32(2.0**-12)
    a, b = np.array([[small, one]], np.float32), np.array([[small], [one]], np.float32)
    assert dot_product(a, b, np.full((1, 1), tiny)) == one  # 1 + 2^-24 is a tie, which goes to even
    assert dot_product(a, b, np.full((1, 1), np.float32(2.0**-23))) == one + np.float32(2.0**-22)
    assert dot_product(a * tiny, b, np.zeros((1, 1), np.float32)) == 0


@given(sizes, sizes, sizes)
def test_rows_are_paired_and_the_last_one_with_zero(rows, length, gap):
    source = np.random.default_rng(rows).integers(0, 1 << 16, (rows, length + gap)).astype(np.uint16)
    even = np.zeros((padded(rows, 2), length), np.uint16)
    even[:rows] = source[:, :length]
    target = np.zeros(even.size // 2, np.uint32)
    half = len(even) // 4
    pair_rows(source.ravel(), length + gap, rows, target, length, half, len(even) // 2)
    assert not target[: half * length].any()
    pair_rows(source.ravel(), length + gap, rows, target, length, 0, half)
    assert np.array_equal(target.reshape(-1, length), paired(even))


@given(sizes, sizes)
def test_rows_are_rounded_into_rows_of_another_length(rows, length):
    source = np.random.default_rng(rows).normal(size=(rows, length)).astype(np.float32)
    width = padded(length, 2)
    target = np.zeros((rows, width), np.uint16)
    round_rows(source.ravel(), target.ravel(), width, 0, rows)
    assert np.array_equal(target[:, :length].view(BFLOAT16), source.astype(BFLOAT16))
    assert not target[:, length:].any()


@given(st.integers(1, 50), st.integers(1, 6))
def test_pairs_are_transposed(rows, halves):
    length, width = halves * 8, padded(rows)
    source = np.random.default_rng(rows).integers(0, 1 << 32, (rows, length)).astype(np.uint32)
    target = np.zeros((length, width), np.uint32)
    half = rows // 32 * 16
    transpose_pairs(source.ravel(), target.ravel(), width, 0, half)
    assert not target[:, half:].any()
    transpose_pairs(source.ravel(), target.ravel(), width, half, rows)
    assert np.array_equal(target[:, :rows], source.T)
