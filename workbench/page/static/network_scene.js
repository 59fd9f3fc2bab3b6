/** The contents of the network view: layers, their places, their numbers as pixels, and the weights of a neuron. */

import { readTheme } from "/assets/colours.js";
import { digits } from "/assets/format.js";
import { Camera } from "/assets/network_camera.js";
import { limitText } from "/assets/network_captions.js";
import { neuronAt } from "/assets/network_geometry.js";
import { layOut } from "/assets/network_layout.js";
import { largest, strongestOf } from "/assets/network_links.js";
import { Picture, BrightnessRange, Scale } from "/assets/network_picture.js";
import { placeOfSource, sourceAt } from "/assets/network_sources.js";

const CURVES = 24; // of a neuron, in each direction

/**
 * @typedef {import("/assets/network_layout.js").Layer} Layer
 * @typedef {{layer: number, neuron: number}} Place
 * @typedef {import("/assets/network_links.js").Connection} Connection
 */

export class Scene {
  /** @type {Layer[]} */
  layers = [];
  offsets = [0];
  blocks = [];
  lanes = [];
  pictures = [];
  overlays = [];
  values = [];
  limits = [];
  ranges = []; // of brightness, by layer: only those of inputs are used
  notes = [];
  flagged = new Set();
  /** @type {Map<string, Scale[]>} by kind, so that going back to a kind does not change its colours */
  scales = new Map();
  size = { width: 0, height: 0, ratio: 1 };
  kind = "values";
  shownKind = "values";

