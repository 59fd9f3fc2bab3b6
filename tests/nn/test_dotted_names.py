"""Items by the prefixes of their names."""

from nn.dotted_names import select_prefix


def test_only_the_prefix_is_taken_off_and_only_once():
    things = {"a.weights": 1, "a.a.biases": 2, "b.a.weights": 3, "a": 4}
    assert select_prefix(things, "a.") == {"weights": 1, "a.biases": 2}
    assert select_prefix(things, "c.") == {}
    assert select_prefix(things, "") == things
