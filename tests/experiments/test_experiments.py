"""The experiments: the measures on hand-made curves, and both scripts on a handful of images."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from experiments import biases, command, comparison, leakage, mixed_precision
from experiments.activity import measure_activity
from experiments.charts import draw_seeds, move_apart, panels
from experiments.comparison import Comparison, Run, Task, Variant, compare, make_autoencoder, run_variant
from experiments.slow_half import LossThresholds, crossing, slow_half
from experiments.table import learning_cells, mean_and_spread, ratio_to
from nn.data import DataError, digits
from nn.shape import Shape

EPOCHS = np.arange(1.0, 9.0)


def make_task(epochs=1, images=70):
    small = digits(images + 10, Shape(8, 8, 1), generator=np.random.default_rng(1))
    return Task(small.select(np.arange(images)), small.select(np.arange(images, images + 10)), epochs)


def make_comparison(curves):
    """Return a comparison of variants with losses (seeds, measurements); the first is the baseline."""
    runs = {
        Variant(leakage=0.1 * number): [Run(np.array(losses, float), [], []) for losses in seeds]
        for number, seeds in enumerate(curves)
    }
    return Comparison(make_task(), runs, Variant(leakage=0.0))


class TestSlowHalf:
    def test_thresholds_lie_half_way_in_log_loss(self):
        assert LossThresholds.between(0.16, 0.01) == pytest.approx((0.04, 0.01))

    @pytest.mark.parametrize(("start", "final"), [(0.1, 0.1), (0.1, 0.2), (math.inf, 0.1), (0.1, 0.0)])
    def test_a_baseline_that_does_not_learn_is_refused(self, start, final):
        with pytest.raises(ValueError, match="did not learn"):
            LossThresholds.between(start, final)

    @given(st.floats(0.05, 2.0), st.floats(0.02, 0.9))
    def test_an_exponential_crosses_where_the_formula_says(self, rate, share):
        losses = np.exp(-rate * EPOCHS)
        moment = 1 + share * (EPOCHS[-1] - 1)
        assert crossing(EPOCHS, losses, math.exp(-rate * moment)) == pytest.approx(moment)

    def test_both_halves_of_an_exponential_take_as_long(self):
        losses = 0.5 ** (EPOCHS - 1)
        thresholds = LossThresholds.between(losses[0], losses[6])
        assert slow_half(EPOCHS, losses, thresholds) == pytest.approx(3)

    def test_a_power_law_spends_most_of_its_time_in_the_slow_half(self):
        losses = 1 / EPOCHS
        assert slow_half(EPOCHS, losses, LossThresholds.between(1, 1 / 4)) == pytest.approx(2)

    def test_a_curve_that_never_reaches_the_threshold_has_no_end(self):
        losses = np.full(8, 0.3)
        assert crossing(EPOCHS, losses, 0.2) == math.inf
        assert slow_half(EPOCHS, losses, LossThresholds(0.5, 0.2)) == math.inf

    def test_the_first_crossing_counts_although_the_loss_rises_again(self):
        losses = np.array([0.8, 0.4, 0.8, 0.8, 0.4, 0.1, 0.1, 0.1])
        assert crossing(EPOCHS, losses, 0.4) == 2

    def test_a_curve_that_begins_below_the_threshold_crosses_at_once(self):
        assert crossing(EPOCHS, np.full(8, 0.1), 0.2) == 1

    @pytest.mark.parametrize("nothing", [np.inf, np.nan])
    def test_what_could_not_be_measured_is_never_below(self, nothing):
        losses = np.array([0.5, 0.3, *[nothing] * 6])
        assert crossing(EPOCHS, losses, 0.4) == pytest.approx(1 + math.log(5 / 4) / math.log(5 / 3))
        assert crossing(EPOCHS, losses, 0.2) == math.inf


class TestComparison:
    def test_thresholds_come_from_the_baseline_after_a_step_and_half_of_the_epochs(self):
        curve = [0.16, 0.05, 0.01, 0.001]
        made = replace(make_comparison([[curve, curve]]), task=FixedMoments([0.01, 0.5, 1.0, 2.0], 2))
        assert made.thresholds == pytest.approx((0.04, 0.01))

    def test_means_are_geometric_and_seeds_stay_apart(self):
        made = make_comparison([[[0.4, 0.1], [0.1, 0.4]]])
        np.testing.assert_allclose(made.mean_losses(made.baseline), [0.2, 0.2])
        np.testing.assert_allclose(made.final_losses(made.baseline), [0.1, 0.4])
        assert made.seeds == 2

    def test_a_seed_that_is_too_slow_leaves_the_others_their_numbers(self):
        fast, slow = [0.16, 0.04, 0.01, 0.01], [0.16, 0.16, 0.16, 0.16]
        made = make_comparison([[fast, fast], [fast, slow]])
        made = replace(made, task=FixedMoments([0.01, 0.5, 1.0, 2.0], 2))
        np.testing.assert_allclose(made.slow_halves(Variant(leakage=0.1)), [0.5, np.inf])
        assert learning_cells(made, Variant(leakage=0.1))[1:] == ["never in 1 of 2", "-"]

    def test_the_loss_is_measured_after_the_first_step_and_at_the_end_of_every_epoch(self):
        task = make_task(epochs=2, images=3 * comparison.BATCH_SIZE + 1)
        steps = task.measuring_steps
        assert steps[0] == 1
        assert {4, 8} <= set(steps)
        assert steps == sorted(set(steps))
        np.testing.assert_allclose(task.measuring_epochs * 4, steps)

    def test_fewer_steps_than_measurements(self):
        assert make_task(epochs=1, images=5).measuring_steps == [1]

    def test_the_same_seed_gives_the_same_run_and_another_seed_another(self):
        task = make_task()
        first, again, other = (run_variant(Variant(), task, seed) for seed in (3, 3, 4))
        np.testing.assert_array_equal(first.losses, again.losses)
        assert (first.before, first.after) == (again.before, again.after)
        assert not np.array_equal(first.losses, other.losses)

    def test_training_lowers_the_loss(self):
        losses = run_variant(Variant(), make_task(epochs=8), 0).losses
        assert np.isfinite(losses).all()
        assert losses[-1] < 0.8 * losses[0]

    def test_a_run_that_diverges_is_infinite_from_there_on(self):
        run = run_variant(Variant(learning_rate=1e30, optimizer="momentum"), make_task(epochs=2), 0)
        finite = np.isfinite(run.losses)
        assert not finite[-1]
        assert not finite[np.argmin(finite) :].any()

    def test_every_variant_gets_every_seed(self):
        calls = []
        variants = [Variant(), Variant(leakage=0.5)]
        made = compare(variants, make_task(), baseline=variants[0], seeds=3, progress=lambda: calls.append(1))
        assert list(made.runs) == variants
        assert [len(runs) for runs in made.runs.values()] == [3, 3]
        assert len(calls) == 6

    def test_the_baseline_must_be_among_the_variants(self):
        with pytest.raises(ValueError, match="not among the variants"):
            compare([Variant()], make_task(), baseline=Variant(leakage=0.5), seeds=1)

    def test_a_stop_ends_all_runs(self, monkeypatch):
        def stop_at_once(self, trainer):
            trainer.stop()

        monkeypatch.setattr(comparison._HeldOutCurve, "on_step", stop_at_once)
        with pytest.raises(KeyboardInterrupt):
            compare([Variant()], make_task(epochs=2), baseline=Variant(), seeds=1)


class FixedMoments:
    """A task in which only the moments of the measurements matter."""

    def __init__(self, moments, epochs):
        self.measuring_epochs = np.array(moments)
        self.epochs = epochs


class TestAutoencoder:
    def test_only_hidden_layers_start_with_the_bias_and_leak(self):
        variant = Variant(leakage=0.25, bias_mean=-0.5)
        network = make_autoencoder(variant, Shape(6, 5, 1), generator=np.random.default_rng(0))
        biases_of = [float(layer.parameters["biases"].mean()) for layer in network.layers]
        assert biases_of == [-0.5, -0.5, 0, -0.5, -0.5, 0]
        assert [layer.activation.slope for layer in network.layers] == [0.25, 0.25, 0, 0.25, 0.25, 0]
        assert network.output_shape == network.input_shape == Shape(6, 5, 1)

    def test_variants_of_one_seed_start_with_the_same_weights(self):
        first, second = (
            make_autoencoder(variant, Shape(4, 4, 1), generator=np.random.default_rng(2))
            for variant in (Variant(), Variant(leakage=0.5, bias_mean=-1))
        )
        for name in ("0.weights", "5.weights"):
            np.testing.assert_array_equal(first.parameters[name], second.parameters[name])


class TestActivity:
    @pytest.fixture
    def network(self):
        return make_autoencoder(Variant(), Shape(8, 8, 1), generator=np.random.default_rng(0))

    def test_shares_are_those_of_a_plain_loop(self, network):
        images = make_task().held_out
        pixels = images.batch(np.arange(len(images)))[0]
        values = pixels.reshape(len(images), -1).T
        measured = measure_activity(network, images)
        assert len(measured) == 4
        for number, layer in enumerate(network.layers[:2]):
            values = layer.activation(layer.parameters["weights"] @ values)
            positive = np.array([[value > 0 for value in neuron] for neuron in values])
            dead = sum(not any(neuron) for neuron in positive) / len(positive)
            assert measured[number] == pytest.approx((positive.sum() / positive.size, dead))

    @pytest.mark.parametrize(("bias", "expected"), [(1000, (1, 0)), (-1000, (0, 1))])
    def test_extreme_biases(self, network, bias, expected):
        network.parameters["1.biases"][:] = bias
        assert measure_activity(network, make_task().held_out)[1] == expected


class TestTable:
    def test_spread_is_the_sample_standard_deviation(self):
        assert mean_and_spread(np.array([1.0, 2.0, 3.0])) == "2.00 ± 1.00"

    def test_one_seed_has_no_spread(self):
        assert mean_and_spread(np.array([1.5]), digits=1) == "1.5"

    def test_ratios_are_taken_seed_by_seed(self):
        assert ratio_to(np.array([2.0, 4.0]), np.array([1.0, 2.0])) == "2.00 ± 0.00"
        assert ratio_to(np.array([2.0, 4.0]), np.array([1.0, np.inf])) == "-"


class TestPicture:
    @given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
    def test_labels_move_apart_and_keep_their_order(self, places):
        places = np.array(places)
        apart = move_apart(places, 15, (0, 100))
        order = np.argsort(places, kind="stable")
        assert (np.diff(apart[order]) > 15 - 1e-9).all()
        assert apart.min() >= -1e-9
        assert apart.max() <= 100 + 1e-9

    def test_labels_in_one_place_give_way_to_both_sides(self):
        np.testing.assert_allclose(move_apart(np.array([50.0, 50.0, 0.0]), 10, (0, 100)), [45, 55, 0])

    def test_labels_with_room_stay(self):
        np.testing.assert_allclose(move_apart(np.array([80.0, 20.0, 50.0]), 15, (0, 100)), [80, 20, 50])

    def test_seeds_without_a_number_are_shown_at_the_top(self):
        with panels(300) as picture:
            axes = picture.panel((50, 50, 300, 250), "title")
            end = draw_seeds(axes, np.array([[1.0, 3.0], [2.0, np.inf]]), "#000000")
        assert end == 2.0
        dots, triangles = axes.lines[1:]
        np.testing.assert_array_equal(dots.get_xydata(), [[0, 1], [0, 3], [1, 2]])
        np.testing.assert_array_equal(triangles.get_xydata(), [[1, 1]])


VARIANTS = {leakage: 12, biases: 30, mixed_precision: 2}


@pytest.mark.parametrize("script", VARIANTS)
class TestScripts:
    def test_a_tiny_run_prints_a_row_for_every_variant_and_draws(self, script, tmp_path, capsys):
        output = tmp_path / "new" / "picture.png"
        assert script.main(["--images", "200", "--epochs", "1", "--seeds", "1", "--output", str(output)]) == 0
        table = capsys.readouterr().out
        rows = [line for line in table.splitlines() if line.strip().startswith(("0", "float32", "bfloat16"))]
        assert len(rows) == VARIANTS[script]
        assert "one seed" in table
        assert str(output) in table
        with Image.open(output) as picture:
            assert picture.width == 900
            assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 50

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--epochs", "0"], "'0' is not a whole number of at least 1"),
            (["--seeds", "many"], "'many' is not a whole number"),
            (["--output", "picture.jpg"], "does not end in .png"),
            (["--input-directory", "nowhere"], "nowhere: no such file"),
            (["--images", "1"], "at least two are needed"),
        ],
    )
    def test_bad_input_exits_with_2(self, script, arguments, message, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as error:
            script.main(arguments)
        assert error.value.code == 2
        assert message in capsys.readouterr().err
        assert not list(tmp_path.iterdir())

    def test_ctrl_c_returns_130(self, script, monkeypatch, tmp_path):
        def interrupt(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(command, "compare", interrupt)
        assert script.main(["--images", "20", "--output", str(tmp_path / "a.png")]) == 130

    def test_help_teaches_by_example(self, script, capsys):
        with pytest.raises(SystemExit) as ended:
            script.main(["--help"])
        assert ended.value.code == 0
        assert f"--output runs/{script.__name__.rpartition('.')[2]}-mnist.png" in capsys.readouterr().out


def test_held_out_images_are_at_most_a_thousand(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((12_000, 28, 28), np.uint8))
    options = leakage_options(tmp_path / "images.npy", 12_000)
    task = command.load_task(options)
    assert (len(task.training), len(task.held_out)) == (10_800, command.HELD_OUT_LIMIT)


def test_one_image_is_not_enough(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DataError, match="at least two"):
        command.load_task(leakage_options(tmp_path / "images.npy", 10))


def leakage_options(path, images):
    return command.make_parser("leakage", "").parse_args(
        ["--input-directory", str(path), f"--images={images}"]
    )
