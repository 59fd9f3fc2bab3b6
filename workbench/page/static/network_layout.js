/** Where the layers of a network lie: side by side from left to right, in several rows where there is little room. */

import { widestText } from "/assets/network_captions.js";

const MARGIN = 14;
export const HEAD = 40; // pixels above a layer, for its name and shape
export const FOOT = 20; // pixels below it, for its scale
const GAP = 26; // the least between two layers
const WIDEST_GAP = 130;
const LARGEST_CELL = 30;
const SHRINKING = 0.25; // a layer's side grows like the fourth root of its neurons: the code stays visible
const ASPECTS = [0.3, 0.45, 0.7, 1, 1.4, 2.2, 3.4];
const COMFORT = 100; // pixels of a layer's side: far below it every pixel counts, far above it none
const ROW_PENALTY = 0.1; // one row reads best, so more of them must be worth it

/**
 * @typedef {{name: string, kind: string, shape: number[], neurons: number, code: boolean, output: boolean, grey: boolean, window: boolean}} Layer
 * @typedef {object} Block a layer's place, in pixels of the unzoomed view
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} cell side of a neuron
 * @property {number} gap between two channels
 * @property {number} columns of channels
 * @property {number} row of layers that it stands in
 * @property {number[]} shape
 */

/**
 * Lay out layers so that all of them are seen as large as possible.
 * @param {Layer[]} layers
 * @param {number} width of the view
 * @param {number} height of the view
 * @param {number} ratio device pixels per pixel
 * @returns {Block[]}
 */
export function layOut(layers, width, height, ratio) {
  const captions = layers.map(widestText);
  const room = { width: width - 2 * MARGIN, height: height - 2 * MARGIN };
  let best = null;
  for (let rows = 1; rows <= Math.min(layers.length, 8); rows++) {
    for (const aspect of ASPECTS) {
      const plan = planOf(layers, captions, aspect, rows, room);
      const score = comfortOf(plan, ratio) / (1 + ROW_PENALTY * Math.log2(rows));
      if (!best || score > best.score) best = { ...plan, score };
    }
  }
  return place(best, captions, room, ratio);
}

function planOf(layers, captions, aspect, rows, room) {
  const tilings = layers.map((layer) => tile(layer, aspect));
  const bounds = split(tilings.map((tiling) => tiling.columns * tiling.wide * tiling.share), rows);
  let [low, high] = [0, 4 * Math.max(room.width, room.height)];
  for (let round = 0; round < 24; round++) {
    const scale = (low + high) / 2;
    if (fits(tilings, captions, bounds, scale, room)) low = scale;
    else high = scale;
  }
  return { tilings, bounds, scale: Math.min(low, Math.max(...tilings.map(({ share }) => LARGEST_CELL / share))) };
}

/** From 0 to 1: how well the layers are seen. */
function comfortOf({ tilings, scale }, ratio) {
  const sides = tilings.map((tiling) => sizeOf(tiling, snap(cellOf(tiling, scale), ratio))).map((size) => Math.sqrt(size.width * size.height));
  return sum(sides.map((side) => 1 - Math.exp(-side / COMFORT))) / sides.length;
}

/** How the channels of a layer are arranged when it shall be about `aspect` times as wide as high. */
function tile(layer, aspect) {
  const [high, wide, channels] = layer.shape;
  const ideal = Math.sqrt((aspect * high * channels) / wide);
  const columns = Math.min(channels, Math.max(1, Math.round(ideal)));
  return { high, wide, columns: evenly(channels, columns), channels, shape: layer.shape, share: layer.neurons ** -SHRINKING };
}

/** A number of columns near the wished one that leaves no hole, where there is one. */
function evenly(channels, columns) {
  const near = [columns, columns + 1, columns - 1].filter((count) => count > 0 && channels % count === 0);
  return near[0] ?? columns;
}

/** Break a line of widths into rows of about the same width: the index at which each row ends. */
function split(widths, rows) {
  const total = widths.reduce((sum, width) => sum + width, 0);
  const ends = [];
  let sum = 0;
  widths.forEach((width, index) => {
    const left = widths.length - index;
    const due = ends.length < rows - 1 && (sum + width / 2 > ((ends.length + 1) * total) / rows || left < rows - ends.length);
    if (due && index > (ends.at(-1) ?? 0)) ends.push(index);
    sum += width;
  });
  return [...ends, widths.length];
}

function fits(tilings, captions, bounds, scale, room) {
  let [height, start] = [0, 0];
  for (const end of bounds) {
    const sizes = tilings.slice(start, end).map((tiling) => sizeOf(tiling, cellOf(tiling, scale)));
    const widths = sizes.map((size, index) => Math.max(size.width, captions[start + index]));
    if (sum(widths) + GAP * (widths.length - 1) > room.width) return false;
    height += Math.max(...sizes.map((size) => size.height)) + HEAD + FOOT;
    start = end;
  }
  return height <= room.height;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const cellOf = (tiling, scale) => Math.min(LARGEST_CELL, scale * tiling.share);

/** Whole device pixels, where that costs little: then all cells are equally large. Smaller ones are smoothed. */
const snap = (cell, ratio) => (cell * ratio >= 2 ? Math.floor(cell * ratio) / ratio : cell);

const gapOf = (tiling, cell) => (tiling.channels > 1 ? Math.max(3, Math.min(6, Math.round(cell))) : 0);

function sizeOf(tiling, cell) {
  const gap = gapOf(tiling, cell);
  const rows = Math.ceil(tiling.channels / tiling.columns);
  return {
    width: tiling.columns * (tiling.wide * cell + gap) - gap,
    height: rows * (tiling.high * cell + gap) - gap,
  };
}

function place({ tilings, bounds, scale }, captions, room, ratio) {
  const cells = tilings.map((tiling) => snap(cellOf(tiling, scale), ratio));
  const sizes = tilings.map((tiling, index) => sizeOf(tiling, cells[index]));
  const rows = bounds.map((end, row) => ({ start: row ? bounds[row - 1] : 0, end }));
  const heights = rows.map(({ start, end }) => Math.max(...sizes.slice(start, end).map((size) => size.height)) + HEAD + FOOT);
  const spare = Math.max(0, (room.height - sum(heights)) / (rows.length + 1));
  const blocks = [];
  let top = MARGIN + spare;
  rows.forEach(({ start, end }, row) => {
    const widths = sizes.slice(start, end).map((size, index) => Math.max(size.width, captions[start + index]));
    const gap = Math.min(WIDEST_GAP, widths.length > 1 ? (room.width - sum(widths)) / (widths.length - 1) : 0);
    let left = MARGIN + (room.width - sum(widths) - gap * (widths.length - 1)) / 2;
    for (let index = start; index < end; index++) {
      const { width, height } = sizes[index];
      const middle = top + HEAD + (heights[row] - HEAD - FOOT - height) / 2;
      const x = round(left + (widths[index - start] - width) / 2, ratio);
      const tiling = tilings[index];
      blocks.push({
        x, y: round(middle, ratio), width, height, row, cell: cells[index], gap: gapOf(tiling, cells[index]),
        columns: tiling.columns, shape: tiling.shape,
      });
      left += widths[index - start] + gap;
    }
    top += heights[row] + spare;
  });
  return blocks;
}

const round = (value, ratio) => Math.round(value * ratio) / ratio;
