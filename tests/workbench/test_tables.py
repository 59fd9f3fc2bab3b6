"""Tables: aligned for a terminal, and in Markdown."""

import pytest

from workbench.tables import markdown_table, text_table


def test_columns_are_aligned_to_the_left_or_the_right():
    rows = [("layer", "x", "remark"), ("a", "10.5", "")]
    assert text_table(rows, (0, 2)) == "layer     x  remark\na      10.5"
    assert text_table([["a", "wide"], ["1.00", "2"]]) == "   a  wide\n1.00     2"


def test_a_row_of_another_length_is_a_mistake():
    with pytest.raises(ValueError, match="shorter"):
        text_table([["a", "b"], ["c"]])


def test_markdown_says_where_columns_are_aligned_or_leaves_it_open():
    assert markdown_table(["a", "b"], [["c", "1"]], (0,)) == "| a | b |\n| --- | ---: |\n| c | 1 |"
    assert markdown_table(["a", "b"], []) == "| a | b |\n| --- | --- |"
