"""Settings that the runs of a command differ in, or that it chooses for them: they are no options of it."""

GRID = ("task", "decoder_input", "range", "last", "loss")
MISTAKES = ("task", "range", "last", "loss", "allow_squeezed", "handed_on", "stride", "clip_order", "axes")
