/** Changes that a person makes, sent in batches: the first at once, then at most 20 times a second. */

import { aboutChange } from "/assets/change_words.js";
import { request } from "/assets/live.js";
import { latestOnly } from "/assets/latest_only.js";
import { attempt } from "/assets/notices.js";

const REFUSAL = /^change (\d+) \((\w+)\): (?:value: )?/; // how the run begins to say what is wrong, with its number

/** Make changes; when one is refused the error names it as the page does. */
export async function applyChanges(changes) {
  try {
    return await request("apply", { changes });
  } catch (error) {
    const [begin, number, kind] = REFUSAL.exec(error.message) ?? ["", 0, "setting"];
    const name = kind === "setting" ? "" : `${aboutChange(changes[number - 1])}: `;
    error.message = name + error.message.slice(begin.length);
    throw error;
  }
}

const place = (change) => [change.kind, change.layer, change.neuron ?? `${change.target}-${change.source}`].join(" ");

/** Make a function that sends one change; of several changes of the same thing only the latest is sent. */
export function batched(done) {
  const waiting = new Map();
  const send = async () => {
    const changes = [...waiting.values()];
    waiting.clear();
    if (changes.length) await attempt(() => applyChanges(changes));
  };
  const flush = latestOnly(async () => {
    await send();
    done(); // which only looks: the next change does not wait for it
  });
  addEventListener("pagehide", send); // what was changed last, when the page is closed before it was sent
  return (change) => {
    waiting.set(place(change), change);
    flush();
  };
}

/** Where a neuron lies, in words: `neuron` is its number within a layer of the shape (height, width, channels). */
export function position(shape, neuron) {
  const [height, width, channels] = shape;
  const channel = neuron % channels;
  const column = Math.floor(neuron / channels) % width;
  const row = Math.floor(neuron / (channels * width));
  const parts = [];
  if (height > 1) parts.push(`row ${row}`);
  if (width > 1) parts.push(`column ${column}`);
  if (channels > 1 || !parts.length) parts.push(`channel ${channel}`);
  return parts.join(", ");
}
