"""The operators that are read, and since which version each has been as it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from networks.exchange.onnx.reading import (
    activations,
    convolutions,
    folding,
    lookups,
    merges,
    normalisations,
    padding,
    pooling,
    products,
    recurrent,
    reductions,
    resizing,
    views,
)
from networks.exchange.onnx.reading.node import Given, Node
from networks.exchange.onnx.reading.tensors import Constant

Outputs = Sequence[Given]

OF_LABELS = {
    "Cast",
    "Dropout",
    "Flatten",
    "Gather",
    "Identity",
    "Reshape",
    "Shape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}
"""What may be done with labels: all but computing with them."""


LENGTHS = 4
"""Which input of a recurrent operator says how many steps there are."""


class Operator(NamedTuple):
    """How an operator is read.

    Attributes
    ----------
    newest
        The last version since which it has been as it is read; older ones back to opset 9 are read too.
    inputs
        Most inputs.
    read
        What makes layers of a node whose inputs are computed when the model runs; None for one that is
        known to folding alone.
    passes
        Whether it gives what it is given, constants too.
    """

    newest: int
    inputs: int
    read: Callable[[Node], Outputs] | None
    passes: bool = False


MANY = 1000

OPERATORS: Mapping[str, Operator] = {
    "Add": Operator(14, 2, merges.add),
    "AveragePool": Operator(22, 1, pooling.average_pooling),
    "Cast": Operator(25, 1, lookups.cast),
    "BatchNormalization": Operator(15, 5, normalisations.batch_normalisation),
    "Clip": Operator(13, 3, activations.clip),
    "Concat": Operator(13, MANY, merges.concatenate),
    "Constant": Operator(25, 0, None),
    "ConstantOfShape": Operator(25, 1, None),
    "Conv": Operator(22, 3, convolutions.convolution),
    "ConvTranspose": Operator(22, 3, convolutions.transposed_convolution),
    "Div": Operator(14, 2, merges.divide),
    "Dropout": Operator(22, 3, activations.dropout, passes=True),
    "Elu": Operator(22, 1, activations.elu),
    "Equal": Operator(19, 2, None),
    "Expand": Operator(13, 2, None),
    "Flatten": Operator(25, 1, views.flatten),
    "Floor": Operator(13, 1, None),
    "Gather": Operator(13, 2, lookups.gather),
    "Gemm": Operator(13, 3, products.gemm),
    "GlobalAveragePool": Operator(22, 1, pooling.global_pooling("global_average_pooling")),
    "GlobalMaxPool": Operator(22, 1, pooling.global_pooling("global_max_pooling")),
    "GRU": Operator(22, 6, recurrent.gru),
    "Greater": Operator(13, 2, activations.greater),
    "HardSigmoid": Operator(22, 1, activations.hard_sigmoid),
    "Identity": Operator(25, 1, activations.nothing, passes=True),
    "LSTM": Operator(22, 8, recurrent.lstm),
    "LayerNormalization": Operator(17, 3, normalisations.layer_normalisation),
    "LeakyRelu": Operator(16, 1, activations.leaky_relu),
    "MatMul": Operator(13, 2, products.matmul),
    "MaxPool": Operator(22, 1, pooling.max_pooling),
    "Mod": Operator(13, 2, None),
    "Mul": Operator(14, 2, merges.multiply),
    "Pad": Operator(25, 4, padding.pad),
    "ReduceMax": Operator(20, 2, reductions.reduction("global_max_pooling")),
    "ReduceMean": Operator(18, 2, reductions.reduction("global_average_pooling")),
    "Relu": Operator(14, 1, activations.plain("relu")),
    "Reshape": Operator(25, 2, views.reshape),
    "Resize": Operator(19, 4, resizing.resize),
    "Shape": Operator(25, 1, None),
    "Sigmoid": Operator(13, 1, activations.plain("sigmoid")),
    "Slice": Operator(13, 5, lookups.slice_),
    "Softmax": Operator(13, 1, activations.softmax),
    "Softplus": Operator(22, 1, activations.plain("softplus")),
    "Squeeze": Operator(25, 2, views.squeeze),
    "Sub": Operator(14, 2, merges.subtract),
    "Sum": Operator(13, MANY, merges.add),
    "Tanh": Operator(13, 1, activations.plain("tanh")),
    "Transpose": Operator(25, 1, views.transpose),
    "Unsqueeze": Operator(25, 2, views.unsqueeze),
    "Upsample": Operator(9, 2, resizing.upsample),
    "Where": Operator(16, 3, activations.where),
}


def read_node(node: Node) -> Outputs:
    """Return what a node gives: numbers that are known, or values of layers.

    Raises
    ------
    RefusedError
        Naming the node, and what of it is not mapped.
    """
    operator = OPERATORS[node.op]
    outputs: Outputs
    if node.op not in OF_LABELS and node.reads_labels(but=LENGTHS if node.op in ("LSTM", "GRU") else None):
        node.refuse("its input is labels, whole numbers that are looked up in a table and not computed with")
    if node.op in folding.FOLDED and (node.is_known or node.op == "Shape"):
        outputs = [Constant(folding.FOLDED[node.op](node))]
    elif operator.read is None:
        node.refuse("is mapped where its inputs are constants alone")
    elif node.is_known and not operator.passes:
        node.refuse("its inputs are constants alone")
    else:
        outputs = operator.read(node)
    node.finish(operator.inputs)
    return outputs
