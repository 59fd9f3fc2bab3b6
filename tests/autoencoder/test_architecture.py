"""Architectures: shapes of the layers, plans compared with built models, memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoencoder.architecture import nearly_square, plan_architecture
from autoencoder.memory import estimate_memory, require_training_memory
from autoencoder.model import AutoEncoder
from autoencoder.settings import Settings
from nn.activations import Identity, LeakyReLU, Sigmoid
from nn.optimizers import optimizer_by_name
from nn.shape import Shape
from nn.training.memory import estimate
from tests.support.autoencoder_runs import tiny_settings
from workbench.errors import SettingsError


def shapes(settings: Settings) -> list[str]:
    plan = plan_architecture(settings)
    return [str(plan.encoder[0].input_shape), *(str(layer.output_shape) for layer in plan.layers)]


def test_dense_layers_are_mirrored():
    settings = Settings(layers="20,12", code_size=6)
    assert shapes(settings) == ["28x28x1", "4x5x1", "3x4x1", "2x3x1", "3x4x1", "4x5x1", "28x28x1"]


def test_a_dense_network_needs_no_hidden_layer_but_the_code():
    settings = Settings(architecture="graph", layers="5", code_size=2, width=3, height=2)
    assert shapes(settings) == ["2x3x1", "1x2x1", "2x3x1"]


def test_local_layers_halve_and_double_around_a_code_that_is_an_image():
    settings = Settings(
        architecture="local", width=64, height=32, channels=3, layers="8,12", middle=1, code_size=256
    )
    assert shapes(settings) == [
        *("32x64x3", "16x32x8", "8x16x12", "8x16x12", "8x16x2"),
        *("8x16x12", "8x16x12", "16x32x8", "32x64x3"),
    ]


def test_a_last_layer_of_just_the_code_size_is_the_code():
    settings = Settings(architecture="local", width=16, height=16, layers="4,3", code_size=48)
    assert shapes(settings) == ["16x16x1", "8x8x4", "4x4x3", "8x8x4", "16x16x1"]
    plan = plan_architecture(settings)
    assert [layer.activation for layer in plan.encoder] == [LeakyReLU(settings.leakage), Identity()]


def test_a_code_that_is_no_image_is_a_dense_layer():
    settings = Settings(architecture="local", layers="4,4", code_size=32)
    assert shapes(settings) == ["28x28x1", "14x14x4", "7x7x4", "4x8x1", "7x7x4", "14x14x4", "28x28x1"]


@pytest.mark.parametrize("architecture", ["dense", "local", "graph"])
def test_activations_are_linear_at_the_code_and_as_chosen_at_the_end(architecture: str):
    settings = Settings(architecture=architecture, layers="4,4", leakage=0.25, width=8, height=8, code_size=4)
    plan = plan_architecture(settings)
    ends = [getattr(half[-1], "last_activation", half[-1].activation) for half in plan]
    assert ends == [Identity(), Sigmoid()]
    assert plan.encoder[0].activation == LeakyReLU(0.25)
    settings = settings.model_copy(update={"output_activation": "identity"})
    last = plan_architecture(settings).decoder[-1]
    assert getattr(last, "last_activation", last.activation) == Identity()


@given(
    architecture=st.sampled_from(["dense", "local", "graph"]),
    layers=st.lists(st.integers(1, 5), min_size=1, max_size=2),
    blocks=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    channels=st.sampled_from([1, 3, 4]),
    code_size=st.integers(1, 12),
    window=st.integers(2, 7),
    middle=st.integers(0, 2),
)
def test_what_is_built_is_what_was_planned(architecture, layers, blocks, channels, code_size, window, middle):
    settings = Settings(
        architecture=architecture,
        layers=tuple(layers),
        height=4 * blocks[0],
        width=4 * blocks[1],
        channels=channels,
        code_size=code_size,
        window=window,
        middle=middle,
        connections=3,
        rung="plain",
    )
    plan = plan_architecture(settings)
    encoder, decoder = plan.build(settings, generator=np.random.default_rng(1))
    assert encoder.input_shape == decoder.output_shape == settings.shape
    assert encoder.output_shape == decoder.input_shape
    assert encoder.output_shape.size == code_size
    built = [*encoder.layers, *decoder.layers]
    assert [layer.connections for layer in built] == [layer.connections for layer in plan.layers]
    assert sum(layer.parameters.size for layer in built) == plan.parameters


def test_every_window_of_a_condensing_layer_is_reached_by_its_mirror_image():
    for window in (2, 3, 4, 5, 6, 8):
        settings = Settings(
            architecture="local", layers="1", window=window, width=16, height=16, code_size=64
        )
        plan = plan_architecture(settings)
        condensing, expanding = plan.encoder[0].tiling, plan.decoder[-1].tiling
        for tile in condensing:
            box = tile.window
            for row in range(box.top // 2, (box.bottom + 1) // 2):
                seen = expanding.tile(row, tile.column).window
                assert seen.top <= tile.row < seen.bottom


def test_biases_and_weights_start_as_the_settings_say():
    settings = Settings(layers="4", code_size=2, bias_mean=-0.5, initializer="uniform", width=3, height=3)
    encoder, _ = plan_architecture(settings).build(settings, generator=np.random.default_rng(1))
    assert (encoder.parameters["0.biases"] == -0.5).all()
    assert np.abs(encoder.parameters["0.weights"]).max() <= 0.05


@pytest.mark.parametrize(("key", "side"), [("width", 30), ("height", 26)])
def test_a_side_that_cannot_be_halved_is_named(key: str, side: int):
    settings = Settings(**{"architecture": "local", "width": 28, "height": 28, "layers": (4, 4), key: side})
    with pytest.raises(
        SettingsError, match=f"{key}={side} cannot be halved 2 times.*layers=4,4.*multiple of 4"
    ):
        plan_architecture(settings)


@given(st.integers(1, 5000))
def test_nearly_square_shapes_hold_as_many(size: int):
    shape = nearly_square(size)
    assert shape.size == size
    assert shape.height <= shape.width


def test_squares_are_found():
    assert nearly_square(256) == Shape(16, 16, 1)
    assert nearly_square(32) == Shape(4, 8, 1)
    assert nearly_square(7) == Shape(1, 7, 1)


def test_memory_counts_parameters_and_what_the_optimizer_keeps():
    settings = Settings(layers="10", code_size=3, width=4, height=4, batch_size=5)
    plan = plan_architecture(settings)
    weights = 16 * 10 + 10 * 3 + 3 * 10 + 10 * 16
    assert plan.parameters == weights + 10 + 3 + 10 + 16
    memory = estimate_memory(settings, plan)
    assert (memory.parameters, memory.gradients, memory.optimizer) == (
        *(4 * plan.parameters, 4 * plan.parameters, 8 * plan.parameters),
    )
    plain = settings.model_copy(update={"optimizer": "sgd"})
    assert estimate_memory(plain, plan).optimizer == 0
    assert memory.histories == estimate_memory(settings.model_copy(update={"batch_size": 16}), plan).histories


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": "10", "code_size": 3},
        {"architecture": "local", "layers": "2", "code_size": 16},
        {"architecture": "local", "layers": "2", "code_size": 16, "rung": "o2"},
        {"layers": "10", "code_size": 3, "rung": "o2", "storage": "bfloat16"},
        {"architecture": "local", "layers": "2", "code_size": 16, "rung": "o2", "storage": "bfloat16"},
    ],
)
def test_memory_is_that_of_the_network_to_be_built(changes):
    settings = tiny_settings(**changes)
    network = AutoEncoder.create(settings, generator=np.random.default_rng(1)).network
    optimizer = optimizer_by_name(settings.optimizer, settings.learning_rate)
    expected = estimate(network, optimizer, settings.batch_size)
    assert estimate_memory(settings, plan_architecture(settings)) == expected


def test_a_network_that_does_not_fit_is_refused_with_the_figures():
    settings = Settings(width=4096, height=4096, channels=4, layers="65536", code_size=65536)
    with pytest.raises(SettingsError, match=r"needs .* GiB of memory \(parameters .* GiB, .*available"):
        require_training_memory(settings, plan_architecture(settings))
