/** Draws layers: their pixels or circles, borders and numbers where cells are large, frames and captions. */

import { cssOf, inkOn } from "/assets/colours.js";
import { digits } from "/assets/format.js";
import { detailOf, fonts, ROLE_GAP, roleOf, widestText } from "/assets/network_captions.js";
import { cellOfNeuron, cornerOfChannel } from "/assets/network_geometry.js";
import { FOOT, HEAD } from "/assets/network_layout.js";
import { depthsOf } from "/assets/network_sources.js";

const SMOOTH_BELOW = 2; // device pixels of a cell's side
const BORDERS_FROM = 18; // pixels of a cell's side
const NUMBERS_FROM = 40;
const CIRCLES_FROM = 5;
export const RADIUS = 0.4; // of a circle, in cells
const VEIL = 0.78; // over numbers behind weights
const SIGN = 18; // pixels of the sign before the name of a layer in which something was found
const STUCK = 44; // pixels: a caption stays that far inside the canvas while its layer is seen
const HATCH = 8;
const TURN_GAP = 5; // pixels between lines that go to the same row

/**
 * What is drawn.
 * @typedef {object} Scene
 * @property {import("/assets/network_layout.js").Layer[]} layers
 * @property {import("/assets/network_layout.js").Block[]} blocks
 * @property {import("/assets/network_layout.js").Lane[][]} lanes of each layer that is read further on
 * @property {import("/assets/network_picture.js").Picture[]} pictures
 * @property {(import("/assets/network_picture.js").Picture | null)[]} overlays weights of the chosen neuron
 * @property {(string | null)[]} notes what stands below each layer
 * @property {Set<number>} flagged layers in which something was found
 * @property {(layer: number) => boolean} isRound
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

/** Draw which layers read which: bands between neighbours, lines past columns and from a row to the next. */
export function drawFlow(context, scene) {
  const { layers, theme } = scene;
  const depths = depthsOf(layers);
  const turns = [];
  context.save();
  context.fillStyle = context.strokeStyle = theme.css.border;
  layers.forEach(({ sources }, layer) => {
    for (const from of new Set(sources)) {
      drawWay(context, scene, stopsBetween(scene, from, layer, depths[layer] - depths[from] - 1), turns);
    }
  });
  context.restore();
}

/** A layer, the lanes past the columns between, and the layer that reads it; frames on the canvas. */
function stopsBetween(scene, from, to, passed) {
  const { layers, blocks, lanes, camera } = scene;
  const ends = [from, to].map((layer) => ({ ...frameOf(scene, layer), caption: widestText(layers[layer]), row: blocks[layer].row, isLane: false }));
  const between = lanes[from].slice(0, passed).map((lane) => ({
    ...camera.project(lane), width: lane.width * camera.zoom, height: 0, caption: 0, row: lane.row, isLane: true,
  }));
  return [ends[0], ...between, ends[1]];
}

function drawWay(context, scene, stops, turns) {
  stops.slice(1).forEach((to, index) => {
    const from = stops[index];
    if (to.row !== from.row) {
      turns[to.row] = (turns[to.row] ?? -1) + 1;
      drawTurn(context, from, to, betweenRows(scene, to.row) + TURN_GAP * turns[to.row]);
    } else if (from.isLane || to.isLane) drawPassage(context, from, to);
    else drawBand(context, from, to, scene.theme);
    if (to.isLane) strokeLine(context, to.x, to.y, to.x + to.width, to.y);
  });
}

/** A line from the right of one stop to the left of another. */
function drawPassage(context, from, to) {
  const start = { x: from.x + from.width + (from.isLane ? 0 : 6), y: from.y + from.height / 2 };
  const end = { x: to.x - (to.isLane ? 0 : 6), y: to.y + to.height / 2 };
  const middle = (start.x + end.x) / 2;
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(start.x, start.y);
  context.bezierCurveTo(middle, start.y, middle, end.y, end.x, end.y);
  if (!to.isLane) {
    context.moveTo(end.x - 5, end.y - 4);
    context.lineTo(end.x, end.y);
    context.lineTo(end.x - 5, end.y + 4);
  }
  context.stroke();
}

