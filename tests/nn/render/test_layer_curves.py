"""Curves of layers: what is drawn where, in which colours, and what is refused."""

import numpy as np
import pytest

from nn.render import layer_curves
from nn.render.layer_curves import _colours

STEPS = range(1, 30)


def curves(layers, offset=0.0):
    return {
        layer: [(step, offset + 0.1 ** (1 + number) * step) for step in STEPS]
        for number, layer in enumerate(layers)
    }


def colours_in(picture):
    return {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in picture.getcolors(1 << 20)}


def test_every_layer_has_its_colour_in_panel_and_names():
    layers = ["encoder.0", "encoder.1", "decoder"]
    picture = layer_curves({"Norm of the gradients": curves(layers)}, title="Layers")
    assert picture.mode == "RGB" and picture.width == 900
    assert set(_colours(layers).values()) <= colours_in(picture)
    assert len(set(_colours(layers).values())) == 3


def test_a_panel_more_makes_the_picture_higher_and_empty_ones_are_left_out():
    one = layer_curves({"first": curves("ab")})
    two = layer_curves({"first": curves("ab"), "second": curves("a", 1.0)})
    assert two.height > one.height
    same = layer_curves({"first": curves("ab"), "nothing": {}, "no points": {"a": []}})
    assert np.array_equal(np.asarray(same), np.asarray(one))


def test_the_names_of_many_layers_stay_in_the_picture():
    layers = [f"block_{number}.normalisation_of_the_residual_branch" for number in range(60)]
    picture = np.asarray(layer_curves({"norm": curves(layers, 1.0)}))
    assert (picture[:, -10:] == 255).all()
    assert (picture[-4:] == 255).all()


def test_zeros_negative_numbers_and_a_single_point_can_be_drawn():
    layer_curves({"mean": {"a": [(1, -1.0), (2, 0.0)], "": [(1, 0.0)]}, "x_$1$": {"a": [(1, 3.0)]}})


def test_names_with_dollars_are_not_formulas():
    layer_curves({"$norm^^$": {"$a^^$": [(1, 1.0), (2, 2.0)]}}, title="$\\frac$")


@pytest.mark.parametrize("panels", [{}, {"norm": {}}, {"norm": {"a": []}}])
def test_nothing_to_draw_is_refused(panels):
    with pytest.raises(ValueError, match="no layers to draw"):
        layer_curves(panels)


@pytest.mark.parametrize("points", [[(1, np.nan)], [(np.inf, 1)], [1, 2]])
def test_what_is_no_number_is_named(points):
    with pytest.raises(ValueError, match="gradients, layer encoder: only pairs of finite numbers"):
        layer_curves({"gradients": {"encoder": points}})
