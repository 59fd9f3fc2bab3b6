import { Chart, DASHED, faint, line, options } from "/assets/charts.js";
import { digits } from "/assets/format.js";
import { saveTable } from "/assets/save_file.js";

const ZOOM_FACTOR = 2;
const WHEEL = 0.003; // of the logarithm of the factor, for a pixel
const NARROWEST = 0.5; // percent of the steps on either side of the middle
const NOTHING = { steps: [], losses: [], rows: [] };

/** The error over the steps: of the batches (pale), of the training data and of the held-out data. */
export default {
  mixins: [Chart],
  template: `
    <figure class="g-chart">
      <div class="g-chart-tools" role="group" aria-label="Error chart">
        <select class="g-select" data-test="chart-scale" aria-label="Scale" title="Scale" v-model="scale">
          <option value="linear">linear</option><option value="log">log</option>
        </select>
        <span class="g-spacer"></span>
        <button type="button" class="g-button g-square" aria-label="Zoom in" title="Zoom in"
                @click="zoom(1 / ${ZOOM_FACTOR})"><span class="g-icon" aria-hidden="true">zoom_in</span></button>
        <button type="button" class="g-button g-square" aria-label="Zoom out" title="Zoom out"
                @click="zoom(${ZOOM_FACTOR})"><span class="g-icon" aria-hidden="true">zoom_out</span></button>
        <button type="button" class="g-button g-square" aria-label="Show all" title="Show all"
                @click="range = [0, 100]"><span class="g-icon" aria-hidden="true">fit_screen</span></button>
        <button type="button" class="g-button" data-test="save-csv" :disabled="!points" title="Save all errors as a table (CSV)"
                @click="save">CSV</button>
      </div>
      <div ref="chart" class="g-chart-area" data-test="error-chart" role="img" tabindex="0" :aria-label="spoken"
           :data-points="points" :data-axes="axes" :data-zoom="range.map(Math.round).join(' to ')" @keydown="press"
           @wheel="turn" @pointerdown="drag" @pointermove="drag"></div>
      <p v-if="!points" class="g-chart-empty" aria-hidden="true">Nothing measured yet: start training</p>
    </figure>`,
  data: () => ({ scale: "log", range: [0, 100], spoken: "Error: nothing measured yet", points: 0, axes: "" }),
  watch: { scale: "draw", range: "draw" },
  methods: {
    zoom(factor) {
      this.move((this.range[0] + this.range[1]) / 2, this.halfOf(factor));
    },
    halfOf(factor) {
      return Math.min(50, Math.max(NARROWEST, ((this.range[1] - this.range[0]) / 2) * factor));
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
    /** A row for every step with an error of batches, or at which an epoch ended. */
    save() {
      const { steps, losses, rows } = this.curve;
      const batches = new Map(steps.map((step, index) => [step, losses[index]]));
      const epochs = new Map(rows.map(([step, ...numbers]) => [step, numbers]));
      const all = [...new Set([...batches.keys(), ...epochs.keys()])].sort((a, b) => a - b);
      const table = all.map((step) => [step, batches.get(step), ...(epochs.get(step) ?? [null, null, null])]);
      saveTable(`errors-to-step-${all.at(-1)}.csv`, [["step", "batches", "training", "held_out", "seconds"], ...table]);
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
      const { xAxis, yAxis, ...rest } = this.options(batches, training, heldOut);
      this.drawn.setOption({ xAxis, yAxis, ...rest });
      this.axes = JSON.stringify([xAxis, yAxis].map(({ min, max, axisLabel }) => [min, max, axisLabel.customValues]));
    },
    describe(batches, heldOut) {
      if (!batches.length) return "Error: nothing measured yet";
      const now = batches.at(-1);
      const held = heldOut.length ? `, held-out ${digits(heldOut.at(-1)[1])}` : "";
      return `Error over ${now[0]} steps: now ${digits(now[1])}${held}`;
    },
    options(batches, training, heldOut) {
      const series = [faint("batches", batches, "train"), line("training", training, "train"), line("held-out", heldOut, "held-out", DASHED)];
      const part = this.range.map((percent) => percent / 100);
      return options(series, { logarithmic: this.scale === "log", part, width: this.drawn.getWidth() });
    },
    /** Zoom where the pointer is, with Ctrl or after a click; otherwise the wheel scrolls the page. */
    turn(event) {
      if (!event.ctrlKey && document.activeElement !== this.$refs.chart) return;
      event.preventDefault();
      const [start, end] = this.range;
      const share = Math.min(1, Math.max(0, event.offsetX / this.$refs.chart.clientWidth));
      const factor = Math.exp(event.deltaY * WHEEL);
      const half = this.halfOf(factor);
      this.move(start + share * (end - start) + (1 - 2 * share) * half, half);
    },
    drag(event) {
      if (event.type === "pointerdown") this.held = { x: event.clientX, range: this.range };
      if (!event.buttons || !this.held) return;
      const { x, range: [start, end] } = this.held;
      const moved = ((x - event.clientX) / this.$refs.chart.clientWidth) * (end - start);
      if (Math.abs(x - event.clientX) > 2) this.move((start + end) / 2 + moved, (end - start) / 2);
    },
  },
};
