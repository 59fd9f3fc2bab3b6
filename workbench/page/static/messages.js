/** The binary messages of a run: see workbench/run/messages.py for the format. */

const LENGTH_BYTES = 4;
const TYPES = { float32: Float32Array, int32: Int32Array, uint16: Uint16Array, uint8: Uint8Array };
const decoder = new TextDecoder();

/**
 * @typedef {{data: Float32Array | Int32Array | Uint16Array | Uint8Array, shape: number[], dtype: string}} Numbers
 * @typedef {{header: Record<string, any>, arrays: Record<string, Numbers>}} Message
 */

/**
 * Take a message apart; the arrays look into it, nothing is copied.
 * @param {ArrayBuffer} buffer
 * @returns {Message}
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const { arrays: listed, ...header } = JSON.parse(decoder.decode(new Uint8Array(buffer, LENGTH_BYTES, length)));
  const arrays = {};
  for (const { name, dtype, shape, offset } of listed) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = { data: new TYPES[dtype](buffer, LENGTH_BYTES + length + offset, count), shape, dtype };
  }
  return { header, arrays };
}
