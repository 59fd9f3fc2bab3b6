"""The commands, with what their `--help` teaches."""

from __future__ import annotations

from experiments.gan.settings import Settings
from experiments.watch_option import CLOSE, PORT, WATCH
from workbench.settings.options import Command, Flag, Option

PROGRAM = "python -m experiments gan"
ALL = tuple(Settings.model_fields)
PLACE = ("folder", "threads")
GOES_ON = (
    *("epochs", "minutes", "score_every", "patience", "every", "snapshot_interval"),
    *("loss_ratio_limit", "ratio_patience", "data", "test_data", "rung", *PLACE),
)

OVERWRITE = Flag(
    "overwrite", "begin anew where there is a run; its model is kept as .previous, the rest is removed"
)
BEST = Flag("best", "the model with the best validation score, not the last one")
LABELS = Option("labels", "NAME,NAME", "classes to make, in turn, such as 3 or 0,1,2", "")
DRAW = Option("draw", "N", "start of the random draws: the same number gives the same entries", "0")

TRAIN = Command(
    name="train",
    summary="train a generator and a discriminator",
    description="""\
Train two networks against each other: one makes entries of noise, the other tells them from real ones.

The data are divided first: some are learned from, some score the generator while it learns (MMD, lower is
better), some are kept for `evaluate`. Series are divided before they are cut into windows. What is scaled
is scaled by what is learned from alone.

The run's folder gets, every epoch, a picture of samples made of the same noise with real entries below them
(epochs/), losses, gradients and scores of both sides as plots (losses.png) and as a table (losses.csv); at
the end samples.png, samples.npz and progress.gif. model.safetensors is saved every minute and at the end,
best.safetensors where a score was the best. Ctrl-C ends the round, saves, draws and exits with 130.""",
    examples=f"""\
  {PROGRAM} train
      ten seconds on digits rendered from fonts, with their labels

  {PROGRAM} train --data mnist --size 14 --classes 0,1,2 --architecture lstm --conditioning inputs \\
          --sequences yes --minutes 10 --folder runs/rcgan
      IDX files; an LSTM draws row by row, told the digit at every step (RCGAN)

  {PROGRAM} train --data photos --size 64 --channels 3 --fit crop --minutes 60 --folder runs/photos
      a folder of images in colour

  {PROGRAM} train --data sines --epochs 20 --folder runs/sines
      made-up series of 24 steps and 5 variables

  {PROGRAM} train --data stock.csv --window 24 --output sigmoid --folder runs/stock
      a long series: the last part of the time is held out, windows are cut afterwards

  {PROGRAM} train --data images.npz --loss relativistic --penalty r1_r2 --penalty-weight 1
      another loss, with a penalty on the discriminator's input gradients

  {PROGRAM} train --given rows:0-13 --folder runs/lower
      the lower halves of digits, completed from the upper ones

  {PROGRAM} train --minutes 5 --watch
      samples, losses and both networks in the browser while it trains

  {PROGRAM} train --config gan.conf --patience 10 --overwrite
      settings from a file, and an end after ten scores without a better one""",
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
ended, and after its end with more epochs or minutes. Both count over all runs together, and the table and
the plots show one history. A run that its --patience ended is patient anew.""",
    examples=f"""\
  {PROGRAM} continue
      go on in runs/gan to the limits it was begun with

  {PROGRAM} continue --folder runs/sines --epochs 40
      forty epochs in all

  {PROGRAM} continue --minutes 60 --watch
      seen in the browser""",
    settings=GOES_ON,
    flags=(WATCH, CLOSE),
    options=(PORT,),
    records=True,
)

GENERATE = Command(
    name="generate",
    summary="make new entries",
    description="""\
Write new entries to FOLDER/generated.npz, as `values` in the data's own units (pixels 0 to 1) with their
labels, and draw up to a hundred of them in FOLDER/generated.png. The file can be given as --data, and to
`python -m experiments.evaluation`. Nothing but the run's folder is needed, unless the generator completes
entries (--given): these are then those that were kept for the test.""",
    examples=f"""\
  {PROGRAM} generate
      64 entries of classes as frequent as in the data

  {PROGRAM} generate --labels 3,8 --count 20 --draw 5 --out digits
      digits.npz and digits.png: threes and eights in turn

  {PROGRAM} generate --folder runs/sines --best --count 1000
      with the model of the best validation score""",
    settings=("data", "test_data", *PLACE),
    flags=(BEST,),
    options=(
        Option("count", "N", "how many", "64"),
        LABELS,
        DRAW,
        Option("out", "NAME", "where to, without a suffix; empty: generated in the run's folder", ""),
    ),
)

INTERPOLATE = Command(
    name="interpolate",
    summary="draw the way from one noise to another",
    description="""\
Draw what the generator makes on the way from one noise to another, a row for every pair, to
FOLDER/interpolation.png, and as a GIF. The way is along a great circle, so that the noise stays as long as
noise is. A generator that has learned more than single entries changes one into the other gradually.""",
    examples=f"""\
  {PROGRAM} interpolate
      five rows of nine steps

  {PROGRAM} interpolate --labels 3 --rows 3 --steps 12 --draw 1
      threes only""",
    settings=("data", "test_data", *PLACE),
    flags=(BEST,),
    options=(
        Option("rows", "N", "pairs of noise", "5"),
        Option("steps", "N", "entries on each way", "9"),
        LABELS,
        DRAW,
    ),
)

EVALUATE = Command(
    name="evaluate",
    summary="judge generated entries beside real ones that were held out",
    description="""\
Generate entries and judge them beside those that were learned from and those that were kept for the test:
FOLDER/report/report.html opens from disk, report.json has the same figures. docs/evaluation.md says what
they mean. The data are loaded again; --data says where they are now if they were moved.""",
    examples=f"""\
  {PROGRAM} evaluate
      everything

  {PROGRAM} evaluate --folder runs/sines --best --entries 300 --seeds 2
      a quick look at the best model""",
    settings=("data", "test_data", *PLACE),
    flags=(BEST,),
    options=(
        Option("entries", "N", "use at most so many of each", "2000"),
        Option("seeds", "N", "trainings of every classifier", "5"),
    ),
)

CONFIG = Command(
    name="config",
    summary="write a settings file with every key",
    description="""\
Write a file in which every key stands with its description, the values it takes and its default, or the
value that is given. Without a file it is printed.""",
    examples=f"""\
  {PROGRAM} config gan.conf
      all defaults, to be edited

  {PROGRAM} config hinge.conf --loss hinge --discriminator-normalisation spectral
      some of them chosen""",
    settings=ALL,
    flags=(Flag("overwrite", "replace the file"),),
    file=("FILE", "where to write; printed if it is left out"),
)

COMMANDS = (TRAIN, CONTINUE, GENERATE, INTERPOLATE, EVALUATE, CONFIG)
