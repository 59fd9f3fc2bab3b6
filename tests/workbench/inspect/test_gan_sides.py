"""Both networks of a pair are looked into while they learn: the same bits, and signals that are slopes."""

from typing import Any

import numpy as np
import pytest

from networks.gan import GanTrainer
from nn import Shape, to_history
from nn.losses.adversarial import Hinge, NonSaturating, Relativistic
from tests.support.gan_pairs import IMAGE, SERIES, blueprint, trainer
from tests.support.gan_watching import ROWS, made_run, samples_of
from workbench.errors import OperationError
from workbench.inspect.gan_inspector import GanInspector
from workbench.run.operations import KINDS

pytestmark = pytest.mark.usefixtures("one_thread")

PAIRS: dict[str, dict[str, Any]] = {
    "dense": {"architecture": "dense"},
    "rows with labels": {"classes": 3, "conditioning": "inputs", "sequences": True},
    "images": {
        **{"shape": IMAGE, "architecture": "convolution", "classes": 3, "conditioning": "projection"},
        **{"discriminator_normalisation": "spectral", "dropout": 0.3},
    },
    "class head": {
        **{"shape": IMAGE, "architecture": "convolution_lstm", "classes": 3, "conditioning": "auxiliary"},
        "discriminator_normalisation": "batch",
    },
    "completed": {"completes": True},
    "scales": {
        **{"shape": IMAGE, "architecture": "convolution", "classes": 3, "conditioning": "inputs"},
        "multi_scale": True,
    },
    "statistics": {"shape": IMAGE, "architecture": "convolution", "minibatch_statistics": 2},
}

MASKS = np.arange(6) < np.array([6, 3, 5, 2, 6, 4, 6, 1, 6, 6, 2, 5])[:, None]


def pair(name: str, **settings: Any) -> GanTrainer:
    fields = dict(PAIRS[name])
    made = blueprint(fields.pop("shape", SERIES), **fields)
    given = np.arange(6)[:, None] < [3, 3] if made.completes else None
    return trainer(made, masks=MASKS if name == "rows with labels" else None, given=given, **settings)


def bits(learner: GanTrainer) -> list[Any]:
    arrays, metadata = learner.state()
    rows = [{**row, "seconds": 0.0} for row in metadata["gan"]["rows"]]
    state = {**metadata["gan"], "seconds": 0.0, "rows": rows}
    return [state, *((name, arrays[name].tobytes()) for name in sorted(arrays))]


@pytest.mark.parametrize("name", PAIRS)
def test_looking_on_changes_no_bit(name: str):
    alone, watched = (pair(name, loss=Relativistic(), averaging=0.9) for _ in range(2))
    alone.train(epochs=3)
    run, last = made_run(watched), len(samples_of(watched)) - 1
    inspector = GanInspector(run)

    def look(learner: GanTrainer) -> None:
        for side in ("generator", "discriminator"):
            run.choose_network(side)
            layers = run.overview()["layers"]
            inspector.show("training", learner.step * 3 % (last + 1), 0)
            _, arrays = inspector.frame(list(KINDS))
            for kind in ("values", "signals"):
                assert len(arrays[kind]) == sum(layer["neurons"] for layer in layers)
                assert np.isfinite(arrays[kind]).mean() > 0.5
            assert np.nanmax(np.abs(arrays["signals"])) > 0
            for layer in range(len(layers)):
                inspector.neuron(layer, 0)
                inspector.connections(layer, 0)
        assert inspector.samples()[1]["pictures"].shape[0] == last + 1

    watched.train(epochs=3, on_step=[look])
    assert bits(watched) == bits(alone)


