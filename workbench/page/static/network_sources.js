/** What layers read: the connections of a layer number the neurons of all its sources one after another. */

/** @typedef {import("/assets/network_layout.js").Layer} Layer @typedef {{layer: number, neuron: number}} Place */

/** Where a source of a layer is. @param {Layer[]} layers @returns {Place} */
export function placeOfSource(layers, layer, source) {
  let neuron = source;
  for (const from of layers[layer].sources) {
    if (neuron < layers[from].neurons) return { layer: from, neuron };
    neuron -= layers[from].neurons;
  }
  throw new RangeError(`layer ${layer} has no source ${source}`);
}

/** Which source of a layer a neuron is. @param {Layer[]} layers @param {Place} place */
export function sourceAt(layers, reader, { layer, neuron }) {
  let start = 0;
  for (const from of layers[reader].sources) {
    if (from === layer) return start + neuron;
    start += layers[from].neurons;
  }
  throw new RangeError(`layer ${reader} does not read neuron ${neuron} of layer ${layer}`);
}

/** How far each layer is from the inputs: one further than what it reads. @param {Layer[]} layers */
export function depthsOf(layers) {
  const depths = [];
  for (const { sources } of layers) depths.push(sources.length ? 1 + Math.max(...sources.map((from) => depths[from])) : 0);
  return depths;
}

/**
 * The layers in columns, by their depth. What is read over a column runs through it in a lane.
 * @param {Layer[]} layers
 * @returns {{layer: number, isLane: boolean}[][]} a lane has the layer that is read
 */
export function columnsOf(layers) {
  const depths = depthsOf(layers);
  const columns = Array.from({ length: Math.max(...depths) + 1 }, () => []);
  const furthest = [...depths];
  layers.forEach(({ sources }, layer) => {
    columns[depths[layer]].push({ layer, isLane: false });
    for (const from of sources) furthest[from] = Math.max(furthest[from], depths[layer]);
  });
  furthest.forEach((end, layer) => {
    for (let column = depths[layer] + 1; column < end; column++) columns[column].push({ layer, isLane: true });
  });
  columns.forEach((column, number) => {
    if (!number) return;
    const before = columns[number - 1];
    const heightOf = (from) => before.findIndex(({ layer }) => layer === from) / before.length;
    const wish = ({ layer, isLane }) => {
      const from = isLane ? [layer] : layers[layer].sources;
      return from.reduce((sum, each) => sum + heightOf(each), 0) / from.length;
    };
    column.sort((one, other) => wish(one) - wish(other));
  });
  return columns;
}
