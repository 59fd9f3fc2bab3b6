/** Drawing uint8 images of 1, 3 or 4 channels on a canvas. */

const PART = 8192; // arguments of a function that every browser allows

/** The red, green and blue of a colour of the theme, such as "--ganglion-positive". */
export function themeColour(name) {
  const text = getComputedStyle(document.body).getPropertyValue(name).trim();
  const number = Number.parseInt(text.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** Image `index` of an array of the shape (n, h, w, c), or the one image of (h, w, c). */
export function imageOf(array, index = 0) {
  const [height, width, channels] = array.shape.slice(-3);
  const size = height * width * channels;
  return { height, width, channels, pixels: array.data.subarray(index * size, (index + 1) * size) };
}

/** Bytes as text, a third longer. */
export function inBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += PART) {
    text += String.fromCharCode(...bytes.subarray(start, start + PART));
  }
  return btoa(text);
}

/** Draw an image in its own size; the style sheet scales the canvas. */
export function drawImage(canvas, image) {
  canvas.dataset.channels = image.channels; // behind what is transparent the style sheet shows a checkerboard
  const { channels, pixels } = image;
  paint(canvas, image, (target, from, to) => {
    target[to] = pixels[from];
    target[to + 1] = pixels[from + (channels >= 3 ? 1 : 0)];
    target[to + 2] = pixels[from + (channels >= 3 ? 2 : 0)];
    target[to + 3] = channels === 4 ? pixels[from + 3] : 255;
  });
}

/**
 * Draw the difference of `second` from `first`: of grey images in the colours of signed numbers, of coloured
 * ones around a middle grey, which keeps its hue visible.
 */
export function drawDifference(canvas, first, second) {
  if (first.channels === 1) drawSigned(canvas, first, second);
  else {
    paint(canvas, first, (target, from, to) => {
      for (let channel = 0; channel < 3; channel++) {
        target[to + channel] = 128 + (second.pixels[from + channel] - first.pixels[from + channel]) / 2;
      }
      target[to + 3] = 255;
    });
  }
}

function drawSigned(canvas, first, second) {
  const zero = themeColour("--ganglion-zero");
  const ends = [themeColour("--ganglion-negative"), themeColour("--ganglion-positive")];
  paint(canvas, first, (target, from, to) => {
    const difference = second.pixels[from] - first.pixels[from];
    const end = ends[difference > 0 ? 1 : 0];
    const share = Math.min(1, Math.abs(difference) / 160);
    for (let channel = 0; channel < 3; channel++) {
      target[to + channel] = zero[channel] + share * (end[channel] - zero[channel]);
    }
    target[to + 3] = 255;
  });
}

function paint(canvas, { height, width, channels }, colour) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) colour(picture.data, pixel * channels, pixel * 4);
  context.putImageData(picture, 0, 0);
}
