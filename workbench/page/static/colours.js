/** Colours of numbers, in light and in dark: the same maps as nn/render/colours.py, as tables of pixels. */

export const SHADES = 256;
export const MIDDLE = SHADES / 2;

// ColorBrewer's RdBu around the theme's zero, and for the dark one with ends that grow lighter instead of darker.
const LIGHT = { below: ["#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0"], above: ["#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f"] };
const DARK = { below: ["#d3eafc", "#8cc6f5", "#4a98da", "#2f6ca3", "#20435f"], above: ["#5c2f30", "#9c443f", "#df6154", "#fb9c88", "#ffdcd2"] };

/**
 * @typedef {object} Theme colours and font of the canvas
 * @property {boolean} dark
 * @property {Record<"surface" | "ink" | "muted" | "border" | "control" | "accent" | "warning" | "positive" | "negative" | "zero", string>} css
 * @property {string} font
 * @property {Uint32Array} diverging pixels from negative to positive
 * @property {Uint32Array} grey pixels from 0 to 1
 */

/**
 * Read the colours that hold for an element now.
 * @param {Element} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const css = {};
  for (const name of ["surface", "ink", "muted", "border", "control", "accent", "warning", "positive", "negative", "zero"]) {
    css[name] = style.getPropertyValue(`--ganglion-${name}`).trim();
  }
  const dark = luminance(parse(css.surface)) < 0.3;
  const { below, above } = dark ? DARK : LIGHT;
  return { dark, css, font: style.fontFamily, diverging: table([...below, css.zero, ...above]), grey: table(["#000000", "#ffffff"]) };
}

/** The entry of a diverging table for a number between -limit and limit; outside, the nearest end. */
export function shadeOf(value, limit) {
  const shade = limit > 0 ? MIDDLE + Math.round((value / limit) * (MIDDLE - 1)) : MIDDLE;
  return shade < 1 ? 1 : shade > SHADES - 1 ? SHADES - 1 : shade;
}

/** A pixel as CSS has it. */
export const cssOf = (pixel) => `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;

/** Black or white, whichever is readable on a pixel. */
export function inkOn(pixel) {
  return luminance([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]) > 0.3 ? "#101416" : "#ffffff";
}

/** A CSS gradient of a table from one of its entries on, for legends. */
export function gradientOf(pixels, first = 0) {
  const places = Array.from({ length: 17 }, (_, index) => first + Math.round((index / 16) * (SHADES - 1 - first)));
  const stops = places.map((place) => cssOf(pixels[place]));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** The red, green and blue of "#rrggbb". */
function parse(text) {
  const number = Number.parseInt(text.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => (part / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Anchors at equal distances, filled in between; entry 128 of an odd number of anchors is the middle one. */
function table(anchors) {
  const colours = anchors.map(parse);
  const pixels = new Uint32Array(SHADES);
  for (let shade = 0; shade < SHADES; shade++) {
    const place = Math.min(1, shade / (anchors.length > 2 ? SHADES : SHADES - 1)) * (colours.length - 1);
    const low = Math.min(colours.length - 2, Math.floor(place));
    const mix = (part) => Math.round(colours[low][part] + (place - low) * (colours[low + 1][part] - colours[low][part]));
    pixels[shade] = (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
  }
  return pixels;
}
