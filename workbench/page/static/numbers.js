/** Numbers as people type them: each is read as itself or refused, never as another one. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHOWN = 40; // characters of what was typed that a message repeats

/**
 * Read a number. A comma is a decimal point in some languages and divides thousands in others, so it is refused.
 * @param {string} text
 * @param {{whole?: boolean, name?: string, allowed?: string}} [about] whether it must be a whole number, what it is
 * called, and which ones are allowed
 * @returns {number} a finite one
 * @throws {Error} whose message is for people
 */
export function readNumber(text, { whole = false, name = "", allowed = "" } = {}) {
  const plain = text.trim().replace("−", "-");
  const refuse = (why) => {
    const typed = plain.slice(0, SHOWN);
    throw new Error(`${name ? `${name}: ` : ""}${typed} ${why}${allowed ? ` (allowed: ${allowed})` : ""}`);
  };
  if (plain.includes(",")) refuse("has a comma: write numbers with a point and without commas, as 0.002 or 1024");
  if (!NUMBER.test(plain)) refuse("is not a number");
  const number = Number(plain);
  if (!Number.isFinite(number)) refuse("is too large");
  if (whole && !Number.isInteger(number)) refuse("is not a whole number");
  return number;
}
