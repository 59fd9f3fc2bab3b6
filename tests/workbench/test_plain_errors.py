"""What is wrong with a value is said in plain words, whatever pydantic calls it."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.plain_errors import wanted, wanted_within


class Values(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole: Annotated[int, Field(ge=1, lt=10)] = 1
    number: Annotated[float, Field(gt=0, le=2.5, allow_inf_nan=False)] = 1.0
    switch: bool = False
    name: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    several: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    table: dict[str, int] = {}
    channels: Literal[1, 3, 4] = 1
    kind: Literal["or", "both"] = "or"


def error(**values: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        Values.model_validate(values)
    return caught.value.errors()[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"whole": "x"}, "it should be a whole number"),
        ({"whole": 1.5}, "it should be a whole number"),
        ({"whole": 0}, "it should be at least 1"),
        ({"whole": 10}, "it should be below 10"),
        ({"whole": "9" * 5000}, "it should be a whole number"),
        ({"number": "1,5"}, "it should be a number"),
        ({"number": 0}, "it should be above 0"),
        ({"number": 3}, "it should be at most 2.5"),
        ({"number": "nan"}, "it should be a finite number"),
        ({"switch": "perhaps"}, "it should be yes or no"),
        ({"switch": None}, "it should be true or false"),
        ({"name": 5}, "it should be a text"),
        ({"name": ""}, "it should have at least 1 characters"),
        ({"name": "abcd"}, "it should have at most 3 characters"),
        ({"several": 3}, "it should be a list"),
        ({"several": []}, "it should have a length of at least 1"),
        ({"several": [1, 2, 3]}, "it should have a length of at most 2"),
        ({"table": 3}, "it should be a table"),
        ({"channels": 2}, "it should be 1, 3 or 4"),
        ({"kind": "no"}, "it should be or or both"),
        ({"colour": 1}, "there is no such field"),
    ],
)
def test_it_says_what_is_allowed(values: dict[str, Any], said: str):
    assert wanted(error(**values)) == said


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ("1 to 9", "it should be a number from 1 to 9"),
        ("above 0", "it should be a number above 0"),
        ("at least 0, below 1", "it should be a number of at least 0, below 1"),
        ("", "it should be above 0"),
    ],
)
def test_bounds_say_all_that_is_allowed(bounds: str, said: str):
    assert wanted_within(error(number=-1), False, bounds) == said
