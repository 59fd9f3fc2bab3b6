/** The run in this file. It answers what the page asks, as the connection to a run does in live.js. */

import { unpack } from "/assets/messages.js";
import { widen } from "/assets/replay/half_floats.js";
import { Wires } from "/assets/replay/wires.js";

/** @type {Map<string, Set<(value: any) => void>>} */
const listeners = new Map();
/** @type {Map<string, any>} */
const newest = new Map();

/** @type {Recording} */
let recording;

/** Listen to messages: see live.js. */
export function on(type, callback) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(callback);
  return () => listeners.get(type).delete(callback);
}

/** The last message of a type, or undefined. */
export const last = (type) => newest.get(type);

/** All kinds of numbers are here. */
export function setKinds() {}

/** Request an operation: one that looks. */
export async function request(op, args = {}) {
  return recording[op](args);
}

function store(type, value) {
  newest.set(type, value);
  for (const callback of listeners.get(type) ?? []) callback(value);
}

/** Show an example at a frame, in all parts of the page. */
export function show(frame, entry) {
  recording.place = { frame, entry };
  store("status", recording.header.frames[frame]);
  store("frame", recording.frame());
}

/** Read the numbers of this document. @returns {Promise<Recording>} */
export async function open(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  recording = new Recording(unpack(await new Response(stream).arrayBuffer()));
  store("connection", true);
  return recording;
}

/** Part `index` of an array whose first axis has parts. */
function partOf({ data, shape }, ...indices) {
  let [start, size] = [0, data.length];
  indices.forEach((index, axis) => {
    size /= shape[axis];
    start += index * size;
  });
  return data.subarray(start, start + size);
}

class Recording {
  place = { frame: 0, entry: 0 };
  weightsOf = { frame: null, weights: null };

  constructor({ header, arrays }) {
    Object.assign(this, { header, arrays, wires: new Wires(header.layers, header.wires, arrays) });
    this.neurons = header.layers.reduce((sum, { neurons }) => sum + neurons, 0);
  }

  get layers() {
    return this.header.layers;
  }

  /** The numbers of all neurons, for the example that is looked at. */
  values() {
    const { frame, entry } = this.place;
    const { inputs, outputs, values } = this.arrays;
    const numbers = new Float32Array(this.neurons);
    const [low, high] = this.header.span;
    partOf(inputs, entry).forEach((level, index) => (numbers[index] = low + (level / 255) * (high - low)));
    const inner = partOf(values, frame, entry);
    widen(inner, numbers, inputs.shape[1]);
    const [darkest, brightest] = partOf(this.arrays.spans, frame);
    const first = inputs.shape[1] + inner.length;
    partOf(outputs, frame, entry).forEach((level, index) => (numbers[first + index] = darkest + (level / 255) * (brightest - darkest)));
    return numbers;
  }

  /** What an example is and what the network makes of it, as pictures in the range of the input. */
  pictures(entry) {
    const { inputs, outputs, spans } = this.arrays;
    const [height, width, channels] = this.header.image;
    const [low, high] = this.header.span;
    const [darkest, brightest] = partOf(spans, this.place.frame);
    const levels = partOf(outputs, this.place.frame, entry);
    const shown = Uint8ClampedArray.from(levels, (level) => (255 * (darkest + (level / 255) * (brightest - darkest) - low)) / (high - low));
    return { input: { height, width, channels, pixels: partOf(inputs, entry) }, output: { height, width, channels, pixels: shown } };
  }

  biases() {
    return widen(partOf(this.arrays.biases, this.place.frame), new Float32Array(this.neurons));
  }

  /** The weights of all connections at the present frame; null where they are not in the file. */
  weights() {
    const { frame } = this.place;
    const kept = this.arrays.weights?.shape[0] ?? 0;
    const number = kept - this.header.frames.length + frame; // the last ones are kept
    if (number < 0) return null;
    if (this.weightsOf.frame !== frame) {
      const bits = partOf(this.arrays.weights, number);
      this.weightsOf = { frame, weights: widen(bits, new Float32Array(bits.length)) };
    }
    return this.weightsOf.weights;
  }

  /** What every part of the page draws; see the operation `frame`. */
  frame() {
    const { frame, entry } = this.place;
    const { step, errors } = this.header.frames[frame];
    return {
      header: { run: 1, step, entry, errors, names: this.header.names },
      arrays: { values: { data: this.values() }, biases: { data: this.biases() } },
    };
  }

  overview() {
    return { header: { layers: this.layers } };
  }

  /** The numbers of a neuron. */
  factsOf({ layer, neuron }) {
    const { values, biases } = last("frame").arrays;
    const place = this.layers.slice(0, layer).reduce((sum, { neurons }) => sum + neurons, neuron);
    const { clamps, locks } = this.header.frames[this.place.frame];
    const isHere = ([itsLayer, itsNeuron]) => itsLayer === layer && itsNeuron === neuron;
    const bias = biases.data[place];
    return {
      value: values.data[place],
      bias: Number.isNaN(bias) ? null : bias,
      clamp: clamps.find(isHere)?.[2] ?? null,
      locked: locks.some(isHere),
    };
  }

  neuron(place) {
    return { header: this.factsOf(place) };
  }

  connections({ layer, neuron }) {
    const weights = this.weights();
    const into = weights ? this.wires.into(layer, neuron, weights) : { sources: [], weights: [] };
    const out = weights ? this.wires.outOf(layer, neuron, weights) : { readers: [], targets: [], weights: [] };
    const arrays = {
      sources: into.sources, source_weights: into.weights,
      targets: out.targets, target_layers: out.readers, target_weights: out.weights,
    };
    return {
      header: { window: this.wires.window(layer, neuron), delayed_from: null },
      arrays: Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, { data }])),
    };
  }

  strongest({ layer, count }) {
    const weights = this.weights();
    const found = weights ? this.wires.strongest(layer, count, weights) : [];
    const first = this.wires.firsts[layer];
    return {
      header: {},
      arrays: {
        sources: { data: found.map((index) => this.wires.source(layer, index)) },
        targets: { data: found.map((index) => this.wires.target(layer, index)) },
        weights: { data: found.map((index) => weights[first + index]) },
      },
    };
  }
}
