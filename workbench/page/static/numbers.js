/** Numbers as people type them: each is read as itself or refused, never as another one. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHOWN = 40; // characters of what was typed that a message repeats

/**
 * Read a number. A comma is a decimal point in some languages and divides thousands in others, so it is refused.
 * @param {string} text
 * @param {boolean} [whole] whether it must be a whole number
 * @returns {number} a finite one
 * @throws {Error} whose message is for people
 */
export function readNumber(text, whole = false) {
  const plain = text.trim().replace("−", "-");
  const typed = plain.slice(0, SHOWN);
  if (plain.includes(",")) throw new Error(`${typed}: write numbers with a point and without commas, as 0.002 or 1024`);
  if (!NUMBER.test(plain)) throw new Error(`${typed}: this is not a number`);
  const number = Number(plain);
  if (!Number.isFinite(number)) throw new Error(`${typed}: this number is too large`);
  if (whole && !Number.isInteger(number)) throw new Error(`${typed}: this should be a whole number`);
  return number;
}
