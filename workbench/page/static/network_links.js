/** Connections as curves: how they run, how they look, and which one is near a point. */

import { middleOfNeuron } from "/assets/network_geometry.js";

const POINTS = 24; // along a curve, to measure its distance
const NEAR = 6;
const DASH = [5, 4];
const CROSSING = 0.6; // of the opacity, where a curve crosses from one row of layers to another
const THINNEST = 0.6;
const THICKEST = 2.4;
const CROWD = 50; // curves; more of them are drawn thinner and paler, and weak ones fade
const LEAST = 0.25; // of the opacity, for a weight of nearly zero among few

/**
 * @typedef {{layer: number, target: number, source: number, from: {layer: number, neuron: number}, weight: number}} Connection
 * @typedef {import("/assets/network_layout.js").Block} Block
 * @typedef {import("/assets/network_camera.js").Camera} Camera
 */

/**
 * The strongest connections of a neuron.
 * @param {ArrayLike<number>} neurons at the other ends
 * @param {ArrayLike<number>} weights
 * @param {number} count
 * @param {(neuron: number, weight: number, index: number) => Connection} make
 */
export function strongestOf(neurons, weights, count, make) {
  const order = Array.from(weights, (_, index) => index).sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a]));
  return order.slice(0, count).map((index) => make(neurons[index], weights[index], index));
}

/** The largest size among weights, at least a tiny one. */
export function largest(weights) {
  let size = 1e-12;
  for (const weight of weights) size = Math.max(size, Math.abs(weight));
  return size;
}

/** Start, two handles and end of a curve, on the canvas. @param {Block[]} blocks @param {Camera} camera */
export function course({ layer, target, from: source }, blocks, camera) {
  const [from, to] = [blocks[source.layer], blocks[layer]];
  const start = camera.project(middleOfNeuron(from, source.neuron));
  const end = camera.project(middleOfNeuron(to, target));
  const [across, down] = from.row === to.row ? [(end.x - start.x) / 2, 0] : [0, (end.y - start.y) / 2];
  return [start, { x: start.x + across, y: start.y + down }, { x: end.x - across, y: end.y - down }, end];
}

/** The point at a share of the way. */
export function pointOf([start, first, second, end], share) {
  const rest = 1 - share;
  const weights = [rest ** 3, 3 * rest ** 2 * share, 3 * rest * share ** 2, share ** 3];
  const along = (axis) => weights[0] * start[axis] + weights[1] * first[axis] + weights[2] * second[axis] + weights[3] * end[axis];
  return { x: along("x"), y: along("y") };
}

/**
 * Draw connections, the weakest first; positive ones as lines, negative ones dashed.
 * @param {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} context
 * @param {Connection[]} connections
 * @param {{blocks: Block[], camera: Camera, theme: import("/assets/colours.js").Theme}} scene
 * @param {number} opacity of the strongest
 */
export function drawCurves(context, connections, { blocks, camera, theme }, opacity) {
  const size = largest(connections.map(({ weight }) => weight));
  const room = Math.min(1, Math.sqrt(CROWD / connections.length));
  // The strongest of very many are all about as strong: what is seen of them is how they differ.
  const floor = (1 - room) * Math.min(...connections.map(({ weight }) => Math.abs(weight)), size);
  context.save();
  context.lineCap = "round";
  for (let index = connections.length - 1; index >= 0; index--) {
    const { layer, from, weight } = connections[index];
    const share = (Math.abs(weight) - floor) / (size - floor || 1);
    const faded = LEAST * room + (1 - LEAST * room) * share ** (1 / Math.sqrt(room));
    const crosses = blocks[layer].row !== blocks[from.layer].row;
    context.globalAlpha = (crosses ? CROSSING : 1) * opacity * (0.4 + 0.6 * room) * faded;
    context.lineWidth = THINNEST + (THICKEST - THINNEST) * opacity * room * share;
    strokeCurve(context, connections[index], course(connections[index], blocks, camera), theme);
  }
  context.restore();
}

/** Draw the connection under the pointer above the others. */
export function drawHighlighted(context, connection, { blocks, camera, theme }) {
  const way = course(connection, blocks, camera);
  context.save();
  context.lineCap = "round";
  context.lineWidth = THICKEST + 5;
  context.strokeStyle = theme.css.surface;
  trace(context, way);
  context.stroke();
  context.lineWidth = THICKEST + 1;
  strokeCurve(context, connection, way, theme);
  context.restore();
}

function strokeCurve(context, { weight }, way, theme) {
  context.strokeStyle = weight < 0 ? theme.css.negative : theme.css.positive;
  context.setLineDash(weight < 0 ? DASH : []);
  trace(context, way);
  context.stroke();
}

function trace(context, [start, first, second, end]) {
  context.beginPath();
  context.moveTo(start.x, start.y);
  context.bezierCurveTo(first.x, first.y, second.x, second.y, end.x, end.y);
}

/** The connection whose curve passes a point, or null: the nearest, and of those as near the strongest. */
export function curveAt(connections, { blocks, camera }, x, y) {
  let [found, best] = [null, NEAR];
  for (const connection of connections) {
    const distance = distanceTo(course(connection, blocks, camera), x, y);
    if (distance < best - 0.5) [found, best] = [connection, distance];
  }
  return found;
}

function distanceTo(way, x, y) {
  let before = way[0];
  let best = Infinity;
  for (let index = 1; index <= POINTS; index++) {
    const point = pointOf(way, index / POINTS);
    best = Math.min(best, distanceToLine(before, point, x, y));
    before = point;
  }
  return best;
}

function distanceToLine(from, to, x, y) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const length = across * across + down * down || 1;
  const share = Math.max(0, Math.min(1, ((x - from.x) * across + (y - from.y) * down) / length));
  return Math.hypot(from.x + share * across - x, from.y + share * down - y);
}
