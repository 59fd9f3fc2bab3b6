/** Draws what marks single neurons: the chosen one, the one under the pointer, windows, pins and locks. */

import { cellFrame, RADIUS } from "/assets/network_draw.js";
import { cornerOfChannel } from "/assets/network_geometry.js";
import { course, pointOf } from "/assets/network_links.js";

const SIZE = 11; // pixels of a marker
const SMALLEST = 0.45; // of that, on small neurons

/** @typedef {import("/assets/network_draw.js").Scene} Scene */

/** A ring around a neuron, at least a few pixels wide. @param {Scene} scene */
export function drawRing(context, scene, place, strong) {
  const { x, y, side } = cellFrame(scene, place);
  const { theme } = scene;
  const away = strong ? 2.5 : 1;
  const size = Math.max(side + 2 * away, strong ? 9 : 6);
  const [left, top] = [x + side / 2 - size / 2, y + side / 2 - size / 2];
  const round = scene.isRound(place.layer);
  for (const [width, colour] of [[strong ? 6 : 3.5, theme.css.surface], [strong ? 2.5 : 1.25, strong ? theme.css.accent : theme.css.ink]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    if (round) context.arc(x + side / 2, y + side / 2, Math.max(4, side * RADIUS + away), 0, 2 * Math.PI);
    else context.roundRect(left, top, size, size, 2);
    context.stroke();
  }
}

/** The part of a layer that a neuron of the next one sees, in every channel. @param {Scene} scene */
export function drawWindow(context, scene, layer, [top, left, bottom, right], strong) {
  const block = scene.blocks[layer];
  const cell = block.cell * scene.camera.zoom;
  for (let channel = 0; channel < block.shape[2]; channel++) {
    const corner = scene.camera.project(cornerOfChannel(block, channel));
    const box = [corner.x + left * cell, corner.y + top * cell, (right - left) * cell, (bottom - top) * cell];
    for (const [width, colour] of [[4, scene.theme.css.surface], [strong ? 2 : 1.25, strong ? scene.theme.css.accent : scene.theme.css.ink]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(...box);
    }
  }
}

/** Pins on clamped neurons, locks on locked ones and on locked weights that are drawn. @param {Scene} scene */
export function drawMarkers(context, scene, status, connections) {
  for (const [layer, neuron] of status.clamps ?? []) drawMarker(context, scene, { layer, neuron }, 0, drawPin);
  for (const [layer, neuron] of status.locks ?? []) drawMarker(context, scene, { layer, neuron }, 1, drawLock);
  const locked = new Set((status.weight_locks ?? []).map(String));
  for (const connection of connections) {
    if (!locked.has(String([connection.layer, connection.target, connection.source]))) continue;
    const { x, y } = pointOf(course(connection, scene.blocks, scene.camera), 0.5);
    drawLock(context, x - SIZE / 2, y - SIZE / 2, scene.theme);
  }
}

/** A marker on the upper right corner of a neuron; the second kind on the lower right. */
function drawMarker(context, scene, place, corner, draw) {
  if (!scene.blocks[place.layer]) return;
  const { x, y, side } = cellFrame(scene, place);
  if (x < -side || y < -side || x > scene.size.width || y > scene.size.height) return;
  const away = side > 3 * SIZE ? SIZE + 2 : SIZE * 0.45;
  const scale = Math.min(1, Math.max(SMALLEST, side / SIZE)); // no larger than the neuron, while that can be seen
  context.save();
  context.translate(x + side, corner ? y + side : y);
  context.scale(scale, scale);
  draw(context, -away, corner ? -away : away - SIZE, scene.theme);
  context.restore();
}

function drawPin(context, left, top, theme) {
  context.save();
  context.translate(left, top);
  halo(context, theme, () => {
    context.arc(SIZE / 2, SIZE * 0.34, SIZE * 0.3, 0, 2 * Math.PI);
    context.moveTo(SIZE / 2, SIZE * 0.6);
    context.lineTo(SIZE / 2, SIZE);
  });
  context.fillStyle = theme.css.accent;
  context.fill();
  context.restore();
}

function drawLock(context, left, top, theme) {
  context.save();
  context.translate(left, top);
  halo(context, theme, () => {
    context.roundRect(SIZE * 0.14, SIZE * 0.45, SIZE * 0.72, SIZE * 0.5, 1.5);
    context.moveTo(SIZE * 0.28, SIZE * 0.45);
    context.arc(SIZE / 2, SIZE * 0.38, SIZE * 0.22, Math.PI, 0);
    context.lineTo(SIZE * 0.72, SIZE * 0.45);
  });
  context.fillStyle = theme.css.ink;
  context.beginPath();
  context.roundRect(SIZE * 0.14, SIZE * 0.45, SIZE * 0.72, SIZE * 0.5, 1.5);
  context.fill();
  context.restore();
}

/** Stroke a path in the ink of the theme, over a wider one in the colour behind it. */
function halo(context, theme, path) {
  context.beginPath();
  path();
  context.lineJoin = "round";
  context.strokeStyle = theme.css.surface;
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = theme.css.ink;
  context.lineWidth = 1.4;
  context.stroke();
}