  /** @param {HTMLCanvasElement} canvas @param {() => void} changed */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.camera = new Camera(changed);
    this.theme = readTheme(canvas);
  }

  /** @param {Layer[]} layers */
  setLayers(layers) {
    this.layers = layers;
    this.offsets = [0];
    for (const { neurons } of layers) this.offsets.push(this.offsets.at(-1) + neurons);
    this.pictures = layers.map(({ shape }) => new Picture(shape));
    this.overlays = layers.map(() => null);
    this.values = [];
    this.limits = layers.map(() => 0);
    this.ranges = layers.map(() => new BrightnessRange());
    this.notes = layers.map(() => null);
    this.scales.clear();
    this.arrange();
  }

  /** Find places for the layers in the size that the canvas has. */
  arrange() {
    const { width, height, ratio } = this.size;
    if (!width || !this.layers.length) return;
    this.camera.size = { width, height };
    Object.assign(this, layOut(this.layers, width, height, ratio));
  }

  /** Whether there is anything to draw, and room for it. */
  get isReady() {
    return this.blocks.length > 0 && this.size.width > 0;
  }

  isInput(layer) {
    return this.layers[layer].kind === "input";
  }

  /** Whether a layer has a range of brightness: outputs that should be the input again have that of the input. */
  hasRange(layer) {
    return this.isInput(layer) || this.layers[layer].own_range;
  }

  rangeOf(layer) {
    return this.ranges[this.hasRange(layer) ? layer : 0];
  }

  /** Whether a layer is an image: black is 0, or the lowest there was, and white is 1, or the highest. */
  isGrey(layer) {
    return this.shownKind === "values" && this.layers[layer].grey;
  }

  /** Whether a layer's neurons are circles: those of a graph, except its output. */
  isRound(layer) {
    return this.layers[layer].kind === "graph" && !this.layers[layer].output;
  }

  /**
   * Take the numbers of all layers, one after another.
   * @returns {boolean} whether they are of these layers
   */
  setValues(kind, numbers) {
    if (numbers.length !== this.offsets.at(-1)) return false;
    this.shownKind = kind;
    this.values = this.layers.map((_, layer) => numbers.subarray(this.offsets[layer], this.offsets[layer + 1]));
    this.paint();
    return true;
  }

  /** Colour all numbers again. */
  paint() {
    for (const overlay of this.overlays) overlay?.paintDiverging(overlay.numbers, overlay.limit, this.theme.diverging);
    if (!this.values.length) return;
    if (!this.scales.has(this.shownKind)) this.scales.set(this.shownKind, this.layers.map(() => new Scale()));
    const scales = this.scales.get(this.shownKind);
    this.values.forEach((numbers, layer) => {
      if (this.hasRange(layer)) this.ranges[layer].include(numbers);
      if (this.isGrey(layer)) this.pictures[layer].paintGrey(numbers, this.rangeOf(layer), this.theme.grey);
      else {
        this.limits[layer] = scales[layer].fit(numbers);
        this.pictures[layer].paintDiverging(numbers, this.limits[layer], this.theme.diverging);
      }
    });
    this.writeNotes();
  }

  /** The note below a layer: the scale of its colours, or why it has none. */
  noteOf(layer) {
    if (this.overlays[layer]) return `weights ±${digits(this.overlays[layer].limit, 3)}`;
    if (!this.values[layer].some((value) => value === value)) {
      return this.isInput(layer) && this.shownKind !== "values" ? `no ${this.shownKind}` : "not reached";
    }
    if (!this.values[layer].some((value) => Number.isFinite(value))) return "not finite";
    if (this.isGrey(layer)) return `${digits(this.rangeOf(layer).low, 3)} to ${digits(this.rangeOf(layer).high, 3)}`;
    return this.shownKind === "change" ? `0 to ${limitText(this.limits[layer])}` : `±${limitText(this.limits[layer])}`;
  }

  /**
   * Show the weights of a neuron over the layers beside its own.
   * @param {Place} place
   * @param {import("/assets/messages.js").Message} reply of the operation `connections`
   * @returns {Connection[]} the strongest ones
   */
  showConnections({ layer, neuron }, { header, arrays }) {
    this.hideConnections();
    const { sources, source_weights: weights, targets, target_layers: readers, target_weights: outgoing, delayed, delayed_weights: earlier } = arrays;
    this.overlaySources(layer, sources.data, weights.data);
    if (delayed?.data.length) this.overlay(header.delayed_from, delayed.data, earlier.data); // what it sees of the step before
    else for (const reader of new Set(readers.data)) this.overlay(reader, ...partOf(readers.data, reader, targets.data, outgoing.data));
    this.writeNotes();
    const into = strongestOf(sources.data, weights.data, CURVES, (source, weight) => this.connection(layer, neuron, source, weight));
    const out = strongestOf(targets.data, outgoing.data, CURVES, (target, weight, index) => {
      const reader = readers.data[index];
      return this.connection(reader, target, sourceAt(this.layers, reader, { layer, neuron }), weight);
    });
    return [...into, ...out];
  }

  /** @returns {Connection} */
  connection(layer, target, source, weight) {
    return { layer, target, source, from: placeOfSource(this.layers, layer, source), weight };
  }

  /** Show the weights from what a layer reads over the layers there. */
  overlaySources(layer, sources, weights) {
    const places = Array.from(sources, (source) => placeOfSource(this.layers, layer, source));
    const from = places.map((place) => place.layer);
    const neurons = places.map((place) => place.neuron);
    for (const each of new Set(from)) this.overlay(each, ...partOf(from, each, neurons, weights));
  }

  hideConnections() {
    this.overlays.fill(null);
    this.writeNotes();
  }

  writeNotes() {
    if (this.values.length) this.notes = this.layers.map((_, layer) => this.noteOf(layer));
  }

  /** Circles have curves only: the order of a graph's neurons makes no picture. */
  overlay(layer, neurons, weights) {
    if (!neurons.length || !this.layers[layer] || this.isRound(layer)) return;
    this.overlays[layer] = new Picture(this.layers[layer].shape);
    this.overlays[layer].paintSome(neurons, weights, largest(weights), this.theme.diverging);
  }

  /** The neuron at a point of the canvas, or null. @returns {Place | null} */
  placeAt(x, y) {
    const point = this.camera.unproject(x, y);
    for (let layer = 0; layer < this.blocks.length; layer++) {
      const neuron = neuronAt(this.blocks[layer], point.x, point.y);
      if (neuron !== null) return { layer, neuron };
    }
    return null;
  }

  /** Whether there is such a neuron. */
  has({ layer, neuron }) {
    return Boolean(this.layers[layer]) && neuron >= 0 && neuron < this.layers[layer].neurons;
  }
}

/** Those neurons, with their weights, that are in one of the layers. */
function partOf(layers, layer, neurons, weights) {
  const chosen = Array.from(layers.keys()).filter((index) => layers[index] === layer);
  return [chosen.map((index) => neurons[index]), chosen.map((index) => weights[index])];
}
