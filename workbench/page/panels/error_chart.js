import { Chart, DASHED, faint, line, options } from "/assets/charts.js";
import { digits } from "/assets/format.js";

const ZOOM_FACTOR = 2;
const NOTHING = { steps: [], losses: [], rows: [] };

/** The error over the steps: of the batches (pale), of the training data and of the held-out data. */
export default {
  mixins: [Chart],
  template: `
    <figure class="g-chart">
      <div class="g-chart-tools" role="group" aria-label="Error chart">
        <label class="g-inline">Scale
          <select class="g-select" data-test="chart-scale" v-model="scale">
            <option value="linear">linear</option><option value="log">logarithmic</option>
          </select></label>
        <span class="g-spacer"></span>
        <button type="button" class="g-button g-square" aria-label="Zoom in" title="Zoom in"
                @click="zoom(1 / ${ZOOM_FACTOR})"><span class="g-icon" aria-hidden="true">zoom_in</span></button>
        <button type="button" class="g-button g-square" aria-label="Zoom out" title="Zoom out"
                @click="zoom(${ZOOM_FACTOR})"><span class="g-icon" aria-hidden="true">zoom_out</span></button>
        <button type="button" class="g-button g-square" aria-label="Show all" title="Show all"
                @click="range = [0, 100]"><span class="g-icon" aria-hidden="true">fit_screen</span></button>
      </div>
      <div ref="chart" class="g-chart-area" data-test="error-chart" role="img" tabindex="0" :aria-label="spoken"
           :data-points="points" :data-zoom="range.map(Math.round).join(' to ')" @keydown="press"></div>
      <p v-if="!points" class="g-chart-empty" aria-hidden="true">Nothing measured yet: start training</p>
    </figure>`,
  data: () => ({ scale: "log", range: [0, 100], spoken: "Error: nothing measured yet", points: 0 }),
  watch: {
    scale: "draw",
    range() {
      this.drawn?.dispatchAction({ type: "dataZoom", start: this.range[0], end: this.range[1] });
    },
  },
  methods: {
    zoom(factor) {
      const middle = (this.range[0] + this.range[1]) / 2;
      const half = Math.min(50, Math.max(0.5, ((this.range[1] - this.range[0]) / 2) * factor));
      this.move(middle, half);
    },
    move(middle, half) {
      const inside = Math.min(100 - half, Math.max(half, middle));
      this.range = [inside - half, inside + half];
    },
    press(event) {
      const [start, end] = this.range;
      const half = (end - start) / 2;
      const actions = {
        "+": () => this.zoom(1 / ZOOM_FACTOR),
        "=": () => this.zoom(1 / ZOOM_FACTOR),
        "-": () => this.zoom(ZOOM_FACTOR),
        0: () => (this.range = [0, 100]),
        ArrowLeft: () => this.move(start + half * 0.5, half),
        ArrowRight: () => this.move(end - half * 0.5, half),
      };
      if (!(event.key in actions)) return;
      event.preventDefault();
      actions[event.key]();
    },
    draw() {
      if (!this.drawn) return;
      const { steps, losses, rows } = this.curve ?? NOTHING;
      const positive = (value) => (value === null || (this.scale === "log" && value <= 0) ? null : value);
      const pairs = (numbers) => numbers.map(([step, value]) => [step, positive(value)]);
      const batches = pairs(steps.map((step, index) => [step, losses[index]]));
      const training = pairs(rows.map((row) => [row[0], row[1]]));
      const heldOut = pairs(rows.filter((row) => row[2] !== null).map((row) => [row[0], row[2]]));
      this.points = batches.length;
      this.spoken = this.describe(batches, heldOut);
      this.drawn.setOption(this.options(batches, training, heldOut));
    },
    describe(batches, heldOut) {
      if (!batches.length) return "Error: nothing measured yet";
      const now = batches.at(-1);
      const held = heldOut.length ? `, held-out ${digits(heldOut.at(-1)[1])}` : "";
      return `Error over ${now[0]} steps: now ${digits(now[1])}${held}`;
    },
    options(batches, training, heldOut) {
      const dataZoom = [{ type: "inside", start: this.range[0], end: this.range[1], filterMode: "none" }];
      const series = [faint("batches", batches, "train"), line("training", training, "train"), line("held-out", heldOut, "held-out", DASHED)];
      return options(series, { logarithmic: this.scale === "log", dataZoom });
    },
    prepare() {
      this.drawn.on("datazoom", () => {
        const { start, end } = this.drawn.getOption().dataZoom[0];
        if (start !== this.range[0] || end !== this.range[1]) this.range = [start, end];
      });
    },
  },
};
