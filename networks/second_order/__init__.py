"""Second-order terms by hand: gradients of losses that are made of input gradients.

A penalty on the gradient of a network with respect to its inputs, such as

    P = mean over entries of (|d D(x) / d x| - 1)²          (Gulrajani et al. 2017, equation 3)

depends on the parameters through that gradient. With g = d D(x) / d x and v = dP / dg, held fixed,

    dP / d parameters = d/d parameters of the sum of v * g
                      = how d D(x) / d parameters changes when x moves in direction v

because second derivatives may be taken in either order. The right side needs no new backward: it is the
ordinary forward and backward, differentiated in the direction v line by line (Pearlmutter 1994, "Fast exact
multiplication by the Hessian": the R operator). `InputGradients` does this for a whole network; every other
module here has the lines of one family. A dot over a letter in their derivations, written y', is the
change of y in the direction v, called its tangent.
"""

from networks.second_order.input_gradients import InputGradients

__all__ = ["InputGradients"]
