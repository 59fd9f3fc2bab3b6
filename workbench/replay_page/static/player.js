/** The time of the run: a slider over its frames, which can be played. */

import { epochs, grouped } from "/assets/format.js";
import { choice, fill, icon, make } from "/assets/replay/elements.js";
import { on } from "/assets/live.js";

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z",
  on: "M8.6 16.6 10 18l6-6-6-6-1.4 1.4 4.6 4.6z",
};
const SPEEDS = { 2: "2 frames/s", 4: "4 frames/s", 8: "8 frames/s", 16: "16 frames/s" };
const KEYS = { ArrowLeft: -1, ArrowRight: 1 };

/** @param {import("/assets/replay/recorded.js").Recording} recording @param {(frame: number) => void} go */
export function player(recording, go) {
  const { frames } = recording.header;
  const end = frames.length - 1;
  let [timer, speed] = [0, 4];

  const play = make("button", { type: "button", class: "g-button g-primary g-square", "data-test": "play", disabled: !end, click: toggle });
  const back = make("button", { type: "button", class: "g-button g-square", "aria-label": "Previous frame", title: "Previous frame", click: () => step(-1) }, icon(ICONS.back));
  const forth = make("button", { type: "button", class: "g-button g-square", "aria-label": "Next frame", title: "Next frame", click: () => step(1) }, icon(ICONS.on));
  const slider = make("input", { type: "range", class: "g-slider", "data-test": "time", min: 0, max: end, step: 1, "aria-label": "Time: frame of the run", input: () => leap(Number(slider.value)) });
  const place = make("span", { class: "r-place g-number", "data-test": "place" });
  const speeds = choice("Speed", "speed", SPEEDS, String(speed), (picked) => {
    speed = Number(picked);
    if (timer) start();
  });

  function start() {
    clearInterval(timer);
    if (recording.place.frame === end) go(0);
    timer = setInterval(() => (recording.place.frame < end ? go(recording.place.frame + 1) : stop()), 1000 / speed);
    face();
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    face();
  }

  function toggle() {
    if (timer) stop();
    else start();
  }

  function leap(frame) {
    stop();
    go(frame);
  }

  const step = (change) => leap(Math.min(end, Math.max(0, recording.place.frame + change)));

  function face() {
    const words = timer ? "Pause" : "Play";
    play.replaceChildren(icon(timer ? ICONS.pause : ICONS.play));
    play.setAttribute("aria-label", words);
    play.title = `${words} (space)`;
  }

  function show() {
    const { frame } = recording.place;
    const { step: steps, epoch, note } = frames[frame];
    slider.value = frame;
    fill(slider);
    const words = [`Step ${grouped(steps)}`, `epoch ${epochs(epoch)}`, `frame ${frame + 1} of ${frames.length}`, note].filter(Boolean).join(" · ");
    slider.setAttribute("aria-valuetext", words);
    place.textContent = words;
    back.disabled = frame === 0;
    forth.disabled = frame === end;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, select, input:not([type=range]), [role=radiogroup]")) return;
    if (event.key === " " && end) toggle();
    else if (KEYS[event.key] && event.target === document.body) step(KEYS[event.key]);
    else return;
    event.preventDefault();
  });
  on("frame", show);
  face();
  return make("footer", { class: "r-player", role: "group", "aria-label": "Time" }, make("div", { class: "g-joined" }, back, play, forth), slider, place, speeds);
}
