"""The commands, with what their `--help` teaches."""

from __future__ import annotations

from experiments.video import varied
from experiments.video.settings import Settings
from experiments.watch_option import CLOSE, PORT, WATCH
from workbench.settings.options import Command, Flag, Option

PROGRAM = "python -m experiments video"
ALL = tuple(Settings.model_fields)
PLACE = ("folder", "threads")
GOES_ON = (
    *("steps", "minutes", "patience", "animate_every", "shown", "frame_rate", "snapshot_interval"),
    *("data", "test_data", "test_clips", "rung", *PLACE),
)
RUN = ("RUN", "folder of the run, such as runs/video/first")

OVERWRITE = Flag("overwrite", "begin anew where there is a run; its model is kept as .previous")
BEST = Flag("best", "the network with the lowest validation loss, not the last one")

TRAIN = Command(
    name="train",
    summary="train an encoder with a decoder and a predictor",
    description="""\
Train networks that read some frames of a clip, make them again (decoder), and make those that follow
(predictor). Clips to train on, to validate and to test on are of different digits or films. Moving digits
have no end: no clip comes twice.

Every --report-every steps, squared error and cross-entropy of every head, per frame, on validation clips and
on clips of training digits, go to losses.csv; losses-by-minutes.png and losses-by-steps.png draw them beside
a copy of the last frame, the mean frame, and the floor. Animations of input, reconstruction, prediction and
truth are written every --animate-every minutes (animations/) and at the end (animation.gif, animation.webp,
frames.png). model.safetensors is saved every minute and at the end, best.safetensors where the validation
loss was lowest. Ctrl-C ends the step, saves, draws and exits with 130.""",
    examples=f"""\
  {PROGRAM} train
      both heads on two rendered digits of 64 x 64 pixels, a thousand steps

  {PROGRAM} train --size 32 --units 256 --minutes 1 --folder runs/video/first
      smaller frames, a minute

  {PROGRAM} train --data mnist --model lstm --task both --decoder-input own --range 0-1 --last sigmoid \\
          --loss bce --optimizer rmsprop --units 1024 --adapter 1024 --minutes 60
      MNIST's digits; linear layers before and behind the LSTM

  {PROGRAM} train --data mnist --model convolutional_lstm --units 64 --patch 4 --task prediction
      images as states, on patches of 4 x 4 pixels

  {PROGRAM} train --range -1-1 --last tanh --loss mse --folder runs/video/tanh
      frames of -1 to 1

  {PROGRAM} train --decoder-input true --sampling-curve inverse_sigmoid --sampling-steps 5000 \\
          --folder runs/video/sampled
      the true frame at first, its own output at last (scheduled sampling)

  {PROGRAM} train --data films --size 32 --steps-in 5 --steps-out 5 --folder runs/video/films
      animations, videos or folders of frames

  {PROGRAM} train --config video.conf --patience 10 --overwrite
      settings from a file, and an end after ten reports without a lower validation loss""",
    settings=ALL,
    flags=(OVERWRITE, WATCH, CLOSE),
    options=(PORT,),
    records=True,
)

CONTINUE = Command(
    name="continue",
    summary="go on with a run, exactly where it was saved",
    description="""\
Go on with the run in a folder: after Ctrl-C, a kill or a crash with the same numbers as if it had never
ended, and after its end with more steps or minutes. Both count over all runs together, and the table and
the plots show one history.""",
    examples=f"""\
  {PROGRAM} continue runs/video/first
      go on to the limits it was begun with

  {PROGRAM} continue runs/video/first --minutes 2
      two minutes in all

  {PROGRAM} continue runs/video/first --minutes 60 --watch
      seen in the browser""",
    settings=GOES_ON,
    flags=(WATCH, CLOSE),
    options=(PORT,),
    file=RUN,
    records=True,
)

