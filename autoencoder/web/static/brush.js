/** A round brush with a soft rim on an image of uint8 pixels. */

/** Paint a dot of `radius` pixels around (x, y), in pixels of the image; `colour` has a number per channel. */
export function dab({ height, width, channels, pixels }, x, y, radius, colour) {
  const rim = 0.7;
  for (let row = Math.max(0, Math.floor(y - radius - 1)); row < Math.min(height, y + radius + 1); row++) {
    for (let column = Math.max(0, Math.floor(x - radius - 1)); column < Math.min(width, x + radius + 1); column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const share = Math.min(1, Math.max(0, (radius + rim - distance) / (2 * rim)));
      const place = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const old = pixels[place + channel];
        pixels[place + channel] = Math.max(Math.min(old, colour[channel]), old + share * (colour[channel] - old));
      }
    }
  }
}

/** Paint dots from one point to the next, close enough to make a line. */
export function stroke(image, from, to, radius, colour) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const count = Math.max(1, Math.ceil(length / Math.max(0.5, radius / 2)));
  for (let index = 1; index <= count; index++) {
    const share = index / count;
    dab(image, from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), radius, colour);
  }
}
