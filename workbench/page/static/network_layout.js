/**
 * Where the layers of a network lie: in columns from left to right, branches below one another, in several rows
 * where there is little room.
 */

import { widestText } from "/assets/network_captions.js";
import { columnsOf } from "/assets/network_sources.js";

const MARGIN = 14;
export const HEAD = 40; // pixels above a layer, for its name and shape
export const FOOT = 20; // pixels below it, for its scale
const GAP = 26; // the least between two layers
const WIDEST_GAP = 130;
const LARGEST_CELL = 30;
const SHRINKING = 0.25; // a layer's side grows with the fourth root of its neurons, so that small layers stay visible
const ASPECTS = [0.3, 0.45, 0.7, 1, 1.4, 2.2, 3.4];
const COMFORT = 100; // pixels of a layer's side, above which more of them help little
const SMALL = 64; // pixels of a layer's side, below which it is hard to see
const LANE = 16; // the height of a line that passes a column
const ROW_PENALTY = 0.1; // one row reads best, so more of them must be worth it

/**
 * @typedef {{name: string, kind: string, shape: number[], neurons: number, code: boolean, output: boolean, output_names: string[], grey: boolean, window: boolean, sources: number[]}} Layer
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
 * @typedef {{x: number, y: number, width: number, row: number}} Lane a line through a column
 */

/**
 * Lay out layers so that all of them are as large as possible.
 * @param {Layer[]} layers
 * @param {number} width of the view
 * @param {number} height of the view
 * @param {number} ratio device pixels per pixel
 * @returns {{blocks: Block[], lanes: Lane[][]}} lanes by the layer that is read
 */
export function layOut(layers, width, height, ratio) {
  const captions = layers.map(widestText);
  const columns = columnsOf(layers);
  const room = { width: width - 2 * MARGIN, height: height - 2 * MARGIN };
  let best = null;
  for (let rows = 1; rows <= Math.min(columns.length, 8); rows++) {
    for (const aspect of ASPECTS) {
      const plan = planOf(layers, columns, captions, aspect, rows, room);
      const score = comfortOf(plan, ratio) / (1 + ROW_PENALTY * Math.log2(rows));
      if (!best || score > best.score) best = { ...plan, score };
    }
  }
  return place(best, columns, captions, room, ratio);
}

/**
 * The height at which the layers have room for themselves, in as few rows as the width allows.
 * @param {Layer[]} layers
 * @param {number} width of the view
 */
export function leastHeight(layers, width) {
  let [height, left, tallest] = [2 * MARGIN, 0, 0];
  for (const column of columnsOf(layers)) {
    const needed = GAP + Math.max(SMALL, ...layersIn(column).map((layer) => widestText(layers[layer])));
    if (left < needed) [height, left, tallest] = [height + tallest, width - 2 * MARGIN + GAP, 0];
    left -= needed;
    tallest = Math.max(tallest, sum(column.map(({ isLane }) => (isLane ? LANE : SMALL + HEAD + FOOT))));
  }
  return height + tallest;
}

function planOf(layers, columns, captions, aspect, rows, room) {
  const tilings = layers.map((layer) => tile(layer, aspect));
  const bounds = split(columns.map((column) => Math.max(...layersIn(column).map((layer) => sideOf(tilings[layer])))), rows);
  let [low, high] = [0, 4 * Math.max(room.width, room.height)];
  for (let round = 0; round < 24; round++) {
    const scale = (low + high) / 2;
    if (fits(tilings, columns, captions, bounds, scale, room)) low = scale;
    else high = scale;
  }
  return { tilings, bounds, scale: Math.min(low, Math.max(...tilings.map(({ share }) => LARGEST_CELL / share))) };
}

/** From 0 to 1: how large the layers are. */
function comfortOf({ tilings, scale }, ratio) {
  const sides = tilings.map((tiling) => sizeOf(tiling, snap(cellOf(tiling, scale), ratio))).map((size) => Math.sqrt(size.width * size.height));
  return sum(sides.map((side) => 1 - Math.exp(-side / COMFORT))) / sides.length;
}

