"""Things by how their names begin."""

from nn.prefixes import under


def test_only_the_prefix_is_taken_off_and_only_once():
    things = {"a.weights": 1, "a.a.biases": 2, "b.a.weights": 3, "a": 4}
    assert under(things, "a.") == {"weights": 1, "a.biases": 2}
    assert under(things, "c.") == {}
    assert under(things, "") == things