function strokeLine(context, ...ends) {
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.beginPath();
  line(context, ...ends);
  context.stroke();
}

function drawBand(context, from, to, theme) {
  const [left, right] = [from.x + from.width + 6, to.x - 6];
  if (right - left < 6) return;
  context.globalAlpha = theme.dark ? 0.5 : 0.4;
  context.beginPath();
  context.moveTo(left, from.y);
  context.lineTo(right, to.y);
  context.lineTo(right, to.y + to.height);
  context.lineTo(left, from.y + from.height);
  context.fill();
}

/** The height on the canvas between a row of layers with its notes and the next one with its captions. */
function betweenRows({ blocks, camera }, row) {
  const bottoms = blocks.filter((block) => block.row === row - 1).map((block) => block.y + block.height + FOOT);
  const tops = blocks.filter((block) => block.row === row).map((block) => block.y - HEAD);
  return camera.project({ x: 0, y: (Math.max(...bottoms) + Math.min(...tops)) / 2 }).y;
}

function drawTurn(context, from, to, between) {
  const [right, left] = [from.x + from.width + 12, Math.min(to.x, to.x + to.width / 2 - to.caption / 2) - 12];
  const [start, end] = [from.y + from.height / 2, to.y + to.height / 2];
  const corners = [[right, start], [right, between], [left, between], [left, end]];
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(right - 7, start);
  corners.forEach(([x, y], index) => context.arcTo(x, y, ...(corners[index + 1] ?? [to.x - 4, end]), 6));
  context.lineTo(to.x - 5, end);
  context.moveTo(to.x - 9, end - 4);
  context.lineTo(to.x - 5, end);
  context.lineTo(to.x - 9, end + 4);
  context.stroke();
}