/** How the channels of a layer are arranged to be about `aspect` times as wide as high. */
function tile(layer, aspect) {
  const [high, wide, channels] = layer.shape;
  const ideal = Math.sqrt((aspect * high * channels) / wide);
  const columns = Math.min(channels, Math.max(1, Math.round(ideal)));
  return { high, wide, columns: evenly(channels, columns), channels, shape: layer.shape, share: layer.neurons ** -SHRINKING };
}

/** A number of columns near the given one that leaves no gap, if there is one. */
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

function fits(tilings, columns, captions, bounds, scale, room) {
  const sizes = tilings.map((tiling) => sizeOf(tiling, cellOf(tiling, scale)));
  let [height, start] = [0, 0];
  for (const end of bounds) {
    const shown = columns.slice(start, end);
    if (sum(shown.map((column) => widthOf(column, sizes, captions))) + GAP * (shown.length - 1) > room.width) return false;
    height += Math.max(...shown.map((column) => heightOf(column, sizes)));
    start = end;
  }
  return height <= room.height;
}

const layersIn = (column) => column.filter(({ isLane }) => !isLane).map(({ layer }) => layer);

const sideOf = (tiling) => tiling.columns * tiling.wide * tiling.share;

const widthOf = (column, sizes, captions) => Math.max(...layersIn(column).map((layer) => Math.max(sizes[layer].width, captions[layer])));

const heightOf = (column, sizes) => sum(column.map(({ layer, isLane }) => (isLane ? LANE : sizes[layer].height + HEAD + FOOT)));

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const cellOf = (tiling, scale) => Math.min(LARGEST_CELL, scale * tiling.share);

/** Round to whole device pixels, so that all cells are equally large; cells below two pixels are smoothed instead. */
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

function place({ tilings, bounds, scale }, columns, captions, room, ratio) {
  const cells = tilings.map((tiling) => snap(cellOf(tiling, scale), ratio));
  const sizes = tilings.map((tiling, index) => sizeOf(tiling, cells[index]));
  const rows = bounds.map((end, row) => columns.slice(row ? bounds[row - 1] : 0, end));
  const heights = rows.map((shown) => Math.max(...shown.map((column) => heightOf(column, sizes))));
  const spare = Math.max(0, (room.height - sum(heights)) / (rows.length + 1));
  const blocks = [];
  const lanes = tilings.map(() => []);
  let top = MARGIN + spare;
  rows.forEach((shown, row) => {
    const widths = shown.map((column) => widthOf(column, sizes, captions));
    const gap = Math.min(WIDEST_GAP, widths.length > 1 ? (room.width - sum(widths)) / (widths.length - 1) : 0);
    let left = MARGIN + (room.width - sum(widths) - gap * (widths.length - 1)) / 2;
    shown.forEach((column, index) => {
      const away = (heights[row] - heightOf(column, sizes)) / (column.length + 1);
      let y = top + away;
      for (const { layer, isLane } of column) {
        if (isLane) {
          lanes[layer].push({ x: left, y: y + LANE / 2, width: widths[index], row });
          y += LANE + away;
          continue;
        }
        const { width, height } = sizes[layer];
        const x = round(left + (widths[index] - width) / 2, ratio);
        const { columns: across, shape } = tilings[layer];
        blocks[layer] = {
          x, y: round(y + HEAD, ratio), width, height, row, cell: cells[layer], gap: gapOf(tilings[layer], cells[layer]),
          columns: across, shape,
        };
        y += height + HEAD + FOOT + away;
      }
      left += widths[index] + gap;
    });
    top += heights[row] + spare;
  });
  return { blocks, lanes };
}

const round = (value, ratio) => Math.round(value * ratio) / ratio;
