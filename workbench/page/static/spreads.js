/** Pictures of how the numbers of a layer are spread: over the steps as bands, and now as a histogram. */

import { colour } from "/assets/charts.js";

const HISTOGRAM = 56; // pixels
const GAP = 8;
const ROOM = 0.08; // above and below what nine in ten have had

/**
 * @typedef {object} Spread
 * @property {number[]} steps of every look, growing
 * @property {number[][]} quantiles of each: lowest, 5 %, 25 %, middle, 75 %, 95 %, highest
 * @property {number[]} counts of bins of equal width, from the lowest to the highest of the last look
 */

/** The range that is drawn. @param {Spread} spread */
export function rangeOf({ quantiles }) {
  const known = quantiles.filter((each) => Number.isFinite(each[3]));
  const low = Math.min(...known.map((each) => each[1]));
  const high = Math.max(...known.map((each) => each[5]));
  const room = (high - low || Math.abs(high) || 1) * ROOM;
  return [low - room, high + room];
}

/** Draw bands over the steps. @param {HTMLCanvasElement} canvas @param {Spread} spread */
export function drawSpread(canvas, spread) {
  const { context, width, height } = begin(canvas);
  const [low, high] = rangeOf(spread);
  const y = (value) => height * (1 - (Math.max(low, Math.min(high, value)) - low) / (high - low));
  const [first, end] = [spread.steps[0], spread.steps.at(-1)];
  const right = width - HISTOGRAM - GAP;
  const x = (step) => (end > first ? ((step - first) / (end - first)) * right : right);
  context.fillStyle = colour("sunken");
  context.fillRect(0, 0, right, height);
  const places = spread.steps.length > 1 ? spread.steps.map(x) : [0, right];
  const rows = spread.steps.length > 1 ? spread.quantiles : [spread.quantiles[0], spread.quantiles[0]];
  context.fillStyle = context.strokeStyle = colour("train");
  for (const [lower, upper, opacity] of [[1, 5, 0.22], [2, 4, 0.4]]) {
    context.globalAlpha = opacity;
    context.beginPath();
    places.forEach((place, index) => context.lineTo(place, y(rows[index][upper])));
    for (let index = places.length - 1; index >= 0; index--) context.lineTo(places[index], y(rows[index][lower]));
    context.fill();
  }
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.beginPath();
  places.forEach((place, index) => context.lineTo(place, y(rows[index][3])));
  context.stroke();
  if (low < 0 && high > 0) drawZero(context, right, y(0));
}

function drawZero(context, right, y) {
  context.strokeStyle = colour("control");
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(0, Math.round(y) + 0.5);
  context.lineTo(right, Math.round(y) + 0.5);
  context.stroke();
  context.setLineDash([]);
}

/** Draw the histogram beside the bands, on their scale. @param {HTMLCanvasElement} canvas @param {Spread} spread */
export function drawHistogram(canvas, spread) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  const [low, high] = rangeOf(spread);
  const now = spread.quantiles.at(-1);
  const [lowest, highest] = [now[0], now[6]];
  const most = Math.max(...spread.counts);
  if (!most) return;
  context.fillStyle = colour("train");
  context.save();
  context.beginPath();
  context.rect(width - HISTOGRAM, 0, HISTOGRAM, height);
  context.clip();
  const span = (highest - lowest || 1e-30) / spread.counts.length;
  const y = (value) => height * (1 - (value - low) / (high - low));
  spread.counts.forEach((count, bin) => {
    if (!count) return;
    const top = y(lowest + (bin + 1) * span);
    const bottom = Math.max(y(lowest + bin * span), top + 1);
    context.fillRect(width - HISTOGRAM, top, Math.max(1, (count / most) * HISTOGRAM), Math.max(1, bottom - top - 0.5));
  });
  context.restore();
}

function begin(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}
