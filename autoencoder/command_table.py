"""The commands, with what their `--help` teaches."""

from __future__ import annotations

from autoencoder.settings import Settings
from workbench.settings.options import Command, Flag, Option

WHERE = ("model_directory", "output_directory", "threads", "rung", "storage")
SOURCE = ("input_directory", "fit", "limit")
ALL = tuple(Settings.model_fields)

ARRAY = Flag("array", "write one .npy, float32 (N, height, width, channels) in [0, 1], instead of PNG images")
OVERWRITE = Flag("overwrite", "replace what an earlier run wrote")

TRAIN = Command(
    name="train",
    summary="train a model on a folder of images",
    description="""\
Train a model and write what it learned: pictures of reconstructions, of the loss, of the network and of
what every number of the code does, and a table of the loss in every epoch.

The model directory gets one file, model.safetensors, at the start, at every snapshot interval and at the
end; the one before it is kept as model.previous.safetensors. Ctrl-C ends the step, saves, draws and exits
with 130. Whatever ended a run, --resume goes on with the same numbers as if it had never ended.

What --start-from, --shifts, --keep and --output-activation leave open is decided by the number of images,
and said in a line. At the end the error of as many principal components stands beside the network's.""",
    examples="""\
  autoencoder train
      on digits rendered from fonts, 28 x 28 grey, to a code of 32 numbers

  autoencoder train --input-directory mnist --minutes 1 --model-directory models/mnist
      one minute on IDX files; the test file is held out

  autoencoder train --input-directory photos --width 64 --height 64 --channels 3 --fit random-crop \\
          --architecture local --layers 8,16,4 --code-size 256
      windows that condense 64 x 64 crops in colour to 8 x 8 x 4 numbers

  autoencoder train --config run.conf --learning-rate 0.0005
      settings from a file, one of them changed

  autoencoder train --resume --epochs 80
      go on with the model in ./model""",
    settings=ALL,
    flags=(
        Flag("resume", "go on with the model in the model directory, exactly where it stopped"),
        Flag("overwrite", "begin anew where there is a model; the old one is kept as .previous"),
    ),
    records=True,
)

SERVE = Command(
    name="serve",
    summary="open a page that shows a model while it trains, and lets you change it",
    description="""\
Print the address of a page on this machine that shows the network while it trains: what goes in and comes
out, every neuron and connection, the error. From there training is started and stopped, settings, biases
and weights are changed between two steps, snapshots are kept and rewound to.

A model in the model directory is gone on with, with the settings it was made with; otherwise a new one is
made. Everything that is changed is written to journal.jsonl beside the model, so that `autoencoder replay`
can do it again. Ctrl-C ends the step, saves and exits with 130.

The page answers to who has the address with its token, on this machine alone. With --host others reach it
as well: everybody who can reach the port and knows the token can then change the run, and the connection
is not encrypted, so that whoever can listen to it learns the token.

The page needs NiceGUI: pip install 'ganglion[web]'""",
    examples="""\
  autoencoder serve
      digits rendered from fonts; the page's start button begins training

  autoencoder serve --input-directory mnist --model-directory models/mnist --start
      a new model, or the one that is there, training from the beginning

  autoencoder serve --inputs photos,mnist --models models/mnist,models/photos --port 9000
      what can be chosen in the page, and another port""",
    settings=ALL,
    flags=(
        Flag("start", "begin to train at once"),
        Flag("overwrite", "begin anew where there is a model; the old one is kept as .previous"),
    ),
    options=(
        Option(
            "host",
            "ADDRESS",
            "address to listen at. One that other machines reach opens the page to them: whoever reaches "
            "the port and knows the token can change the run, and the connection is not encrypted",
            "127.0.0.1",
        ),
        Option("port", "N", "port to listen at; 0 for any that is free", "8765"),
        Option(
            "allow-host",
            "NAME,NAME",
            "names or addresses under which browsers may open the page, beside 127.0.0.1, localhost and "
            "[::1]; needed with --host",
        ),
        Option("inputs", "PATH,PATH", "images that can be chosen in the page, beside the run's own"),
        Option(
            "models", "PATH,PATH", "model directories that can be chosen in the page, beside the run's own"
        ),
    ),
    records=True,
)

