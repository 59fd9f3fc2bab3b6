/** The numbers of one layer as pixels, one for every neuron, written through a table of colours. */

import { MIDDLE, SHADES } from "/assets/colours.js";

const SAMPLES = 2048;
const SHARE = 0.99; // of the numbers within the scale: single outliers do not make the others pale
const STEPS = [1, 1.5, 2, 3, 4, 6, 8, 10];
const TOO_SMALL = 1.1;
const TOO_LARGE = 0.5;

/** One layer's pixels. Channels lie in a nearly square grid, so that no side grows too long for a canvas. */
export class Picture {
  /** @param {number[]} shape */
  constructor([high, wide, channels]) {
    Object.assign(this, { high, wide, channels, columns: Math.ceil(Math.sqrt(channels)) });
    const rows = Math.ceil(channels / this.columns);
    this.canvas = new OffscreenCanvas(this.columns * wide, rows * high);
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.places = this.findPlaces();
  }

  /** The pixel of every neuron. */
  findPlaces() {
    const { high, wide, channels, columns } = this;
    const places = new Int32Array(high * wide * channels);
    let neuron = 0;
    for (let row = 0; row < high; row++) {
      for (let column = 0; column < wide; column++) {
        for (let channel = 0; channel < channels; channel++) {
          const top = Math.floor(channel / columns) * high + row;
          places[neuron++] = top * columns * wide + (channel % columns) * wide + column;
        }
      }
    }
    return places;
  }

  /** Colour numbers from -limit to limit; what is not a number stays empty. */
  paintDiverging(values, limit, table) {
    const { pixels, places } = this;
    this.numbers = values;
    const factor = limit > 0 ? (MIDDLE - 1) / limit : 0;
    for (let neuron = 0; neuron < places.length; neuron++) {
      const value = values[neuron];
      const shade = (value * factor + MIDDLE + 0.5) | 0;
      pixels[places[neuron]] = value === value ? table[shade < 1 ? 1 : shade > SHADES - 1 ? SHADES - 1 : shade] : 0;
    }
    this.context.putImageData(this.image, 0, 0);
  }

  /** Colour numbers of a range, the lowest black and the highest white. */
  paintGrey(values, { low, high }, table) {
    const { pixels, places } = this;
    this.numbers = values;
    const factor = (SHADES - 1) / (high - low || 1);
    for (let neuron = 0; neuron < places.length; neuron++) {
      const value = values[neuron];
      const shade = ((value - low) * factor + 0.5) | 0;
      pixels[places[neuron]] = value === value ? table[shade < 0 ? 0 : shade > SHADES - 1 ? SHADES - 1 : shade] : 0;
    }
    this.context.putImageData(this.image, 0, 0);
  }

  /** Colour the weights of some neurons; the others stay empty. */
  paintSome(neurons, weights, limit, table) {
    this.limit = limit;
    const numbers = new Float32Array(this.places.length).fill(NaN);
    for (let index = 0; index < neurons.length; index++) numbers[neurons[index]] = weights[index];
    this.paintDiverging(numbers, limit, table);
  }

  /** The pixel of one neuron, as it was painted; 0 where nothing was. */
  pixelOf(neuron) {
    return this.pixels[this.places[neuron]];
  }

  /** Where a channel lies on the canvas. */
  cornerOf(channel) {
    return { x: (channel % this.columns) * this.wide, y: Math.floor(channel / this.columns) * this.high };
  }
}

/** The range of an image's brightness: 0 to 1, widened by every number beyond. */
export class BrightnessRange {
  low = 0;
  high = 1;

  /** Widen it to numbers that are to be shown. */
  include(values) {
    for (const value of values) {
      if (value < this.low && value > -Infinity) this.low = value;
      else if (value > this.high && value < Infinity) this.high = value;
    }
    return this;
  }
}

/** The scale of a layer's colours: a round number that stays until it no longer fits. */
export class Scale {
  limit = 0;

  /** Fit it to numbers that are to be coloured, and return its limit. */
  fit(values) {
    const size = typicalSize(values);
    if (size > this.limit * TOO_SMALL || size < this.limit * TOO_LARGE) this.limit = roundUp(size);
    return this.limit;
  }
}

/** The size that all but a few of the numbers stay below. */
function typicalSize(values) {
  const step = Math.max(1, Math.floor(values.length / SAMPLES)) | 1; // odd: samples do not all fall into one column
  const sizes = new Float32Array(Math.ceil(values.length / step));
  let count = 0;
  for (let index = 0; index < values.length; index += step) {
    const size = Math.abs(values[index]);
    if (size < Infinity) sizes[count++] = size;
  }
  if (!count) return 0;
  return sizes.subarray(0, count).sort()[Math.ceil(SHARE * (count - 1))];
}

function roundUp(size) {
  if (size === 0) return 0;
  const power = 10 ** Math.floor(Math.log10(size));
  return Number((power * STEPS.find((step) => step * power >= size * 0.999)).toPrecision(2));
}
