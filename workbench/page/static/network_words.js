/** What the network view says in words: its legend, the tooltip beside the pointer, the chosen neuron. */

import { digits } from "/assets/format.js";
import { factsOf, placeText } from "/assets/network_captions.js";

const AWAY = 16; // pixels between the pointer and its tooltip
const UNKNOWN = { value: null, signal: null, bias: undefined, clamp: null, locked: false };
const FACTS = { values: "value", signals: "signal", biases: "bias" };
const KINDS = { values: "Value", signals: "Error signal", biases: "Bias", change: "Change since the baseline" };

export const LABEL =
  "Network. Arrow keys move from neuron to neuron, page up and down between layers, enter chooses, plus, minus and zero zoom, escape deselects.";
export const HINT = "Click a neuron to see its connections. Ctrl and the wheel, or + and −, zoom; 0 shows everything.";

/** Whether numbers of a kind may be negative. */
export const isSigned = (kind) => kind !== "change";

export const legendOf = (kind) => `${KINDS[kind]}, each layer on its own scale`;

/**
 * The tooltip of a neuron or a connection.
 * @param {import("/assets/network_scene.js").Scene} scene
 * @param {{place: object | null, connection: object | null}} hovered
 * @param {object | null} facts of the neuron, once they are known
 */
export function tipOf(scene, { place, connection }, facts) {
  return place ? tipOfNeuron(scene, place, facts) : tipOfConnection(scene, connection);
}

function tipOfNeuron({ layers, values, shownKind }, { layer, neuron }, facts) {
  const known = facts ?? { ...UNKNOWN, [FACTS[shownKind]]: values[layer]?.[neuron] };
  return { title: layers[layer].name, where: placeText(layers[layer], neuron), facts: factsOf(known) };
}

function tipOfConnection({ layers }, { layer, target, from: source, weight }) {
  const [from, to] = [layers[source.layer], layers[layer]];
  return {
    title: `${from.name} → ${to.name}`,
    where: `${placeText(from, source.neuron)} → ${placeText(to, target)}`,
    facts: [["weight", digits(weight)]],
  };
}

/** The CSS transform that puts a tooltip beside the pointer, on the side where there is room. */
export function placeBeside({ x, y }, tip, stage) {
  const fitting = (place, length, room) => Math.max(4, Math.min(place + AWAY + length > room ? place - AWAY - length : place + AWAY, room - length - 4));
  const left = fitting(x, tip.offsetWidth, stage.clientWidth);
  const top = fitting(y, tip.offsetHeight, stage.clientHeight);
  return `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** The chosen neuron in words: spoken once, and kept up to date where it can be read. */
export class ChosenWords {
  where = "";
  spoken = "";
  wasSpoken = false;

  /** @returns {{info: string, spoken: string}} */
  show(layer, place, facts) {
    const where = place ? `${layer.name}, ${placeText(layer, place.neuron)}` : "";
    const known = facts ? factsOf(facts).map((fact) => fact.join(" ")).join(" · ") : "";
    if (where !== this.where) this.wasSpoken = false;
    this.where = where;
    const info = [where, known].filter(Boolean).join(" · ");
    if (facts && !this.wasSpoken) {
      this.wasSpoken = true;
      this.spoken = info;
    }
    return { info, spoken: this.spoken };
  }
}
