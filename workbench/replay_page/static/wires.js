/** The connections of a recorded network: see workbench/replay_page/wires.py for how they lie. */

const NONE = { sources: [], weights: [] };

export class Wires {
  /** @param {object[]} layers of the recording @param {object[]} wires @param {Record<string, {data: any}>} arrays */
  constructor(layers, wires, arrays) {
    Object.assign(this, { layers, wires, arrays });
    this.firsts = [0];
    for (const { count } of wires) this.firsts.push(this.firsts.at(-1) + count);
  }

  /** How many connections there are. */
  get count() {
    return this.firsts.at(-1);
  }

  /** How many neurons the layers have that a layer reads. */
  width(layer) {
    return this.layers[layer].sources.reduce((sum, from) => sum + this.layers[from].neurons, 0);
  }

  /** Where the connections into a neuron begin and end among those of its layer. */
  bounds(layer, neuron) {
    if (this.wires[layer].full) return [neuron * this.width(layer), (neuron + 1) * this.width(layer)];
    const starts = this.arrays[`starts ${layer}`]?.data;
    return starts ? [starts[neuron], starts[neuron + 1]] : [0, 0];
  }

  /** The source of a connection of a layer. */
  source(layer, index) {
    return this.wires[layer].full ? index % this.width(layer) : this.arrays[`sources ${layer}`].data[index];
  }

  /** The target of a connection of a layer. */
  target(layer, index) {
    if (this.wires[layer].full) return Math.floor(index / this.width(layer));
    const starts = this.arrays[`starts ${layer}`].data;
    let [low, high] = [0, starts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= index) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The connections into a neuron. @param {Float32Array} weights of all */
  into(layer, neuron, weights) {
    const [start, end] = this.bounds(layer, neuron);
    if (start === end) return NONE;
    const sources = Int32Array.from({ length: end - start }, (_, index) => this.source(layer, start + index));
    return { sources, weights: weights.subarray(this.firsts[layer] + start, this.firsts[layer] + end) };
  }

  /** The connections out of a neuron: the layers that read it, its targets there, and the weights. */
  outOf(layer, neuron, weights) {
    const found = { readers: [], targets: [], weights: [] };
    this.layers.forEach(({ sources }, reader) => {
      let start = 0;
      for (const from of sources) {
        if (from === layer) this.collect(reader, start + neuron, weights, found);
        start += this.layers[from].neurons;
      }
    });
    return found;
  }

  collect(reader, source, weights, found) {
    const first = this.firsts[reader];
    const add = (target, index) => {
      found.readers.push(reader);
      found.targets.push(target);
      found.weights.push(weights[first + index]);
    };
    const { count, full } = this.wires[reader];
    if (full) {
      const width = this.width(reader);
      for (let target = 0; target < this.layers[reader].neurons; target++) add(target, target * width + source);
      return;
    }
    const { data: sources } = this.arrays[`sources ${reader}`] ?? { data: [] };
    for (let index = 0; index < count; index++) if (sources[index] === source) add(this.target(reader, index), index);
  }

  /** The numbers of the strongest connections into a layer, within it. */
  strongest(layer, most, weights) {
    const own = weights.subarray(this.firsts[layer], this.firsts[layer + 1]);
    return Array.from(own.keys()).sort((a, b) => Math.abs(own[b]) - Math.abs(own[a])).slice(0, most);
  }

  /** What a neuron sees of the layer that it reads, or null. */
  window(layer, neuron) {
    const windows = this.arrays[`windows ${layer}`]?.data;
    return windows ? [...windows.subarray(4 * neuron, 4 * neuron + 4)] : null;
  }
}
