/** The error over the steps, with a line at the present frame; a click goes to the frame that is nearest. */

import { digits } from "/assets/format.js";
import { choice, draw, make, panel } from "/assets/replay/elements.js";
import { Axis } from "/assets/axis.js";
import { on } from "/assets/live.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 8, 22];
const LETTER = 4; // pixels from the middle of a letter to its base

/** @param {import("/assets/replay/recorded.js").Recording} recording @param {(frame: number) => void} go */
export function errorPanel(recording, go) {
  const { frames, rows, logarithmic } = recording.header;
  const lines = linesOf(recording);
  const svg = draw("svg", { class: "r-curve", role: "img", "data-test": "error-curve", pointerdown: seek, pointermove: (event) => event.buttons && seek(event) });
  let scale = "log";
  let axes = null;

  function seek(event) {
    if (!axes) return;
    const place = event.clientX - svg.getBoundingClientRect().left;
    const away = frames.map(({ step }) => Math.abs(axes.x.place(step) - place));
    go(away.indexOf(Math.min(...away)));
  }

  function render() {
    const { clientWidth: width, clientHeight: height } = svg;
    if (!width) return;
    const isLog = scale === "log";
    const known = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => Number.isFinite(value) && (!isLog || value > 0));
    const steps = [...frames.map(({ step }) => step), ...lines.flatMap(({ points }) => points.map(([step]) => step))];
    const x = new Axis(Math.min(...steps), Math.max(...steps), LEFT, width - RIGHT, logarithmic ? "steps" : "linear");
    const y = known.length ? new Axis(Math.min(...known), Math.max(...known), height - BOTTOM, TOP, scale) : null;
    axes = { x, y };
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(...grid(x, y, width, height));
    if (y) svg.append(...lines.map((line) => curve(line, x, y)));
    for (const { step } of recording.header.changes) svg.append(mark(x.place(step), height));
    svg.append(draw("line", { class: "r-now", y1: TOP, y2: height - BOTTOM }));
    showNow();
  }

  function showNow() {
    const now = svg.querySelector(".r-now");
    if (!now) return;
    const place = axes.x.place(frames[recording.place.frame].step);
    now.setAttribute("x1", place);
    now.setAttribute("x2", place);
    svg.setAttribute("aria-label", describe(lines));
  }

  const scales = choice("Scale of the error", "chart-scale", { log: "logarithmic", linear: "linear" }, scale, (picked) => {
    scale = picked;
    render();
  });
  const legend = lines.map(({ name, tone }) => make("span", { class: `r-key r-${tone}` }, name));
  new ResizeObserver(render).observe(svg);
  on("frame", showNow);
  const note = rows.length || lines[0].points.length ? [] : [make("p", { class: "g-empty" }, "Nothing was measured in this run.")];
  return panel("Error", "error", make("div", { class: "g-tools" }, make("div", { class: "r-legend" }, ...legend), make("span", { class: "g-spacer" }), scales), svg, ...note);
}

/** Of the batches, of the training data, of what is held out. */
function linesOf({ arrays, header: { rows } }) {
  const losses = arrays["curve losses"].data;
  const batches = Array.from(arrays["curve steps"].data, (step, index) => [step, losses[index]]);
  const column = (place) => rows.filter((row) => row[place] !== null).map((row) => [row[0], row[place]]);
  const found = [
    { name: "batches", tone: "batches", points: batches }, { name: "training", tone: "train", points: column(1) },
    { name: "held-out", tone: "held-out", points: column(2) },
  ];
  return found.filter(({ points }, index) => points.length || !index);
}

function describe(lines) {
  const now = lines.filter(({ points }) => points.length).map(({ name, points }) => `${name} ${digits(points.at(-1)[1])}`);
  return now.length ? `Error over the steps; at the end ${now.join(", ")}` : "Error: nothing was measured";
}

function grid(x, y, width, height) {
  const base = height - BOTTOM;
  const found = [draw("line", { class: "r-axis", x1: LEFT, x2: width - RIGHT, y1: base, y2: base })];
  for (const step of x.ticks(Math.max(2, Math.floor(width / 50)))) {
    found.push(draw("text", { class: "r-tick", x: x.place(step), y: height - 6, "text-anchor": "middle" }, short(step)));
  }
  for (const value of y?.ticks(5) ?? []) {
    const place = y.place(value);
    found.push(draw("line", { class: "r-grid", x1: LEFT, x2: width - RIGHT, y1: place, y2: place }));
    found.push(draw("text", { class: "r-tick", x: LEFT - 6, y: place + LETTER, "text-anchor": "end" }, digits(value, 2)));
  }
  return found;
}

const short = (step) => (step >= 1e6 ? `${step / 1e6}M` : step >= 1000 ? `${step / 1000}k` : String(step));

function curve({ points, tone }, x, y) {
  const places = points.filter(([, value]) => y.shows(value)).map(([step, value]) => `${x.place(step).toFixed(1)} ${y.place(value).toFixed(1)}`);
  if (places.length === 1) places.push(places[0]); // a round end is a dot
  return draw("path", { class: `r-line r-${tone}`, d: places.length ? `M${places.join("L")}` : "" });
}

/** Where a person has changed something. */
const mark = (place, height) => draw("line", { class: "r-change", x1: place, x2: place, y1: height - BOTTOM, y2: height - BOTTOM + 5 });