REPLAY = Command(
    name="replay",
    summary="train again as the journal of a run says, and compare",
    description="""\
Train again as journal.jsonl says, which a run that was changed by hand leaves beside its model: the same
settings, data and seed, the same changes at the same steps, without what was rewound, up to where the
journal ends. At every snapshot and stop in it the parameters are compared with those of then; the exit
status is 1 where they differ.

On another rung the last bits are others. A run whose learning rate followed the minutes cannot be
replayed.""",
    examples="""\
  autoencoder replay --model-directory again
      what was done to the model in ./model

  autoencoder replay models/mnist/journal.jsonl --model-directory models/again""",
    settings=(*WHERE, "input_directory"),
    flags=(Flag("overwrite", "begin anew where there is a model; the old one is kept as .previous"),),
    file=("JOURNAL", "the journal of a run; model/journal.jsonl if it is left out"),
    records=True,
)

REPLAY_PAGE = Command(
    name="replay-page",
    summary="write a run as one page that opens from disk",
    description="""\
Write one HTML file that shows a run in any browser, from disk and without a network: its frames with a
slider, the network as the page of `autoencoder serve` draws it, examples with what comes out, the error, and
the code's numbers as sliders. Nothing is loaded from elsewhere.

Frames are the snapshots that the run kept, or with --frames N those of training it again, which compares the
parameters at the end with the model. --spacing growing has most frames where most is learned.

How large the file can become is said first, and more than --largest is refused.""",
    examples="""\
  autoencoder replay-page --frames 24
      replay.html, of training ./model again

  autoencoder replay-page --frames 40 --output mnist.html --model-directory models/mnist
      another model

  autoencoder replay-page --frames 12 --weights every --largest 64 --output weights.html
      a larger file, in which the connections of a neuron are drawn in every frame

  autoencoder replay-page --frames 100 --size
      how large it would be""",
    settings=("model_directory", "input_directory", "threads", "rung"),
    flags=(
        Flag("size", "say how large the file can become, and write nothing"),
        Flag("overwrite", "replace a file that is there"),
    ),
    options=(
        Option("output", "FILE", "where to write", "replay.html"),
        Option(
            "frames",
            "N",
            "how many frames; 'snapshots' are those that the run kept, a number trains it again",
            "snapshots",
        ),
        Option("spacing", "NAME", "growing: each frame a factor of steps further; even", "growing"),
        Option("examples", "N", "images that run through the network in every frame, at most 8", "8"),
        Option("weights", "NAME", "frames whose weights are kept: every, last, none", "last"),
        Option("largest", "MIB", "size of the file above which nothing is written", "16"),
    ),
)

RECONSTRUCT = Command(
    name="reconstruct",
    summary="write what a model makes of images",
    description="""\
Encode and decode every image of the input directory, in the order of the sorted files or of the file that
holds them, and write the results to OUTPUT/reconstructions, or with --array to OUTPUT/reconstructions.npy.
Without an input directory these are the images that the model was trained with; of the built-in digits
those that were held out.""",
    examples="""\
  autoencoder reconstruct --input-directory photos --output-directory out
      out/reconstructions/00-astronaut.png and so on

  autoencoder reconstruct --input-directory mnist/t10k-images-idx3-ubyte.gz --array
      output/reconstructions.npy, (10000, 28, 28, 1)""",
    settings=WHERE + SOURCE,
    flags=(ARRAY, OVERWRITE),
)

ENCODE = Command(
    name="encode",
    summary="write the codes of images",
    description="""\
Write the codes of all images to OUTPUT/codes.npy, float32 (N, code size), and the images' names, one a line
in the same order, to OUTPUT/codes.txt. The images are chosen as for reconstruct.""",
    examples="""\
  autoencoder encode --input-directory photos
      output/codes.npy

  autoencoder encode --model-directory models/mnist --input-directory mnist --limit 1000
      the codes of the first thousand digits""",
    settings=WHERE + SOURCE,
)

