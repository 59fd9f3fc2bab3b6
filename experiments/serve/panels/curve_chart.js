import { DASHED, colour, line, linesOf, options } from "/assets/charts.js";
import { Drawn } from "/assets/experiments/drawn.js";
import { digits } from "/assets/format.js";

const [BARE, LEGEND] = [240, 18]; // pixels of a chart, and of a line of its legend
const HUES = 6; // colours of lines in the style sheet; further ones are dashed

/** Curves of groups of runs, each a line with a band around it. */
export default {
  mixins: [Drawn],
  template: `
    <figure class="g-chart">
      <div ref="chart" class="g-chart-area" :data-test="test" role="img" :aria-label="spoken" :data-points="points"></div>
      <p v-if="!points" class="g-chart-empty" aria-hidden="true">{{ empty }}</p>
    </figure>`,
  props: { test: String, name: String, lines: Array, over: String, logarithmic: Boolean },
  computed: {
    points() {
      return this.drawable.reduce((count, { bands }) => count + bands.reduce((sum, { x }) => sum + x.length, 0), 0);
    },
    empty() {
      if (!this.lines.length) return `No run has it over ${{ step: "steps", epoch: "epochs" }[this.over] ?? this.over}`;
      return "Nothing above 0, which a logarithm needs";
    },
    spoken() {
      const now = this.lines.map(({ name, bands }) => `${name}: ${digits(bands.at(-1)?.mean.at(-1))}`);
      return `${this.name} over ${this.over}: ${now.join("; ") || "nothing"}`;
    },
    /** The lines without what has no logarithm. */
    drawable() {
      if (!this.logarithmic) return this.lines;
      const positive = ({ mean }) => mean.map((value, place) => (value > 0 ? place : -1)).filter((place) => place >= 0);
      const keep = (band) => {
        const places = positive(band);
        return Object.fromEntries(Object.entries(band).map(([name, values]) => [name, places.map((place) => values[place])]));
      };
      return this.lines.map((each) => ({ ...each, bands: each.bands.map(keep) }));
    },
  },
  watch: {
    lines: "draw",
    over: "draw",
    logarithmic: "draw",
  },
  methods: {
    draw() {
      if (!this.drawn) return;
      const legend = this.drawable.map(({ name }) => name);
      this.$refs.chart.style.height = `${BARE + LEGEND * linesOf(legend, this.drawn.getWidth())}px`;
      const means = this.drawable.flatMap((each, place) => each.bands.map((band) => this.mean(each, place, band)));
      const bands = this.drawable.flatMap((each, place) => each.bands.flatMap((band) => this.band(each, place, band)));
      const set = options([...means, ...bands], { legend, width: this.drawn.getWidth(), logarithmic: this.logarithmic });
      set.tooltip.order = "valueDesc";
      this.setChart(set, this.over, this.over === "minutes" ? undefined : 1);
    },
    mean({ name }, place, { x, mean }) {
      const data = x.map((at, index) => [at, mean[index]]);
      return line(name, data, `line-${1 + (place % HUES)}`, place < HUES ? {} : DASHED);
    },
    /** The band of a line, unless it is as narrow as the line itself. */
    band({ name }, place, { x, mean, low, high }) {
      if (x.length < 2 || low.every((value, index) => value === high[index])) return [];
      const floor = this.logarithmic ? Math.min(...mean) / 10 : -Infinity;
      const ends = [Math.max(floor, Math.min(...low)), Math.max(...high)]; // for which the axis has room
      const outline = (api) => [
        ...x.map((at, index) => api.coord([at, high[index]])),
        ...x.map((at, index) => api.coord([at, Math.max(low[index], floor)])).reverse(),
      ];
      return [{
        name, type: "custom", silent: true, clip: true, animation: false, z: 1, data: ends.map((end) => [x[0], end]), tooltip: { show: false },
        color: colour(`line-${1 + (place % HUES)}`),
        renderItem: ({ dataIndex }, api) => dataIndex ? null : ({ type: "polygon", shape: { points: outline(api) }, style: { fill: colour(`line-${1 + (place % HUES)}`), opacity: 0.16 } }),
      }];
    },
  },
};
