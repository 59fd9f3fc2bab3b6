/** Numbers of 16 bits, as IEEE 754 has them: not every browser knows them. */

const FRACTION = 1024;

/** Every number that 16 bits can hold, by its bits. */
const NUMBERS = Float32Array.from({ length: 65536 }, (_, bits) => {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & (FRACTION - 1)];
  const sign = bits & 32768 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / FRACTION) : (2 ** -14 * fraction) / FRACTION);
});

/**
 * Write numbers of 16 bits into an array.
 * @param {Uint16Array} bits
 * @param {Float32Array} numbers of at least the same length, from `start` on
 */
export function widen(bits, numbers, start = 0) {
  for (let index = 0; index < bits.length; index++) numbers[start + index] = NUMBERS[bits[index]];
  return numbers;
}
