/** Formats of numbers on the page: in one place, so that a number looks the same everywhere. */

const NOTHING = "–";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Four significant digits; very small and very large numbers as 1.2e-5. */
export function digits(value, count = 4) {
  if (!isNumber(value)) return NOTHING;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(count)));
}

/** A whole number as it is. */
export const whole = (value) => (isNumber(value) ? String(Math.round(value)) : NOTHING);

/** Epochs with their fraction, as long as it matters. */
export const epochs = (value) => (isNumber(value) && value > 0 && value < 1000 ? value.toFixed(2) : whole(value));

/** A whole number in groups of three. */
export const grouped = (value) => (isNumber(value) ? Math.round(value).toLocaleString("en-US") : NOTHING);

/** A loss, with as many places as keep it from jumping in width. */
export function loss(value) {
  if (!isNumber(value)) return NOTHING;
  return value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e4)
    ? value.toExponential(3).replace("e+", "e")
    : value.toFixed(5);
}

/** Milliseconds to three digits; from a second on in seconds. */
export function milliseconds(value) {
  if (!isNumber(value)) return NOTHING;
  return value < 1000 ? `${value.toPrecision(3)} ms` : `${(value / 1000).toPrecision(3)} s`;
}

export const perSecond = (value) => (isNumber(value) ? `${grouped(value)} / s` : NOTHING);

/** Seconds as 3.2 s, 4 min 05 s, 2 h 10 min or 3 d 04 h. */
export function duration(value) {
  if (!isNumber(value)) return NOTHING;
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const seconds = Math.round(value);
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  return `${grouped(Math.floor(hours / 24))} d ${two(hours % 24)} h`;
}

/** Seconds as `duration` has them, and as milliseconds below one. */
export const seconds = (value) => (isNumber(value) && value > 0 && value < 1 ? milliseconds(1000 * value) : duration(value));

export const formats = { digits, whole, epochs, grouped, loss, milliseconds, perSecond, duration, seconds };
