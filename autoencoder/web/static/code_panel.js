/** The numbers of the chosen image's code as sliders, and what the decoder in this file makes of them. */

import { digits } from "/assets/format.js";
import { drawImage } from "/assets/images.js";
import { fill, make, panel } from "/assets/replay/elements.js";
import { forward } from "/assets/replay/forward.js";
import { on } from "/assets/live.js";

const FEW = 16;

/** @param {import("/assets/replay/recorded.js").Recording} recording */
export function codePanel(recording) {
  const { arrays, wires, header: { decoder, image } } = recording;
  const [low, high, order] = ["low", "high", "order"].map((name) => arrays[`code ${name}`].data);
  const part = { ...decoder, weights: arrays["decoder weights"].data, biases: arrays["decoder biases"].data };
  const size = order.length;
  const rows = Array.from(order, (index) => row(index, change));
  const canvas = make("canvas", { class: "g-picture", "data-test": "code-image", role: "img", "aria-label": "What the decoder makes of the code" });
  const reset = make("button", { type: "button", class: "g-button", "data-test": "code-reset", click: take }, "Reset");
  const note = make("span", { class: "g-muted", role: "status" });
  const all = make("button", { type: "button", class: "g-button", "data-test": "code-all", "aria-expanded": "false", hidden: size <= FEW, click: toggle });
  let [code, entry, due] = [[], null, 0];

  /** Take the code of the chosen image. */
  function take() {
    code = Array.from(arrays.codes.data.subarray(entry * size, (entry + 1) * size));
    rows.forEach(({ slider, index }) => {
      const margin = Math.max((high[index] - low[index]) * 0.25, 0.05);
      slider.min = Math.min(low[index], code[index]) - margin;
      slider.max = Math.max(high[index], code[index]) + margin;
    });
    note.textContent = "of the chosen image";
    show();
  }

  function change(index, value) {
    code[index] = value;
    note.textContent = "changed by hand";
    show();
  }

  function show() {
    for (const { slider, shown, index } of rows) {
      slider.value = code[index];
      shown.textContent = digits(code[index], 3);
      slider.setAttribute("aria-valuetext", shown.textContent);
      fill(slider);
    }
    if (!due) due = requestAnimationFrame(decode);
  }

  /** Before the screen shows its next picture. */
  function decode() {
    due = 0;
    const [height, width, channels] = image;
    drawImage(canvas, { height, width, channels, pixels: Uint8ClampedArray.from(forward(wires, part, code), (value) => 255 * value) });
  }

  function toggle() {
    const isAll = all.getAttribute("aria-expanded") === "false";
    all.setAttribute("aria-expanded", isAll);
    showRows(isAll);
  }

  function showRows(isAll) {
    rows.forEach(({ element }, place) => (element.hidden = !isAll && place >= FEW));
    all.textContent = isAll ? `Only the ${FEW} that vary most` : `All ${size}`;
  }

  on("frame", (frame) => {
    if (frame.header.entry === entry) return;
    entry = frame.header.entry;
    take();
  });
  showRows(false);
  const side = make("div", { class: "g-code-side" }, canvas, reset, note, make("span", { class: "g-muted" }, "The decoder is that of the last frame."));
  return panel("Code", "code", make("div", { class: "g-code" }, side, make("div", { class: "g-code-list" }, ...rows.map(({ element }) => element), all)));
}

function row(index, change) {
  const name = `Number ${index} of the code`;
  const slider = make("input", { type: "range", class: "g-slider", step: "any", "aria-label": name, "data-test": `code-slider-${index}`, input: () => change(index, Number(slider.value)) });
  const shown = make("span", { class: "g-number g-small", "aria-hidden": "true" });
  const element = make("div", { class: "g-code-row" }, make("span", { class: "g-code-name g-number", "aria-hidden": "true" }, String(index)), slider, shown);
  return { element, slider, shown, index };
}