/** @param {Scene} scene @param {number} layer @param {CanvasPattern} hatching */
export function drawLayer(context, scene, layer, hatching) {
  const frame = frameOf(scene, layer);
  const { size, blocks, camera, overlays, theme } = scene;
  const seen = frame.x < size.width && frame.y < size.height && frame.x + frame.width > 0 && frame.y + frame.height > 0;
  if (!seen) return;
  const cell = blocks[layer].cell * camera.zoom;
  if (scene.isRound(layer) && cell >= CIRCLES_FROM) {
    drawCircles(context, scene, layer, cell, hatching);
    return;
  }
  for (const tile of tilesOf(scene, layer)) {
    fill(context, tile, theme.css.surface);
    fill(context, tile, hatching);
    drawPixels(context, scene.pictures[layer], tile, size.ratio);
    if (overlays[layer]) {
      fill(context, tile, theme.css.surface, VEIL);
      drawPixels(context, overlays[layer], tile, size.ratio);
    }
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

function fill(context, { x, y, width, height }, style, opacity = 1) {
  context.globalAlpha = opacity;
  context.fillStyle = style;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
}

function drawPixels(context, picture, tile, ratio) {
  const from = picture.cornerOf(tile.channel);
  context.imageSmoothingEnabled = tile.width * ratio < SMOOTH_BELOW * picture.wide;
  context.drawImage(picture.canvas, from.x, from.y, picture.wide, picture.high, tile.x, tile.y, tile.width, tile.height);
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

/** The weights of the chosen neuron where there are some, the numbers of the layer otherwise. */
function drawNumbers(context, scene, layer, cell) {
  const picture = scene.overlays[layer] ?? scene.pictures[layer];
  context.font = `${Math.min(20, cell / 3.7)}px ${scene.theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { neuron, x, y } of seenNeurons(scene, layer, cell)) {
    const pixel = picture.pixelOf(neuron);
    if (!pixel) continue;
    context.fillStyle = inkOn(pixel);
    context.fillText(digits(picture.numbers[neuron], 3), x + cell / 2, y + cell / 2, cell - 4);
  }
}

/** A graph's neurons are circles: nothing lies beside anything else there but by number. */
function drawCircles(context, scene, layer, cell, hatching) {
  const { theme, pictures, layers } = scene;
  const picture = pictures[layer];
  if (layers[layer].code) frameCode(context, frameOf(scene, layer), theme);
  context.lineWidth = 1;
  context.strokeStyle = theme.css.control;
  context.font = `${Math.min(20, cell / 4.4)}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { neuron, x, y } of seenNeurons(scene, layer, cell)) {
    const pixel = picture.pixelOf(neuron);
    context.fillStyle = pixel ? cssOf(pixel) : theme.css.surface;
    context.beginPath();
    context.arc(x + cell / 2, y + cell / 2, cell * RADIUS, 0, 2 * Math.PI);
    context.fill();
    if (!pixel) {
      context.fillStyle = hatching;
      context.fill();
    }
    context.stroke();
    if (cell >= NUMBERS_FROM && pixel) {
      context.fillStyle = inkOn(pixel);
      context.fillText(digits(picture.numbers[neuron], 3), x + cell / 2, y + cell / 2, cell * 0.74);
    }
  }
}

function frameCode(context, { x, y, width, height }, theme) {
  context.strokeStyle = theme.css.accent;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(x - 2, y - 2, width + 4, height + 4, 6);
  context.stroke();
}

/** Name and shape above a layer, the scale of its colours below it. @param {Scene} scene */
export function drawCaption(context, scene, layer) {
  const { layers, theme, notes, size } = scene;
  const frame = frameOf(scene, layer);
  const [left, right] = [Math.max(frame.x, 0), Math.min(frame.x + frame.width, size.width)];
  const isSeen = left < right && frame.y + frame.height > STUCK;
  const middle = isSeen ? (left + right) / 2 : frame.x + frame.width / 2;
  const top = isSeen ? Math.max(frame.y, STUCK) : frame.y;
  const font = fonts(theme.font);
  const write = (text, x, y, colour) => {
    context.strokeText(text, x, y); // behind it what passes stays apart
    context.fillStyle = colour;
    context.fillText(text, x, y);
  };
  context.save();
  Object.assign(context, { textAlign: "left", textBaseline: "alphabetic", lineJoin: "round", lineWidth: 4 });
  context.strokeStyle = theme.css.surface;
  if (top > frame.y) drawPlate(context, middle, top, widestText(layers[layer]), theme);
  context.font = font.name;
  const role = roleOf(layers[layer]);
  const width = context.measureText(layers[layer].name).width;
  const start = middle - (width + (role && ROLE_GAP + context.measureText(role).width)) / 2;
  write(layers[layer].name, start, top - 24, theme.css.ink);
  if (scene.flagged.has(layer)) drawSign(context, start - SIGN, top - 24, theme);
  if (role) write(role, start + width + ROLE_GAP, top - 24, layers[layer].code ? theme.css.accent : theme.css.muted);
  context.font = font.detail;
  context.textAlign = "center";
  write(detailOf(layers[layer]), middle, top - 9, theme.css.muted);
  if (notes[layer]) write(notes[layer], middle, frame.y + frame.height + 16, theme.css.muted);
  context.restore();
}

/** A triangle before a name that stands at this place. */
function drawSign(context, x, y, theme) {
  context.fillStyle = theme.css.warning;
  context.beginPath();
  for (const [right, up] of [[0, 0], [12, 0], [6, 10.5]]) context.lineTo(x + right, y - up);
  context.fill();
  context.fillStyle = theme.css.surface;
  context.fillRect(x + 5.25, y - 7.25, 1.5, 3.75);
  context.fillRect(x + 5.25, y - 2.5, 1.5, 1.5);
}

/** What a caption stands on that has stayed inside the canvas. */
function drawPlate(context, middle, top, width, theme) {
  context.globalAlpha = 0.92;
  context.fillStyle = theme.css.surface;
  context.beginPath();
  context.roundRect(middle - width / 2 - 10, top - HEAD, width + 20, HEAD - 2, 6);
  context.fill();
  context.globalAlpha = 1;
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

/** The rectangle of a neuron on the canvas. */
export function cellFrame({ blocks, camera }, { layer, neuron }) {
  const { x, y } = camera.project(cellOfNeuron(blocks[layer], neuron));
  return { x, y, side: blocks[layer].cell * camera.zoom };
}
