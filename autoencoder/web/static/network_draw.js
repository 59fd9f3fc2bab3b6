/** Draws layers: their pixels or circles, borders and numbers where cells are large, frames and captions. */

import { cssOf, inkOn, shadeOf, SHADES } from "/assets/colours.js";
import { digits } from "/assets/format.js";
import { detailOf, fonts, roleOf } from "/assets/network_captions.js";
import { cellOfNeuron, cornerOfChannel } from "/assets/network_geometry.js";

const BORDERS_FROM = 18; // pixels of a cell's side
const NUMBERS_FROM = 40;
const CIRCLES_FROM = 5;
const RADIUS = 0.4;
const FADED = 0.22;
const HATCH = 8;

/**
 * What is drawn.
 * @typedef {object} Scene
 * @property {import("/assets/network_layout.js").Layer[]} layers
 * @property {import("/assets/network_layout.js").Block[]} blocks
 * @property {import("/assets/network_picture.js").Picture[]} pictures
 * @property {(import("/assets/network_picture.js").Picture | null)[]} overlays weights of the chosen neuron
 * @property {Float32Array[]} values of each layer, empty before the first frame
 * @property {number[]} limits of the colours of each layer
 * @property {(string | null)[]} notes what stands below each layer
 * @property {(layer: number) => boolean} isGrey
 * @property {import("/assets/network_camera.js").Camera} camera
 * @property {import("/assets/colours.js").Theme} theme
 * @property {{width: number, height: number, ratio: number}} size
 */

/** The rectangle of a block on the canvas. */
export function frameOf({ blocks, camera }, layer) {
  const block = blocks[layer];
  const { x, y } = camera.project(block);
  return { x, y, width: block.width * camera.zoom, height: block.height * camera.zoom };
}

/** Faint bands from each layer to the next one: which way the numbers go. @param {Scene} scene */
export function drawFlow(context, scene) {
  const { blocks, theme } = scene;
  for (let layer = 1; layer < blocks.length; layer++) {
    const [from, to] = [frameOf(scene, layer - 1), frameOf(scene, layer)];
    if (blocks[layer].row !== blocks[layer - 1].row) continue;
    const [left, right] = [from.x + from.width + 6, to.x - 6];
    if (right - left < 6) continue;
    const band = context.createLinearGradient(left, 0, right, 0);
    band.addColorStop(0, theme.css.border);
    band.addColorStop(1, theme.css.border);
    context.globalAlpha = theme.dark ? 0.34 : 0.28;
    context.fillStyle = band;
    context.beginPath();
    context.moveTo(left, from.y);
    context.lineTo(right, to.y);
    context.lineTo(right, to.y + to.height);
    context.lineTo(left, from.y + from.height);
    context.fill();
    context.globalAlpha = 1;
  }
}

/** @param {Scene} scene @param {number} layer @param {CanvasPattern} hatching */
export function drawLayer(context, scene, layer, hatching) {
  const frame = frameOf(scene, layer);
  const { size, layers, blocks, camera, overlays } = scene;
  const seen = frame.x < size.width && frame.y < size.height && frame.x + frame.width > 0 && frame.y + frame.height > 0;
  if (!seen) return;
  const cell = blocks[layer].cell * camera.zoom;
  if (layers[layer].kind === "graph" && cell >= CIRCLES_FROM) {
    drawCircles(context, scene, layer, cell);
    return;
  }
  for (const tile of tilesOf(scene, layer)) {
    drawGround(context, scene, tile, hatching);
    drawPixels(context, scene.pictures[layer], tile, scene.size.ratio, overlays[layer] ? FADED : 1);
    if (overlays[layer]) drawPixels(context, overlays[layer], tile, scene.size.ratio, 1);
    outline(context, scene, layer, tile);
  }
  if (cell >= BORDERS_FROM) drawGrid(context, scene, layer, cell);
  if (cell >= NUMBERS_FROM) drawNumbers(context, scene, layer, cell);
}

/** The rectangle of every channel on the canvas. */
function tilesOf({ blocks, camera }, layer) {
  const block = blocks[layer];
  const [high, wide, channels] = block.shape;
  return Array.from({ length: channels }, (_, channel) => {
    const { x, y } = camera.project(cornerOfChannel(block, channel));
    return { channel, x, y, width: wide * block.cell * camera.zoom, height: high * block.cell * camera.zoom };
  });
}

function drawGround(context, { theme }, { x, y, width, height }, hatching) {
  context.fillStyle = theme.css.surface;
  context.fillRect(x, y, width, height);
  context.fillStyle = hatching;
  context.fillRect(x, y, width, height);
}

function drawPixels(context, picture, tile, ratio, opacity) {
  const from = picture.cornerOf(tile.channel);
  context.imageSmoothingEnabled = tile.width * ratio < picture.wide; // less than a device pixel for a neuron
  context.globalAlpha = opacity;
  context.drawImage(picture.canvas, from.x, from.y, picture.wide, picture.high, tile.x, tile.y, tile.width, tile.height);
  context.globalAlpha = 1;
}

function outline(context, { theme, layers }, layer, { x, y, width, height }) {
  context.strokeStyle = layers[layer].code ? theme.css.accent : theme.css.border;
  context.lineWidth = layers[layer].code ? 2 : 1;
  const away = context.lineWidth / 2;
  context.strokeRect(x - away, y - away, width + 2 * away, height + 2 * away);
}

