/** Captions of layers and descriptions of neurons. */

import { digits } from "/assets/format.js";
import { positionOf } from "/assets/network_geometry.js";

const COLOURS = { 3: "R, G, B", 4: "R, G, B, A" }; // by the number of channels
const NAME_FONT = "600 12px";
const DETAIL_FONT = "11px";
export const ROLE_GAP = 7; // pixels
const measure = new OffscreenCanvas(1, 1).getContext("2d");

/** @typedef {import("/assets/network_layout.js").Layer} Layer */

export const fonts = (family) => ({ name: `${NAME_FONT} ${family}`, detail: `${DETAIL_FONT} ${family}` });

/** "16×16", and "32×32×6" where there are several channels. */
export const shapeText = ([high, wide, channels]) => (channels > 1 ? [high, wide, channels] : [high, wide]).join("×");

/** The role after a layer's name: the names of outputs where these are others. */
export function roleOf(layer) {
  if (layer.code) return "code";
  if (!layer.output) return "";
  const names = layer.output_names.join(", ");
  return names === layer.name ? "output" : `output ${names}`.trim();
}

/** Kind and shape; without the kind where the name is the same. @param {Layer} layer */
export const detailOf = (layer) => [...(layer.name === layer.kind ? [] : [layer.kind]), shapeText(layer.shape), ...colours(layer)].join(" · ");

/** Which channel of a picture is which, where they lie beside each other. */
const colours = ({ grey, shape }) => (grey && COLOURS[shape[2]] ? [COLOURS[shape[2]]] : []);

/** The pixels that a layer's caption needs. @param {Layer} layer */
export function widestText(layer) {
  const font = fonts(getComputedStyle(document.body).fontFamily);
  const width = (text) => measure.measureText(text).width;
  measure.font = font.name;
  const role = roleOf(layer);
  const name = width(layer.name) + (role && ROLE_GAP + width(role));
  measure.font = font.detail;
  return Math.ceil(Math.max(name, width(detailOf(layer))));
}

/** The end of a scale, which is a round number. */
export const limitText = (limit) => (limit === 0 || (limit >= 1e-3 && limit < 1e5) ? String(limit) : limit.toExponential().replace("e+", "e"));

/** The position of a neuron in words. @param {Layer} layer */
export function placeText(layer, neuron) {
  const { row, column, channel } = positionOf(layer.shape, neuron);
  const [, , channels] = layer.shape;
  return `row ${row}, column ${column}${channels > 1 ? `, channel ${channel}` : ""}`;
}

/**
 * The numbers of a neuron, as lines of name and number.
 * @param {Record<string, any>} facts the reply of the operation `neuron`
 * @returns {[string, string][]}
 */
export function factsOf(facts) {
  const lines = [["value", digits(facts.value)]];
  if (facts.signal !== undefined) lines.push(["signal", digits(facts.signal)]); // a recording has none
  if (facts.bias !== null) lines.push(["bias", digits(facts.bias)]);
  if (facts.clamp !== null) lines.push(["clamped to", digits(facts.clamp)]);
  if (facts.locked) lines.push(["locked", "bias and weights"]);
  return lines;
}
