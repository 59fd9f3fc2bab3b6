/** Changes of a run in words. */

import { digits } from "/assets/format.js";

const MOST = 3; // changes that are named

const where = ({ layer, neuron, target, source }) =>
  neuron === undefined ? `layer ${layer}, ${target} ← ${source}` : `layer ${layer}, neuron ${neuron}`;

const WORDS = {
  setting: ({ name, value }) => `${name.replace("-", " ")} = ${value || "not set"}`,
  bias: (change) => `bias of ${where(change)} = ${digits(change.value)}`,
  weight: (change) => `weight of ${where(change)} = ${digits(change.value)}`,
  clamp: (change) =>
    change.value === null ? `${where(change)} released` : `${where(change)} clamped to ${digits(change.value)}`,
  lock: (change) => `${where(change)} ${change.locked ? "locked" : "unlocked"}`,
  lock_weight: (change) => `weight of ${where(change)} ${change.locked ? "locked" : "unlocked"}`,
};

/** Say which number or neuron a change is about. */
export const aboutChange = (change) =>
  ["bias", "weight", "lock_weight"].includes(change.kind) ? `${change.kind === "bias" ? "bias" : "weight"} of ${where(change)}` : where(change);

/** Name the first changes of a list, of which there are `count`. */
export function changesInWords(changes, count = changes.length) {
  const named = changes.slice(0, MOST).map((change) => WORDS[change.kind]?.(change) ?? change.kind);
  const more = count - named.length;
  return named.join("; ") + (more > 0 ? ` and ${more} more` : "");
}