/** The neurons of a layer that are on the canvas, with their corners. */
function* seenNeurons({ blocks, camera, size }, layer, cell) {
  const block = blocks[layer];
  const [high, wide, channels] = block.shape;
  for (let channel = 0; channel < channels; channel++) {
    const corner = camera.project(cornerOfChannel(block, channel));
    const [top, bottom] = range(corner.y, size.height, cell, high);
    const [left, right] = range(corner.x, size.width, cell, wide);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const neuron = (row * wide + column) * channels + channel;
        yield { neuron, x: corner.x + column * cell, y: corner.y + row * cell };
      }
    }
  }
}

function range(start, end, cell, count) {
  return [Math.max(0, Math.floor(-start / cell)), Math.min(count, Math.ceil((end - start) / cell))];
}

function drawGrid(context, { blocks, camera, theme }, layer, cell) {
  const block = blocks[layer];
  const [high, wide, channels] = block.shape;
  context.strokeStyle = theme.css.surface;
  context.lineWidth = Math.min(2, cell / 24);
  context.beginPath();
  for (let channel = 0; channel < channels; channel++) {
    const { x, y } = camera.project(cornerOfChannel(block, channel));
    for (let row = 1; row < high; row++) line(context, x, y + row * cell, x + wide * cell, y + row * cell);
    for (let column = 1; column < wide; column++) line(context, x + column * cell, y, x + column * cell, y + high * cell);
  }
  context.stroke();
}

function line(context, x, y, toX, toY) {
  context.moveTo(x, y);
  context.lineTo(toX, toY);
}

function drawNumbers(context, scene, layer, cell) {
  const numbers = scene.values[layer];
  if (!numbers || scene.overlays[layer]) return;
  context.font = `${Math.min(14, cell / 3.7)}px ${scene.theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { neuron, x, y } of seenNeurons(scene, layer, cell)) {
    const value = numbers[neuron];
    if (value !== value) continue;
    context.fillStyle = inkOn(scene.pictures[layer].pixelOf(neuron));
    context.fillText(digits(value, 3), x + cell / 2, y + cell / 2, cell - 4);
  }
}

/** A graph's neurons are circles: nothing lies beside anything else there but by number. */
function drawCircles(context, scene, layer, cell) {
  const { theme, pictures, layers } = scene;
  const picture = pictures[layer];
  const numbers = scene.values[layer];
  const withNumbers = cell >= NUMBERS_FROM && numbers;
  context.lineWidth = layers[layer].code ? 2 : 1;
  context.strokeStyle = layers[layer].code ? theme.css.accent : theme.css.border;
  context.font = `${Math.min(14, cell / 4.4)}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { neuron, x, y } of seenNeurons(scene, layer, cell)) {
    const pixel = picture.pixelOf(neuron);
    context.fillStyle = pixel ? cssOf(pixel) : theme.css.surface;
    context.beginPath();
    context.arc(x + cell / 2, y + cell / 2, cell * RADIUS, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    if (withNumbers && pixel) {
      context.fillStyle = inkOn(pixel);
      context.fillText(digits(numbers[neuron], 3), x + cell / 2, y + cell / 2, cell * 0.74);
    }
  }
}

/** Name and shape above a layer, the scale of its colours below it. @param {Scene} scene */
export function drawCaption(context, scene, layer) {
  const { layers, theme, notes } = scene;
  const frame = frameOf(scene, layer);
  const font = fonts(theme.font);
  const middle = frame.x + frame.width / 2;
  const role = roleOf(layers[layer]);
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.font = font.name;
  const width = context.measureText(layers[layer].name).width;
  const roleWidth = role ? context.measureText(role).width + 7 : 0;
  const left = middle - (width + roleWidth) / 2;
  context.fillStyle = theme.css.ink;
  context.fillText(layers[layer].name, left, frame.y - 24);
  if (role) {
    context.fillStyle = layers[layer].code ? theme.css.accent : theme.css.muted;
    context.fillText(role, left + width + 7, frame.y - 24);
  }
  context.font = font.detail;
  context.textAlign = "center";
  context.fillStyle = theme.css.muted;
  context.fillText(detailOf(layers[layer]), middle, frame.y - 9);
  if (notes[layer]) context.fillText(notes[layer], middle, frame.y + frame.height + 16);
}

/** What lies behind neurons without a number. @param {import("/assets/colours.js").Theme} theme */
export function makeHatching(context, theme, ratio) {
  const tile = new OffscreenCanvas(HATCH * ratio, HATCH * ratio);
  const pen = tile.getContext("2d");
  pen.scale(ratio, ratio);
  pen.strokeStyle = theme.css.border;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const start of [-HATCH, 0, HATCH]) line(pen, start - 1, HATCH + 1, start + HATCH + 1, -1);
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

/** The colour of a neuron's number for a marker beside text. @param {Scene} scene */
export function shadeFor(scene, layer, value) {
  const { theme } = scene;
  const shade = scene.isGrey(layer) ? Math.round(Math.max(0, Math.min(1, value)) * (SHADES - 1)) : shadeOf(value, scene.limits[layer]);
  return cssOf((scene.isGrey(layer) ? theme.grey : theme.diverging)[shade]);
}

/** The rectangle of a neuron on the canvas. */
export function cellFrame({ blocks, camera }, { layer, neuron }) {
  const { x, y } = camera.project(cellOfNeuron(blocks[layer], neuron));
  return { x, y, side: blocks[layer].cell * camera.zoom };
}
