/** The examples: input, output and difference of each; the chosen one runs through the network that is drawn. */

import { loss } from "/assets/format.js";
import { drawDifference, drawImage } from "/assets/images.js";
import { make, onTheme, panel } from "/assets/replay/elements.js";
import { on } from "/assets/live.js";

const SOURCES = { training: "training data", held_out: "held-out data" };
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** @param {import("/assets/replay/recorded.js").Recording} recording @param {(entry: number) => void} pick */
export function examplePanel(recording, pick) {
  const { names, source } = recording.header;
  const columns = names.map((name, entry) => column(name, entry, pick));
  const captions = ["Input", "Output", "Difference", "Error"].map((words) => make("span", {}, words));
  const rows = make("div", { class: "g-images", role: "radiogroup", "aria-label": "Examples: input, output and difference", keydown: press },
    make("div", { class: "g-image-captions", "aria-hidden": "true" }, ...captions), ...columns.map(({ button }) => button));
  rows.style.setProperty("--rows", 4);
  rows.style.setProperty("--examples", names.length);
  let chosen = 0;

  function press(event) {
    if (!STEPS[event.key]) return;
    event.preventDefault();
    pick((chosen + STEPS[event.key] + columns.length) % columns.length);
    columns[chosen].button.focus();
  }

  function show({ header: { entry, errors } }) {
    chosen = entry;
    columns.forEach(({ button, input, output, difference, error }, index) => {
      const pictures = recording.pictures(index);
      drawImage(input, pictures.input);
      drawImage(output, pictures.output);
      drawDifference(difference, pictures.input, pictures.output);
      error.textContent = loss(errors[index]);
      button.setAttribute("aria-checked", index === entry);
      button.setAttribute("aria-label", `${names[index]}: error ${loss(errors[index])}`);
      button.tabIndex = index === entry ? 0 : -1;
    });
  }

  on("frame", show);
  onTheme(() => show(recording.frame()));
  return panel(`Examples of the ${SOURCES[source]}`, "images", rows, make("p", { class: "g-image-note g-muted g-small" }, "Input, output, difference and error."));
}

function column(name, entry, pick) {
  const [input, output, difference] = ["input", "output", "difference"].map((what) => make("canvas", { "data-test": `image-${what}-${entry}` }));
  const error = make("span", { class: "g-number g-image-error", "data-test": `image-error-${entry}` });
  const button = make("button", { type: "button", class: "g-image", role: "radio", title: name, "data-test": `example-${entry}`, click: () => pick(entry) }, input, output, difference, error);
  return { button, input, output, difference, error };
}
