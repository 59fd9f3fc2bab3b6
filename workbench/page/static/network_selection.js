/** What is selected in the network: the chosen neuron, what is under the pointer, and their connections. */

import { ChosenRequests, HoverRequests, StrongestRequests } from "/assets/network_requests.js";
import { middleOfNeuron, neighbour } from "/assets/network_geometry.js";
import { curveAt } from "/assets/network_links.js";

const WIRING = 240; // connections of a graph that are always drawn
const EDGE = 40; // pixels from the edge of the canvas that the keyboard keeps the chosen neuron away from

/**
 * @typedef {import("/assets/network_scene.js").Place} Place
 * @typedef {import("/assets/network_links.js").Connection} Connection
 * @typedef {object} Listeners called when the selection changes
 * @property {(choice: Place & {append: boolean}) => void} chooseNeuron
 * @property {(choice: {layer: number, target: number, source: number, append: boolean}) => void} chooseConnection
 * @property {(hovered: object | null, facts: object | null) => void} showHovered what is under the pointer
 * @property {(place: Place | null, facts: object | null) => void} showChosen the chosen neuron, and its numbers
 */

export class Selection {
  /** @type {Place | null} */
  chosen = null;
  /** @type {{place: Place | null, connection: Connection | null, x: number, y: number} | null} */
  hovered = null;
  /** @type {number[] | null} what the neuron under the pointer sees */
  hoverWindow = null;
  /** @type {number[] | null} */
  chosenWindow = null;
  /** @type {Connection[]} of the chosen neuron */
  curves = [];
  /** @type {Connection[]} of layers */
  wiring = [];
  /** @type {number | null} the layer whose strongest connections are drawn */
  strongest = null;

  /**
   * @param {import("/assets/network_scene.js").Scene} scene
   * @param {Listeners} listeners
   * @param {() => void} changed
   */
  constructor(scene, listeners, changed) {
    Object.assign(this, { scene, listeners, changed, facts: null });
    this.hoverRequests = new HoverRequests((facts, window) => this.receiveHovered(facts, window));
    this.chosenRequests = new ChosenRequests((...reply) => this.receiveChosen(...reply));
    this.strongestRequests = new StrongestRequests((found) => this.receiveStrongest(found));
  }

  /** Update after new numbers. */
  refresh() {
    this.chosenRequests.refresh();
    this.strongestRequests.refresh();
    if (this.hovered) this.hover(this.hovered.x, this.hovered.y);
  }

  /** Clear everything: the layers have changed. */
  reset() {
    this.deselect();
    this.leave();
    this.showStrongest(null);
  }

  stop() {
    this.hoverRequests.point(null);
    this.chosenRequests.choose(null);
    this.strongestRequests.stop();
  }

  hover(x, y) {
    const place = this.scene.placeAt(x, y);
    const connection = place ? null : curveAt([...this.curves, ...this.shownWiring], this.scene, x, y);
    this.hovered = place || connection ? { place, connection, x, y } : null;
    this.hoverRequests.point(place, Boolean(this.scene.layers[place?.layer]?.window));
    this.listeners.showHovered(this.hovered, this.facts);
    this.changed();
  }

  leave() {
    this.hovered = null;
    this.hoverRequests.point(null);
    this.listeners.showHovered(null, null);
    this.changed();
  }

  receiveHovered(facts, window) {
    this.facts = facts;
    this.hoverWindow = window;
    this.listeners.showHovered(this.hovered, facts);
    this.changed();
  }

  /** The connections of layers that the pointer can hit: not the faint ones behind those of a neuron. */
  get shownWiring() {
    return this.strongest !== null || !this.curves.length ? this.wiring : [];
  }

  click(x, y, append) {
    this.hover(x, y);
    const { place, connection } = this.hovered ?? {};
    if (place) {
      this.select(place);
      this.listeners.chooseNeuron({ ...place, append });
    } else if (connection) {
      const { layer, target, source } = connection;
      this.listeners.chooseConnection({ layer, target, source, append });
    } else this.deselect();
  }

