import pytest

from nn.lookup import look_up

TABLE = {"adam": 1, "sgd": 2}


def test_entry_of_a_known_name():
    assert look_up(TABLE, "sgd", "optimizer") == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adm", r"unknown optimizer 'adm'; did you mean adam\?"),
        ("zzz", "unknown optimizer 'zzz'; known: adam, sgd"),
        (None, "unknown optimizer None"),
        (["adam"], r"unknown optimizer \['adam'\]"),
    ],
)
def test_unknown_names_are_refused_with_a_hint(name, message):
    with pytest.raises(ValueError, match=message):
        look_up(TABLE, name, "optimizer")
