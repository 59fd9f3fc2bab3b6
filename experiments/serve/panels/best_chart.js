import { colour, line, options } from "/assets/charts.js";
import { Drawn } from "/assets/experiments/drawn.js";
import { digits } from "/assets/format.js";

/** The best objective against the budget that all trials had used, and a dot for every candidate. */
export default {
  mixins: [Drawn],
  template: `
    <figure class="g-chart">
      <div ref="chart" class="g-chart-area g-tall" data-test="best" role="img" :aria-label="spoken" :data-points="dots.length"></div>
      <p v-if="!dots.length" class="g-chart-empty" aria-hidden="true">No candidate has a result yet</p>
    </figure>`,
  props: { statistic: String, unit: String, dots: { type: Array, default: () => [] }, curve: { type: Array, default: () => [] }, logarithmic: Boolean },
  computed: {
    spoken() {
      return `${this.statistic}: the best of ${this.dots.length} candidates is ${digits(this.curve.at(-1)?.[1])}`;
    },
  },
  watch: {
    dots: "draw",
    statistic: "draw",
  },
  methods: {
    draw() {
      if (!this.drawn) return;
      const best = line("best so far", this.curve, "train", { step: "end" });
      const dots = { name: "candidates", type: "scatter", data: this.dots, symbolSize: 7, color: colour("held-out"), itemStyle: { opacity: 0.7 }, animation: false };
      this.setChart(options([best, dots], { width: this.drawn.getWidth(), logarithmic: this.logarithmic }), `${this.unit} used by all trials`);
    },
  },
};
