"""Changes: what is accepted from outside, and the messages for what is not."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoencoder.settings import Settings
from workbench.run.changes import (
    KINDS,
    LIVE_SETTINGS,
    MOST_CHANGES,
    BiasChange,
    Changed,
    ChangeError,
    SettingChange,
    parse_changes,
)
from workbench.settings.table import to_name

GOOD: list[dict[str, Any]] = [
    {"kind": "setting", "name": "learning-rate", "value": "0.002"},
    {"kind": "bias", "layer": 3, "neuron": 17, "value": 0.25},
    {"kind": "weight", "layer": 3, "target": 17, "source": 5, "value": -1},
    {"kind": "clamp", "layer": 3, "neuron": 17, "value": 1.0},
    {"kind": "clamp", "layer": 3, "neuron": 17, "value": None},
    {"kind": "lock", "layer": 3, "neuron": 17, "locked": True},
    {"kind": "lock_weight", "layer": 3, "target": 17, "source": 5, "locked": False},
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
likely = st.fixed_dictionaries(
    {"kind": st.sampled_from(list(KINDS))},
    optional=dict.fromkeys(["layer", "neuron", "target", "source", "value", "locked", "name"], json_values),
)


def test_every_kind_is_read_and_written_as_it_came():
    changes = parse_changes(GOOD)
    assert [change.model_dump() for change in changes] == GOOD
    assert {type(change) for change in changes} == set(KINDS.values())
    assert json.loads(json.dumps(Changed(3, changes).to_json())) == {"step": 3, "changes": GOOD}


def test_live_settings_are_settings_and_the_field_takes_just_them():
    assert {to_name(key) for key in LIVE_SETTINGS} <= set(Settings.model_fields)
    assert get_args(SettingChange.model_fields["name"].annotation) == LIVE_SETTINGS


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"layer": "3"}, "change 2 (bias): layer: it should be a whole number"),
        ({"layer": True}, "change 2 (bias): layer: it should be a whole number"),
        ({"layer": 1.5}, "change 2 (bias): layer: it should be a whole number"),
        ({"neuron": -1}, "change 2 (bias): neuron: it should be at least 0"),
        ({"value": float("nan")}, "change 2 (bias): value: it should be a finite number"),
        ({"value": float("inf")}, "change 2 (bias): value: it should be a finite number"),
        ({"value": 1e39}, "change 2 (bias): value: it should be a number that fits float32"),
        ({"value": None}, "change 2 (bias): value: it should be a number"),
        ({"value": True}, "change 2 (bias): value: it should be a number"),
        ({"value": 10**400}, "change 2 (bias): value: it should be a"),
        ({"colour": "red"}, "change 2 (bias): colour is not a field of it"),
        ({"kind": "bais"}, "change 2: kind 'bais': it should be one of setting, bias, weight"),
        ({"kind": None}, "change 2: kind None: it should be one of"),
        ({"kind": ["bias"]}, "change 2: kind ['bias']: it should be one of"),
        ({"kind": "x" * 10_000}, "change 2: kind 'xxx"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changed: dict[str, Any], expected: str):
    with pytest.raises(ChangeError) as caught:
        parse_changes([GOOD[0], {**GOOD[1], **changed}])
    assert str(caught.value).startswith(expected)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "changes: a dict, expected a list"),
        ("bias", "changes: a str, expected a list"),
        (None, "changes: a NoneType, expected a list"),
        ([], "changes: a list of 0, expected 1 to 1000"),
        ([GOOD[1]] * (MOST_CHANGES + 1), "changes: a list of 1001, expected 1 to 1000"),
        ([3], "change 1: a int, expected an object"),
        ([{"kind": "bias", "neuron": 0, "value": 1}], "change 1 (bias): layer is missing"),
        (
            [{"kind": "setting", "name": "seed", "value": "1"}],
            "change 1 (setting): name: it should be",
        ),
        (
            [{"kind": "setting", "name": "epochs", "value": 3}],
            "change 1 (setting): value: it should",
        ),
        (
            [{"kind": "setting", "name": "epochs", "value": "9" * 101}],
            "change 1 (setting): value: it should",
        ),
        (
            [{"kind": "lock", "layer": 1, "neuron": 0, "locked": 1}],
            "change 1 (lock): locked: it should be true or false",
        ),
    ],
)
def test_what_is_no_list_of_changes_is_refused(changes: Any, expected: str):
    with pytest.raises(ChangeError) as caught:
        parse_changes(changes)
    assert str(caught.value).startswith(expected)


@given(st.lists(likely, min_size=1, max_size=3) | json_values)
def test_anything_is_read_or_refused_and_what_is_read_comes_back(changes: Any):
    try:
        parsed = parse_changes(changes)
    except ChangeError as error:
        assert str(error)
    else:
        assert parse_changes(json.loads(json.dumps([change.model_dump() for change in parsed]))) == parsed


def test_changes_are_equal_where_their_fields_are():
    first, same = (BiasChange(layer=1, neuron=2, value=0.5) for _ in range(2))
    assert first == same
    assert Changed(1, (first,)) == Changed(1, (same,)) != Changed(2, (same,))
