/** Builds the page of a recording. */

import { digits, epochs, grouped, loss } from "/assets/format.js";
import { choice, make, panel } from "/assets/replay/elements.js";
import { errorPanel } from "/assets/replay/error_curve.js";
import { examplePanel } from "/assets/replay/example_rows.js";
import { networkPanel } from "/assets/replay/network_panel.js";
import { player } from "/assets/replay/player.js";
import { on } from "/assets/live.js";
import { open, show } from "/assets/replay/recorded.js";

const READINGS = [["Step", "step", grouped], ["Epoch", "epoch", epochs], ["Loss", "loss", loss], ["Held-out", "held_out_loss", loss]];

/**
 * Build the page, and show the last frame.
 * @param {(recording: import("/assets/replay/recorded.js").Recording) => HTMLElement[]} panelsOf an application
 */
export async function build(panelsOf = () => []) {
  const text = document.getElementById("recording").textContent;
  appear("auto");
  try {
    const recording = await open(text);
    const { header } = recording;
    const go = (frame) => show(frame, recording.place.entry);
    const pick = (entry) => show(recording.place.frame, entry);
    const network = networkPanel(recording);
    const centre = column("centre", network.element, examplePanel(recording, pick));
    const left = column("left", errorPanel(recording, go), aboutPanel(header), ...changesPanel(header.changes));
    const panels = panelsOf(recording);
    const right = column("right", ...panels);
    const columns = panels.length ? [centre, left, right] : [centre, left];
    document.body.append(heading(header), make("main", { class: panels.length ? "g-main" : "g-main r-two" }, ...columns), player(recording, go));
    network.start();
    show(header.frames.length - 1, 0);
  } catch (error) {
    document.body.append(make("main", { class: "g-lost" }, make("h1", { class: "g-name" }, "Ganglion"), make("p", {}, `This file cannot be shown: ${error.message}`)));
    throw error;
  }
}

const column = (name, ...panels) => make("div", { class: `g-column g-${name}` }, ...panels);

function heading({ title, frames }) {
  const readings = READINGS.map(([name, key, format]) => {
    const number = make("span", { class: "g-live g-number", "data-test": key });
    on("status", (status) => (number.textContent = format(status[key])));
    return make("div", { class: "g-reading" }, make("span", {}, name), number);
  });
  const modes = choice("Appearance", "appearance", { auto: "Auto", light: "Light", dark: "Dark" }, "auto", appear);
  document.title = title;
  return make("header", { class: "g-header" }, make("h1", { class: "g-name" }, "Ganglion"), make("p", { class: "r-title" }, title),
    make("div", { class: "g-readings" }, ...readings), make("div", { class: "g-end" }, modes));
}

const system = matchMedia("(prefers-color-scheme: dark)");
let appearance = "auto";

/** Automatic (the setting of the system), light or dark. */
function appear(mode) {
  appearance = mode;
  document.body.classList.toggle("body--dark", mode === "auto" ? system.matches : mode === "dark");
}

system.addEventListener("change", () => appear(appearance));

function aboutPanel({ about }) {
  const facts = about.map(([name, text]) => make("div", { class: "g-fact" }, make("dt", {}, name), make("dd", {}, text)));
  return panel("Run", "about", make("dl", { class: "g-facts" }, ...facts));
}

/** What a person has changed, if anything. */
function changesPanel(changes) {
  const words = (change) => Object.values(change).map((value) => (typeof value === "number" ? digits(value) : String(value))).join(" ");
  const lines = changes.map(({ step, changes: made }) => make("li", {}, `Step ${grouped(step)}: ${made.map(words).join(", ")}`));
  return lines.length ? [panel("Changed by hand", "changes", make("ol", { class: "r-changes" }, ...lines))] : [];
}
