/** The network at the present frame: the canvas of the live page, with its legend, tooltip and words. */

import { NetworkCanvas } from "/assets/network_canvas.js";
import { ChosenWords, HINT, LABEL, legendOf, placeBeside, tipOf } from "/assets/network_words.js";
import { choice, make, panel } from "/assets/replay/elements.js";
import { on } from "/assets/live.js";

const WITHOUT = "The weights of this frame are not in the file: no connections are drawn.";

/**
 * @param {import("/assets/replay/recorded.js").Recording} recording
 * @returns {{element: HTMLElement, start: () => void}} `start` is called once the element is on the page
 */
export function networkPanel(recording) {
  const words = new ChosenWords();
  const canvas = make("canvas", {
    class: "network-view-canvas", "data-test": "network", tabindex: 0, role: "application", "aria-label": LABEL, "aria-roledescription": "network",
  });
  const tip = make("div", { class: "network-view-tooltip", "aria-hidden": "true", hidden: true });
  const stage = make("div", { class: "network-view-stage" }, canvas, tip);
  const info = make("div", { class: "network-view-info", "data-test": "network-info" });
  const bar = make("span", { class: "network-view-bar" });
  const legend = make("span", {});
  const signs = [make("span", { class: "network-view-line" }), "positive weight", make("span", { class: "network-view-line is-negative" }), "negative weight"];
  const curves = make("div", { class: "network-view-part" }, ...signs);
  const scale = make("div", { class: "network-view-part" }, make("span", {}, "−"), bar, make("span", {}, "+"), legend);
  const foot = make("div", { class: "network-view-foot", "aria-hidden": "true" }, info, scale, curves);
  const spoken = make("div", { class: "network-view-spoken", role: "status", "aria-live": "polite" });
  let network = null;
  let isChosen = false;

  function showTip(hovered) {
    canvas.style.cursor = hovered ? "pointer" : "";
    tip.hidden = !hovered;
    if (!hovered) return;
    const { title, where, facts } = tipOf(network.scene, hovered, hovered.place && recording.factsOf(hovered.place));
    const lines = facts.flatMap(([name, number]) => [make("dt", {}, name), make("dd", {}, number)]);
    tip.replaceChildren(
      make("p", { class: "network-view-title" }, title), make("p", { class: "network-view-muted" }, where),
      make("dl", { class: "network-view-facts" }, ...lines),
    );
    tip.style.transform = placeBeside(hovered, tip, stage);
  }

  function showChosen(place, facts) {
    const said = words.show(place && recording.layers[place.layer], place, facts);
    isChosen = Boolean(place);
    info.classList.toggle("is-hint", !said.info);
    info.textContent = said.info ? `${said.info}${recording.weights() ? "" : `. ${WITHOUT}`}` : HINT;
    if (spoken.textContent !== said.spoken) spoken.textContent = said.spoken;
  }

  function showLegend({ kind, gradient, hasCurves }) {
    bar.style.background = gradient;
    legend.textContent = legendOf(kind);
    curves.style.visibility = hasCurves ? "visible" : "hidden";
  }

  const kinds = choice("Colour of the neurons", "kind", { values: "Values", biases: "Biases" }, "values", (kind) => {
    network.setKind(kind);
    network.loadLayers();
  });
  const fit = make("button", { type: "button", class: "g-button", "data-test": "fit", click: () => network.scene.camera.fit() }, "Show all");
  const view = make("div", { class: "network-view" }, stage, foot, spoken);
  const made = panel("Network", "network", make("div", { class: "g-tools" }, kinds, make("span", { class: "g-spacer" }), fit), make("div", { class: "g-network-view" }, view));
  function start() {
    const ignored = () => {};
    network = new NetworkCanvas(canvas, { chooseNeuron: ignored, chooseConnection: ignored, showHovered: showTip, showChosen, showLegend });
    network.setKind("values");
    showChosen(null, null);
    on("frame", () => {
      const { chosen, chosenRequests, strongestRequests } = network.selection;
      if (isChosen) chosenRequests.choose(chosen); // at once, not when a run would be asked again
      if (strongestRequests.wanted.length) strongestRequests.choose(strongestRequests.wanted);
    });
  }

  return { element: made, start };
}