DEMO = Command(
    name="demo",
    summary="make the animations of a run anew",
    description="""\
Write animation.gif and animation.webp (input, reconstruction, prediction and truth side by side) and
frames.png (the same, frame by frame) into the run's folder. Nothing but that folder is needed: it has the
clips that are shown, and a run goes by the settings it was trained with. --clips shows films instead.""",
    examples=f"""\
  {PROGRAM} demo runs/video/first
      as the run ended

  {PROGRAM} demo runs/video/first --best --clips films
      the network with the lowest validation loss, on films""",
    settings=PLACE,
    flags=(BEST,),
    options=(
        Option("clips", "PATH", "films to show; empty: the clips in the run's folder", ""),
        Option("count", "N", "how many clips of these films", "4"),
    ),
    file=RUN,
)

EVALUATE = Command(
    name="evaluate",
    summary="measure a network on clips that were kept for the test",
    description="""\
Measure squared error and cross-entropy of every head on test clips, per pixel, frame and sequence, beside a
copy of the last frame, the mean frame and the floor: printed as a table, and written to evaluation.json with
every step on its own, which steps-ahead.png draws. Squared error per frame is summed over the pixels,
averaged over frames and clips, and measured before clipping (as OpenSTL does); cross-entropy likewise.""",
    examples=f"""\
  {PROGRAM} evaluate runs/video/first
      the last network

  {PROGRAM} evaluate runs/video/first --best --test-clips 1000
      the best one, on more clips""",
    settings=("data", "test_data", "test_clips", *PLACE),
    flags=(BEST,),
    file=RUN,
)

GRID = Command(
    name="grid",
    summary="train all tasks, inputs and losses, and compare them",
    description="""\
Train reconstruction, prediction and both, with heads that read zeros or their own output, in the five ranges
with their last activations and losses that go together: 30 runs, each in a folder of its own. Unless said
otherwise frames are 32 x 32, LSTMs have 256 units, and a run lasts a minute.

The table of errors on test clips is printed and written to grid.md; five-losses-mse.png and
five-losses-nats.png draw the five losses in six ways, all-runs.png all reconstructions and all predictions
under both errors, and sigmoid.png a sigmoid with either loss. Called again after Ctrl-C or a kill it goes on;
runs that are done are not made again.""",
    examples=f"""\
  {PROGRAM} grid
      half an hour on rendered digits

  {PROGRAM} grid --data mnist --minutes 2 --units 512 --folder runs/video/grid-mnist
      MNIST's digits, an hour""",
    settings=tuple(name for name in ALL if name not in varied.GRID),
    records=True,
)

MISTAKES = Command(
    name="mistakes",
    summary="train what keeps it from learning, beside the same without it",
    description="""\
Train three mistakes and the same runs without them: a sigmoid of a tanh, which reaches 0.269 to 0.731 only;
decoder and predictor whose cells start at zero; batches of neighbouring windows of a film, which overlap.
Five kinds of runs with three seeds each, in folders of their own. Unless said otherwise frames are 32 x 32,
LSTMs have 256 units, and a run has 600 steps. The films are made of the digits.

The table of errors on test clips is printed and written to mistakes.md; mistakes.png draws how the errors
on validation clips fell. Called again after Ctrl-C or a kill it goes on; runs that are done are not made
again.""",
    examples=f"""\
  {PROGRAM} mistakes
      some twenty minutes on rendered digits

  {PROGRAM} mistakes --data mnist --steps 2000 --folder runs/video/mistakes-mnist
      MNIST's digits, longer""",
    settings=tuple(name for name in ALL if name not in varied.MISTAKES),
    records=True,
)

CONFIG = Command(
    name="config",
    summary="write a settings file with every key",
    description="""\
Write a file in which every key stands with its description, the values it takes and its default, or the
value that is given. Without a file it is printed.""",
    examples=f"""\
  {PROGRAM} config video.conf
      all defaults, to be edited

  {PROGRAM} config patches.conf --model convolutional_lstm --patch 4
      some of them chosen""",
    settings=ALL,
    flags=(Flag("overwrite", "replace the file"),),
    file=("FILE", "where to write; printed if it is left out"),
)

COMMANDS = (TRAIN, CONTINUE, DEMO, EVALUATE, GRID, MISTAKES, CONFIG)
