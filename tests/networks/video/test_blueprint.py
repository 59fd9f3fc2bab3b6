"""Blueprints refuse what does not go together, and say what does."""

import pytest

from networks.video import Blueprint
from networks.video.blueprint import COMBINATIONS
from nn import Shape

FRAME = Shape(8, 8, 1)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_the_five_combinations_go_together(combination):
    value_range, last, loss = combination
    Blueprint(FRAME, value_range=value_range, last=last, loss=loss)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"value_range": "-1-1"}, "do not go together; these do: -1-1, tanh, mse"),
        ({"last": "tanh"}, "do not go together"),
        ({"last": "none"}, "do not go together"),
        ({"last": "tanh_sigmoid"}, r"0\.269 to 0\.731 only"),
        ({"last": "none", "loss": "mse", "factor": 100.0}, "a factor is for a sigmoid"),
        ({"last": "sigmiod"}, "did you mean sigmoid"),
        ({"kind": "gru"}, "unknown video: kind"),
        ({"units": 0}, "units 0 must be a whole number"),
        ({"steps_out": 0}, "steps_out"),
        ({"factor": 0.0}, "factor"),
        ({"patch": 4}, "patches are for the convolutional LSTM"),
        ({"kind": "convolutional_lstm", "patch": 3}, "not made of patches of 3"),
        ({"kind": "convolutional_lstm", "kernel": 4}, "has no middle"),
        ({"kind": "convolutional_lstm", "adapter": 4}, "no linear adapters"),
        ({"kind": "convolution", "halvings": 4}, "cannot be halved 4 times"),
        ({"frame": (8, 8, 1)}, r"give Shape\(height"),
    ],
)
def test_what_does_not_go_together_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Blueprint(**{"frame": FRAME, **fields})


def test_a_squeezed_output_has_to_be_asked_for():
    with pytest.warns(UserWarning, match=r"0\.269 to 0\.731"):
        Blueprint(FRAME, last="tanh_sigmoid", allow_squeezed=True)
