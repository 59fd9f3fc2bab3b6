import { Chart, DASHED, faint, level, line, options } from "/assets/charts.js";
import { digits } from "/assets/format.js";

/** Lines that the run's curve has under a name: of single steps (pale), of epochs, and levels to compare with. */
export default {
  mixins: [Chart],
  template: `
    <figure class="g-chart">
      <div ref="chart" class="g-chart-area" :data-test="'chart-' + chart" role="img" :aria-label="spoken" :data-points="points"></div>
      <p v-if="!points" class="g-chart-empty" aria-hidden="true">Nothing measured yet</p>
    </figure>`,
  props: { chart: String, title: String, unit: String },
  data: () => ({ spoken: "", points: 0 }),
  methods: {
    draw() {
      const lines = this.curve?.[this.chart] ?? [];
      this.points = lines.reduce((count, { steps, level: isLevel }) => count + (isLevel ? 0 : steps.length), 0);
      this.spoken = this.describe(lines);
      if (!this.drawn) return;
      const legend = lines.filter(({ faint: isFaint }) => !isFaint).map(({ name }) => name);
      const levels = lines.filter(({ level: isLevel }) => isLevel);
      const series = lines.map((each) => this.series(each, levels.indexOf(each)));
      this.drawn.setOption(options(series, { legend, width: this.drawn.getWidth() }), { replaceMerge: ["series"] });
    },
    series({ name, tone, steps, values, faint: isFaint, level: isLevel }, number) {
      const data = steps.map((step, index) => [step, values[index]]);
      if (isLevel) return level(name, data, number);
      return isFaint ? faint(`${name}, every ${this.unit}`, data, tone) : line(name, data, tone, tone === "held-out" ? DASHED : {});
    },
    describe(lines) {
      const known = lines.filter(({ steps }) => steps.length);
      const now = Object.fromEntries(known.map(({ name, values }) => [name, digits(values.at(-1))]));
      const words = Object.entries(now).map((pair) => pair.join(" "));
      return words.length ? `${this.title}: now ${words.join(", ")}` : `${this.title}: nothing measured yet`;
    },
  },
};