DECODE = Command(
    name="decode",
    summary="turn codes into images",
    description="""\
Read codes, a .npy of floating point (N, code size), and write their images to OUTPUT/decoded, or with
--array to OUTPUT/decoded.npy.""",
    examples="""\
  autoencoder decode
      what encode wrote, output/codes.npy

  autoencoder decode changed.npy --output-directory changed --array
      other codes, to changed/decoded.npy""",
    settings=WHERE,
    flags=(ARRAY, OVERWRITE),
    file=("CODES", "a .npy of codes; OUTPUT/codes.npy if it is left out"),
)

RENDER = Command(
    name="render",
    summary="draw the results of a model again",
    description="""\
Write reconstructions.png, network.png, code_sweep.png, loss.png and losses.csv as train does, from the
model alone. The images are those that training held out, or those of an input directory.""",
    examples="""\
  autoencoder render --model-directory models/mnist --output-directory pictures
      with the images of the training

  autoencoder render --input-directory photos
      with other images""",
    settings=(*WHERE, "input_directory", "fit"),
)

INFO = Command(
    name="info",
    summary="print what a model is made of",
    description="""\
Print the layers of a model with their neurons and connections, the memory that training it takes,
percentiles of the weights and biases of every layer, and, when its training has ended, the error of as many
principal components beside its own.""",
    examples="""\
  autoencoder info
      of ./model

  autoencoder info --model-directory models/mnist""",
    settings=("model_directory",),
)

CONFIG = Command(
    name="config",
    summary="write a configuration file with every key",
    description="""\
Write a configuration file in which every key stands with its description, the values it takes and its
default, or the value that is given. Without a file it is printed.""",
    examples="""\
  autoencoder config run.conf
      all defaults, to be edited

  autoencoder config photos.conf --width 64 --height 64 --channels 3 --architecture local
      some of them chosen""",
    settings=ALL,
    flags=(OVERWRITE,),
    file=("FILE", "where to write; printed if it is left out"),
)

EXPORT = Command(
    name="export",
    summary="write a model for another library",
    description="""\
Write the network of a model, encoder and decoder, to a file whose suffix says in which format: .onnx,
.keras, or .safetensors for a state_dict of PyTorch. Beside it
goes a .json of the same name: how images become what
the network takes, the settings that describe the network, the activations of its layers. Layers that the
format does not have, such as local ones in PyTorch, are refused by name.""",
    examples="""\
  autoencoder export model.safetensors
      for torch.nn.Linear layers called 0.0, 0.1 and so on

  autoencoder export exchange/mnist.onnx --model-directory models/mnist
      another model, for onnxruntime""",
    settings=("model_directory",),
    flags=(OVERWRITE,),
    file=("FILE", "where to write; its suffix is that of a format"),
)

IMPORT = Command(
    name="import",
    summary="make a model of a file of another library",
    description="""\
Read a network and put it into the model directory, as a model that every other command opens and that
train --resume goes on with. It must be what an autoencoder can be here: dense layers one after another,
the decoder a mirror of the encoder, the last layer a sigmoid or linear. The settings are those of the
.json beside the file, if there is one, and of the options.

.onnx and .keras files say what their layers are. A .safetensors is a state_dict of PyTorch, which does
not: its layers are those of the settings, and weights are read by the names of its modules.""",
    examples="""\
  autoencoder import model.safetensors --model-directory models/back
      what export wrote

  autoencoder import exchange/mnist.onnx --model-directory models/again --limit 1000
      with a thousand of the built-in digits to look at and to train on""",
    settings=ALL,
    flags=(Flag("overwrite", "replace a model that is there; the old one is kept as .previous"),),
    options=(
        Option(
            "module",
            "THEIRS=OURS",
            "of a .safetensors: a module in the file, and the layer here that it is, such as "
            "encoder.0=0.0; may be given several times",
        ),
    ),
    file=("FILE", "a .onnx, .keras or .safetensors"),
)

COMMANDS = (
    TRAIN,
    SERVE,
    REPLAY,
    REPLAY_PAGE,
    RECONSTRUCT,
    ENCODE,
    DECODE,
    RENDER,
    INFO,
    EXPORT,
    IMPORT,
    CONFIG,
)