@pytest.mark.parametrize("loss", [NonSaturating(), Hinge(), Relativistic()], ids=lambda each: each.name)
@pytest.mark.parametrize("name", ["dense", "rows with labels", "statistics"])
@pytest.mark.parametrize("place", ["generated", "real"])
def test_signals_of_inputs_are_the_slopes_of_each_sides_loss(name: str, loss: Any, place: str):
    learner = pair(name, loss=loss, dtype=np.float64, rung="plain")
    learner.train(epochs=1)
    run = made_run(learner)
    inspector, pair_of_run = GanInspector(run), run.session.pair
    cell = 4 if place == "generated" else len(samples_of(learner)) - 2
    inspector.show("training", cell, 0)
    for side in ("generator", "discriminator"):
        run.choose_network(side)
        found = inspector.frame(["signals"])[1]["signals"]
        of_side = run.session
        group = of_side.group(cell)
        inputs = of_side.at(np.array([cell])).batch.inputs[..., : len(group)].copy()

        def value(numbers: np.ndarray) -> float:
            network, cells = of_side.network, group  # noqa: B023 - is called in this turn of the loop
            beside = pair_of_run.group(pair_of_run.samples.partner(cells[0]))
            other = pair_of_run.score(pair_of_run.shown(beside), beside).scores
            network.step_mask = pair_of_run.samples.mask_of(cells)
            outputs = network.forward(numbers)
            weights = pair_of_run.weights(cells[0])
            if side == "generator":  # noqa: B023
                scores = pair_of_run.score(outputs, cells).scores
                return loss.generator(other, scores, weights).loss
            scores = outputs[..., 0, :1]
            pairs = (scores, other) if place == "real" else (other, scores)
            return loss.discriminator(*pairs, weights).loss

        for index in [index for index in np.ndindex(inputs.shape) if index[-1] == 0][:4]:
            ends = []
            for step in (1e-6, -1e-6):
                moved = inputs.copy()
                moved[index] += step
                ends.append(value(moved))
            slope = (ends[0] - ends[1]) / 2e-6
            number = np.ravel_multi_index(index[:-1], inputs.shape[:-1])
            assert found[number] == pytest.approx(slope, rel=1e-3, abs=1e-6), (side, index)


def test_a_chosen_cell_runs_through_both_networks():
    learner = pair("images")
    learner.train(epochs=1)
    run = made_run(learner)
    inspector, samples = GanInspector(run), samples_of(learner)
    shown = inspector.samples()[0]
    assert shown == {"step": 3, "columns": 3, "headings": ["a", "b", "c"]}
    run.choose_network("discriminator")
    made = run.session.pair.make()
    for cell, entry in ((4, made[4]), (len(samples) - 1, samples.real[2])):
        header, _ = inspector.show("training", cell, 0)
        assert header["position"] == cell and header["count"] == ROWS * 3 + 3
        values = inspector.frame(["values"])[1]["values"][: IMAGE.size]
        np.testing.assert_allclose(values, to_history(entry[None])[..., 0].ravel())
    run.choose_network("generator")
    header, arrays = inspector.frame(["values"])
    assert header["position"] == len(samples) - 1
    np.testing.assert_array_equal(arrays["values"][: learner.gan.blueprint.noise], samples.noise[2].ravel())
    with pytest.raises(OperationError, match="no image of your own"):
        inspector.show("own", 0, 0)


def test_a_baseline_is_kept_while_the_other_network_is_shown():
    learner = pair("dense")
    run = made_run(learner)
    inspector = GanInspector(run)
    inspector.set_baseline()
    learner.train(epochs=1)
    run.choose_network("discriminator")
    inspector.frame(["change"])
    run.choose_network("generator")
    change = inspector.frame(["change"])[1]["change"]
    assert np.nanmax(change) > 0


def test_what_is_a_picture_is_drawn_as_one():
    run = made_run(pair("images"))
    assert [layer["grey"] for layer in run.overview()["layers"]][-1] and run.overview()["networks"]
    run.choose_network("discriminator")
    layers = run.overview()["layers"]
    assert layers[0]["grey"] and not any(layer["grey"] for layer in layers[1:])
    assert layers[0]["shape"] == list(Shape(8, 8, 1))
    series = made_run(pair("dense"))
    assert not any(layer["grey"] for layer in series.overview()["layers"])
