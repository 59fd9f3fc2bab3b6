import { last, on } from "/assets/live.js";
import { digits, loss } from "/assets/format.js";

const ZOOM_FACTOR = 2;
const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--ganglion-${name}`).trim();

/** The error over the steps: of the batches (pale), of the training data and of the held-out data. */
export default {
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
      this.chart?.dispatchAction({ type: "dataZoom", start: this.range[0], end: this.range[1] });
    },
  },
  methods: {
    show(curve) {
      this.curve = curve;
      this.draw();
    },
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
      if (!this.chart) return;
      const { steps, losses, rows } = this.curve;
      const positive = (value) => (value === null || (this.scale === "log" && value <= 0) ? null : value);
      const pairs = (numbers) => numbers.map(([step, value]) => [step, positive(value)]);
      const batches = pairs(steps.map((step, index) => [step, losses[index]]));
      const training = pairs(rows.map((row) => [row[0], row[1]]));
      const heldOut = pairs(rows.filter((row) => row[2] !== null).map((row) => [row[0], row[2]]));
      this.points = batches.length;
      this.spoken = this.describe(batches, heldOut);
      this.chart.setOption(this.options(batches, training, heldOut));
    },
    describe(batches, heldOut) {
      if (!batches.length) return "Error: nothing measured yet";
      const now = batches.at(-1);
      const held = heldOut.length ? `, held-out ${digits(heldOut.at(-1)[1])}` : "";
      return `Error over ${now[0]} steps: now ${digits(now[1])}${held}`;
    },
    options(batches, training, heldOut) {
      const line = { lineStyle: { color: colour("border") } };
      const axis = { axisLine: line, axisTick: line, axisLabel: { color: colour("muted"), fontSize: 11 } };
      const series = (name, data, tone, extra) => ({
        name, data, type: "line", showSymbol: data.length < 2, symbolSize: 4, animation: false,
        color: colour(tone), lineStyle: { width: 2 }, ...extra,
      });
      return {
        animation: false,
        textStyle: { fontFamily: "inherit" },
        grid: { left: 8, right: 16, top: 32, bottom: 4, containLabel: true },
        legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 3, textStyle: { color: colour("muted"), fontSize: 12 } },
        tooltip: {
          trigger: "axis", valueFormatter: loss, confine: true, transitionDuration: 0,
          backgroundColor: colour("surface"), borderColor: colour("border"),
          textStyle: { color: colour("ink"), fontSize: 12 },
        },
        dataZoom: [{ type: "inside", start: this.range[0], end: this.range[1], filterMode: "none" }],
        xAxis: { type: "value", min: "dataMin", max: "dataMax", splitLine: { show: false }, ...axis,
                 axisLabel: { ...axis.axisLabel, hideOverlap: true, showMinLabel: true } },
        yAxis: { type: this.scale === "log" ? "log" : "value", scale: true, ...axis,
                 splitLine: line, axisLabel: { ...axis.axisLabel, formatter: (value) => digits(value, 2) } },
        series: [
          series("batches", batches, "train", { lineStyle: { width: 1, opacity: 0.3 }, itemStyle: { opacity: 0.3 }, showSymbol: batches.length < 2, sampling: "lttb" }),
          series("training", training, "train"),
          series("held-out", heldOut, "held-out", { lineStyle: { width: 2, type: [6, 3] } }),
        ],
      };
    },
  },
  async mounted() {
    this.curve = last("curve") ?? { steps: [], losses: [], rows: [] };
    this.off = on("curve", this.show);
    const { echarts } = await import("nicegui-echart");
    this.chart = Vue.markRaw(echarts.init(this.$refs.chart));
    this.chart.on("datazoom", () => {
      const { start, end } = this.chart.getOption().dataZoom[0];
      if (start !== this.range[0] || end !== this.range[1]) this.range = [start, end];
    });
    this.sizes = new ResizeObserver(() => this.chart.resize());
    this.sizes.observe(this.$refs.chart);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.draw();
  },
  unmounted() {
    this.off();
    this.sizes?.disconnect();
    this.theme?.disconnect();
    this.chart?.dispose();
  },
};
