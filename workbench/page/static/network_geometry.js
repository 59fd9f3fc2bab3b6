/** Where neurons lie within the block of their layer. @typedef {import("/assets/network_layout.js").Block} Block */

/** The top left corner of a neuron in the view. */
export function cellOfNeuron(block, neuron) {
  const { row, column, channel } = positionOf(block.shape, neuron);
  const corner = cornerOfChannel(block, channel);
  return { x: corner.x + column * block.cell, y: corner.y + row * block.cell };
}

/** The top left corner of a channel in the view. */
export function cornerOfChannel(block, channel) {
  const [high, wide] = block.shape;
  return {
    x: block.x + (channel % block.columns) * (wide * block.cell + block.gap),
    y: block.y + Math.floor(channel / block.columns) * (high * block.cell + block.gap),
  };
}

/** The neuron at a point of the view, or null. */
export function neuronAt(block, x, y) {
  const [high, wide, channels] = block.shape;
  const [across, down] = [wide * block.cell + block.gap, high * block.cell + block.gap];
  const [tileColumn, tileRow] = [Math.floor((x - block.x) / across), Math.floor((y - block.y) / down)];
  const channel = tileRow * block.columns + tileColumn;
  if (tileColumn < 0 || tileColumn >= block.columns || tileRow < 0 || channel >= channels) return null;
  const column = Math.floor((x - block.x - tileColumn * across) / block.cell);
  const row = Math.floor((y - block.y - tileRow * down) / block.cell);
  return row < high && column < wide ? (row * wide + column) * channels + channel : null;
}

/** Row, column and channel of a neuron. */
export function positionOf([, wide, channels], neuron) {
  const place = Math.floor(neuron / channels);
  return { row: Math.floor(place / wide), column: place % wide, channel: neuron % channels };
}

/** The middle of a neuron in the view. @param {Block} block */
export function middleOfNeuron(block, neuron) {
  const { x, y } = cellOfNeuron(block, neuron);
  return { x: x + block.cell / 2, y: y + block.cell / 2 };
}

/** The neuron `across` cells to the right of another and `down` below it, over the edges of channels. */
export function neighbour(block, neuron, across, down) {
  const [high, wide, channels] = block.shape;
  const { row, column, channel } = positionOf(block.shape, neuron);
  const tileRows = Math.ceil(channels / block.columns);
  const x = clamp((channel % block.columns) * wide + column + across, block.columns * wide - 1);
  const y = clamp(Math.floor(channel / block.columns) * high + row + down, tileRows * high - 1);
  const there = Math.floor(y / high) * block.columns + Math.floor(x / wide);
  return there < channels ? ((y % high) * wide + (x % wide)) * channels + there : neuron;
}

const clamp = (value, most) => Math.max(0, Math.min(most, value));
