"""Looking into networks of videos: what is shown is what they compute, and no bit of training changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks.video import ClipBatches, video_trainer
from networks.video.blueprint import COMBINATIONS
from nn import Adam, Trainer
from tests.support.video_networks import KINDS, TASKS, network
from workbench.errors import AddressError
from workbench.inspect.clips import makes_clips
from workbench.inspect.inspector import Inspector
from workbench.run.changes import ChangeError
from workbench.run.run_directory import RunDirectory
from workbench.run.trainer_run import TrainerRun
from workbench.run.trainer_session import TrainerSession

pytestmark = pytest.mark.usefixtures("one_thread")

READS = ("zeros", "own", "sampled")
CLIPS = 12


def trainer_of(kind: str = "lstm", reads: str = "own", task: str = "both", **others: Any) -> Trainer:
    made = network(kind, reads, task, **others)
    blueprint, generator = made.blueprint, np.random.default_rng(0)
    clips = generator.integers(0, 256, (CLIPS, *blueprint.video(5)), np.uint8)
    batches = ClipBatches(clips, blueprint)
    return video_trainer(made, Adam(0.01), batches, batches, batch_size=4, generator=generator)


def looked_into(trainer: Trainer, folder: Path) -> tuple[TrainerRun, Inspector]:
    run = TrainerRun(TrainerSession(trainer), RunDirectory(folder))
    return run, Inspector(run)


@pytest.mark.parametrize(
    ("kind", "reads", "task"),
    [
        *((kind, reads, "both") for kind in KINDS for reads in READS),
        *(("lstm", "own", task) for task in TASKS[1:]),
    ],
)
def test_looking_changes_no_bit(kind: str, reads: str, task: str, tmp_path: Path):
    watched, alone = trainer_of(kind, reads, task), trainer_of(kind, reads, task)
    run, inspector = looked_into(watched, tmp_path)
    for trainer in (watched, alone):
        trainer.advance()
    for moment in range(watched.network.moments):
        inspector.choose_moment(moment)
        header, arrays = inspector.frame(["values", "signals", "biases", "change"])
        assert header["moment"] == moment and "inputs" not in arrays
        assert np.isfinite(arrays["values"]).all()
        inspector.clips()
        for _ in range(3 * len(run.session.steering.anatomy.layers)):
            walk = inspector.walk("next")[0]["walk"]
            if walk["stage"] == len(walk["stages"]) - 1:
                break
        inspector.choose_moment(0)
        assert np.isfinite(inspector.frame(["values"])[1]["values"]).all()
        inspector.walk("end")
    for trainer in (watched, alone):
        for _ in range(3):
            trainer.advance()
    np.testing.assert_array_equal(watched.network.parameters.values, alone.network.parameters.values)
    run.close()


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_clips_are_what_the_network_makes(combination: tuple[str, str, str], tmp_path: Path):
    trainer = trainer_of(combination=combination)
    run, inspector = looked_into(trainer, tmp_path)
    inspector.show("held_out", 2, 1)
    header, arrays = inspector.clips()
    assert header["names"] == ["input", "reconstruction", "truth", "prediction"] and header["moments"] == 3
    clips, (low, high) = trainer.batches._clips[2:10], trainer.network.blueprint.limits  # type: ignore[attr-defined]
    np.testing.assert_array_equal(arrays["clip 0"], clips[:, :3])
    np.testing.assert_array_equal(arrays["clip 2"], clips[:, 3:])
    made = trainer.network.reconstruct_and_predict(low + (high - low) * (clips / np.float32(255)))
    for number, name in ((1, "reconstruction"), (3, "prediction")):
        expected = 255 * np.clip((made[name] - low) / (high - low), 0, 1)
        np.testing.assert_allclose(arrays[f"clip {number}"], expected, atol=0.6)
    run.close()


def test_what_is_asked_for_is_shown_once(tmp_path: Path):
    names = {
        ("own", "reconstruction"): ["input", "output"],
        ("own", "prediction"): ["input", "truth", "output"],
        ("true", "both"): ["input", "future", "reconstruction", "prediction"],
    }
    for (reads, task), expected in names.items():
        run, inspector = looked_into(trainer_of("lstm", reads, task), tmp_path / f"{reads}-{task}")
        assert inspector.clips()[0]["names"] == expected
        run.close()


def test_layers_stand_in_rows_and_show_a_moment(tmp_path: Path):
    run, inspector = looked_into(trainer_of(), tmp_path)
    layers = run.overview()["layers"]
    names = [layer["name"] for layer in layers]
    assert names == [
        *("input", "encoder gates", "encoder hidden"),
        *("decoder reads", "decoder gates", "decoder hidden", "decoder writer", "reconstruction"),
        *("predictor reads", "predictor gates", "predictor hidden", "predictor writer", "prediction"),
    ]
    assert [layer["name"] for layer in layers if layer["grey"]] == [
        *("input", "decoder reads", "reconstruction", "predictor reads", "prediction"),
    ]
    assert [layer["name"] for layer in layers if layer["output"]] == ["reconstruction", "prediction"]
    hidden, reads, gates = names.index("decoder hidden"), names.index("decoder reads"), 4
    assert layers[hidden]["sources"] == [hidden - 1, names.index("encoder hidden")]
    assert layers[reads]["sources"] == []
    header, arrays = inspector.connections(gates, 0)
    assert header["delayed_from"] == hidden and len(arrays["delayed"]) == layers[hidden]["neurons"]
    assert inspector.connections(reads, 3)[0]["delayed_from"] == names.index("reconstruction")
    with pytest.raises(AddressError, match=r"decoder reads.* reads no other layer of the same moment"):
        inspector.connection(reads, 0, 0)
    assert inspector.connection(names.index("reconstruction"), 0, 0)[0]["fixed"]
    run.close()


def test_frames_show_the_inputs_and_outputs_of_their_moment(tmp_path: Path):
    trainer = trainer_of()
    run, inspector = looked_into(trainer, tmp_path)
    inspector.show("training", 3, 2)
    clip = trainer.batches._clips[5] / np.float32(255)  # type: ignore[attr-defined]
    made = trainer.network.reconstruct_and_predict(clip[None])
    layers = run.session.steering.anatomy.layers
    for moment in range(3):
        inspector.choose_moment(moment)
        values = inspector.frame(["values"])[1]["values"]
        expected = {
            "input": clip[moment],
            "reconstruction": made["reconstruction"][0, moment],
            "prediction": made["prediction"][0, min(moment, 1)],
        }
        for layer in layers:
            if layer.name in expected:
                found = values[layer.offset : layer.offset + layer.shape.size]
                np.testing.assert_allclose(found, expected[layer.name].ravel(), atol=1e-6)
    assert inspector.choose_moment(99)[0] == {"moment": 2}
    run.close()


def test_neurons_are_changed_locked_and_rewound(tmp_path: Path):
    trainer = trainer_of("adapters")
    run, inspector = looked_into(trainer, tmp_path)
    names = [layer.name for layer in run.session.steering.anatomy.layers]
    reader, gates = names.index("encoder reader"), names.index("predictor layer 1 gates")
    run.apply(
        [
            {"kind": "bias", "layer": reader, "neuron": 1, "value": 0.25},
            {"kind": "lock", "layer": gates, "neuron": 6, "locked": True},
        ]
    )
    kept, places = run.snapshot()["name"], run.session.steering.anatomy.incoming_parameters(gates, 6)
    before = trainer.network.parameters.values.copy()
    trainer.advance()
    after = trainer.network.parameters.values
    assert trainer.network.encoder.named["reader"].parameters["0.biases"].ravel()[1] != 0.25
    assert len(places) == 1 + 2 * 4 and np.array_equal(after[places], before[places])
    assert np.count_nonzero(after != before) > before.size / 2
    assert inspector.neuron(gates, 6)[0]["locked"]
    with pytest.raises(ChangeError, match="its neurons cannot be clamped"):
        run.apply([{"kind": "clamp", "layer": reader, "neuron": 1, "value": 0.0}])
    run.rewind(kept)
    np.testing.assert_array_equal(trainer.network.parameters.values, before)
    assert inspector.neuron(reader, 1)[0]["bias"] == 0.25
    run.close()


def test_other_networks_make_no_clips():
    assert makes_clips(network())
    assert not makes_clips(network().encoder.named["layer_0"])
