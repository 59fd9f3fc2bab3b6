/** A part of a network run forward: from the values of one of its layers to those of the last. */

/** Activations by name, with their slope where they have one: see nn/activations.py. */
export const FUNCTIONS = {
  identity: (sum) => sum,
  relu: (sum) => Math.max(sum, 0),
  leaky_relu: (sum, slope) => Math.max(sum, slope * sum),
  elu: (sum) => (sum > 0 ? sum : Math.expm1(sum)),
  softplus: (sum) => Math.max(sum, 0) + Math.log1p(Math.exp(-Math.abs(sum))),
  tanh: Math.tanh,
  sigmoid: (sum) => 1 / (1 + Math.exp(-sum)),
  squash: (sum, slope) => {
    const inside = Math.min(1, Math.max(-1, sum));
    return inside + slope * (sum - inside);
  },
  hard_sigmoid: (sum, slope) => Math.min(1, Math.max(0, slope * sum + 0.5)),
};

/**
 * Return the values of the last layer.
 * @param {import("/assets/replay/wires.js").Wires} wires of the whole network
 * @param {object} part of the network: the layer `first` that is given, `activations` of those after it,
 *   `weights` and `biases` of these, one after another, and `clamps`: layers, neurons and their values
 * @param {ArrayLike<number>} given the values of the layer `first`
 */
export function forward(wires, { first, activations, weights, biases, clamps }, given) {
  const values = [];
  values[first] = given;
  let bias = 0;
  for (let layer = first + 1; layer < wires.layers.length; layer++) {
    const { name, slope } = activations[layer - first - 1];
    const sources = wires.layers[layer].sources.flatMap((from) => Array.from(values[from]));
    const own = weights.subarray(wires.firsts[layer] - wires.firsts[first + 1]);
    values[layer] = Float64Array.from({ length: wires.layers[layer].neurons }, (_, neuron) =>
      FUNCTIONS[name](biases[bias + neuron] + sumInto(wires, layer, neuron, own, sources), slope),
    );
    for (const [where, neuron, value] of clamps) if (where === layer) values[layer][neuron] = value;
    bias += wires.layers[layer].neurons;
  }
  return values.at(-1);
}

function sumInto(wires, layer, neuron, weights, sources) {
  const [start, end] = wires.bounds(layer, neuron);
  let sum = 0;
  for (let index = start; index < end; index++) sum += weights[index] * sources[wires.source(layer, index)];
  return sum;
}