  /** Enter: add the neuron that was reached by keyboard to the chosen ones. */
  addChosen() {
    if (this.chosen) this.listeners.chooseNeuron({ ...this.chosen, append: true });
  }

  /** Show a neuron as the chosen one, without calling `chooseNeuron`. @param {Place} place */
  select(place) {
    if (!this.scene.has(place)) return;
    if (place.layer !== this.chosen?.layer || place.neuron !== this.chosen.neuron) this.hideCurves();
    this.chosen = place;
    this.chosenRequests.choose(place);
    this.listeners.showChosen(place, null);
    this.changed();
  }

  deselect() {
    this.hideCurves();
    this.chosen = null;
    this.chosenRequests.choose(null);
    this.listeners.showChosen(null, null);
    this.changed();
  }

  hideCurves() {
    this.curves = [];
    this.chosenWindow = null;
    this.scene.hideConnections();
  }

  receiveChosen(place, facts, reply) {
    this.curves = this.scene.showConnections(place, reply);
    this.chosenWindow = reply.header.window;
    this.listeners.showChosen(place, facts);
    this.changed();
  }

  /** Draw the strongest connections into a layer; with null only those of graphs, faintly. */
  showStrongest(layer, count = 0) {
    const graphs = this.scene.layers.flatMap(({ kind }, number) => (kind === "graph" ? [number] : []));
    this.strongest = count > 0 ? layer : null;
    if (this.strongest !== null) this.strongestRequests.choose([{ layer, count }]);
    else this.strongestRequests.choose(graphs.map((graph) => ({ layer: graph, count: Math.ceil(WIRING / graphs.length) })));
    this.changed();
  }

  receiveStrongest(found) {
    this.wiring = found.flatMap(({ layer, arrays: { sources, targets, weights } }) =>
      Array.from(weights.data, (weight, index) => this.scene.connection(layer, targets.data[index], sources.data[index], weight)),
    ).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    this.changed();
  }

  /** An arrow key. */
  step(across, down) {
    const { chosen } = this;
    if (!chosen) this.moveTo(this.first());
    else this.moveTo({ ...chosen, neuron: neighbour(this.scene.blocks[chosen.layer], chosen.neuron, across, down) });
  }

  /** Move to the next layer or the one before, to about the same place in it. */
  changeLayer(change) {
    const { layers } = this.scene;
    const { chosen } = this;
    if (!chosen) return this.moveTo(this.first());
    const layer = Math.max(0, Math.min(layers.length - 1, chosen.layer + change));
    const share = chosen.neuron / layers[chosen.layer].neurons;
    return this.moveTo({ layer, neuron: Math.floor(share * layers[layer].neurons) });
  }

  /** Where the keyboard begins: the code, or else the first layer that computes. */
  first() {
    const { layers } = this.scene;
    const code = layers.findIndex((layer) => layer.code);
    return { layer: code >= 0 ? code : layers.findIndex(({ kind }) => kind !== "input"), neuron: 0 };
  }

  /** Where the chosen neuron is on the canvas; null without one. */
  pointOfChosen() {
    if (!this.chosen || !this.scene.isReady) return null;
    const { camera, blocks } = this.scene;
    const { x, y } = middleOfNeuron(blocks[this.chosen.layer], this.chosen.neuron);
    const seen = camera.goal ?? camera; // where it comes to while the view still glides
    return [seen.x + seen.zoom * x, seen.y + seen.zoom * y];
  }

  /** Choose by keyboard, and scroll the neuron into view. @param {Place} place */
  moveTo(place) {
    if (!this.scene.has(place) || !this.scene.isReady) return;
    this.select(place);
    const { camera, blocks, size } = this.scene;
    const { x, y } = camera.project(middleOfNeuron(blocks[place.layer], place.neuron));
    const out = (where, length) => Math.max(0, EDGE - where) - Math.max(0, where - (length - EDGE));
    const [across, down] = [out(x, size.width), out(y, size.height)];
    if (!camera.fits && (across || down)) camera.pan(across, down, true);
  }
}
