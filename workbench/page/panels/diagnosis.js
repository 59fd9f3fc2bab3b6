import { digits, grouped } from "/assets/format.js";
import { KeepsLooking } from "/assets/keep_looking.js";
import { publish } from "/assets/live.js";
import { drawHistogram, drawSpread, rangeOf } from "/assets/spreads.js";

const NAMES = { values: "Values", signals: "Error signals", weights: "Weights and biases", updates: "Updates by a step" };

/** Signs of trouble in the next step of training, and how the numbers of every layer are spread, over time. */
export default {
  mixins: [KeepsLooking],
  asks: "diagnose",
  template: `
    <div class="g-diagnosis">
      <p v-if="!header" class="g-empty">Makes the next step of training, looks for signs of trouble in it, and undoes it.</p>
      <p v-else-if="!header.findings.length" class="g-well" data-test="diagnosis-well">
        <span class="g-icon" aria-hidden="true">check_circle</span>Nothing looks wrong at step {{ grouped(header.step) }}.</p>
      <ul v-else class="g-findings" aria-label="Signs of trouble" data-test="findings">
        <li v-for="finding in header.findings" :key="finding.kind + finding.layer" :data-kind="finding.kind">
          <span class="g-icon" aria-hidden="true">warning_amber</span>
          <p><strong>{{ nameOf(finding) }}:</strong> {{ finding.seen }}.
            <span class="g-muted">Try {{ finding.advice }}.</span></p></li>
      </ul>
      <p class="g-spoken" role="status">{{ spoken }}</p>
      <div class="g-diagnosis-tools">
        <label class="g-framed"><span>Numbers</span>
          <select class="g-select" aria-label="Numbers" v-model="quantity" data-test="diagnosis-quantity">
            <option v-for="(name, value) in names" :key="value" :value="value">{{ name }}</option></select></label>
        <button type="button" class="g-button" data-test="diagnose" @click="askNow">Look now</button>
        <label class="g-check"><input type="checkbox" v-model="isOn" data-test="diagnosis-on">Look again while it trains</label>
      </div>
      <div v-if="rows.length" class="g-spreads" tabindex="0" role="list" :aria-label="names[quantity] + ' by layer'">
        <div v-for="(row, index) in rows" :key="row.layer" class="g-spread" role="listitem" :aria-label="row.spoken">
          <div class="g-spread-head" aria-hidden="true"><span class="g-spread-name">{{ row.name }}</span>
            <span class="g-muted">{{ row.note }}</span></div>
          <div class="g-spread-picture" aria-hidden="true">
            <span class="g-spread-limits"><span>{{ row.high }}</span><span>{{ row.low }}</span></span>
            <canvas :ref="(each) => (canvases[index] = each)" :data-test="'spread-' + row.layer"></canvas></div>
        </div>
      </div>
      <p v-if="rows.length" class="g-muted g-spread-legend">Over the steps: the middle value, half of all numbers around it,
        and nine in ten; to the right, how many there are of each now.</p>
    </div>`,
  data: () => ({ header: null, quantity: "values", isOn: true, spoken: "", names: NAMES, rows: [] }),
  watch: {
    quantity() {
      this.show();
    },
  },
  methods: {
    grouped,
    nameOf({ layer }) {
      if (layer === null) return "The network";
      return this.header.layers.find((each) => each.layer === layer).name;
    },
    forget() {
      Object.assign(this, { header: null, rows: [], spoken: "" });
      publish("findings", []);
    },
    take({ header, arrays }) {
      Object.assign(this, { header, arrays: Vue.markRaw(arrays) });
      publish("findings", header.findings);
      const found = header.findings.map((finding) => `${this.nameOf(finding)}: ${finding.seen}`).join(". ");
      if (found !== this.spoken) this.spoken = found;
      this.show();
    },
    async show() {
      if (!this.header) return;
      const { layers, quantities } = this.header;
      const place = quantities.indexOf(this.quantity);
      this.spreads = layers.map((_, index) => spreadOf(this.header.steps, this.arrays, index, place));
      this.rows = layers.map((layer, index) => this.rowOf(layer, this.spreads[index])).filter((row) => row.known);
      await this.$nextTick();
      this.draw();
    },
    rowOf(layer, spread) {
      const now = spread.quantiles.at(-1);
      const [low, high] = rangeOf(spread);
      const note = this.noteOf(layer);
      const words = `${layer.name}: middle ${digits(now[3])}, nine in ten from ${digits(now[1])} to ${digits(now[5])}`;
      return {
        ...layer, spread, note, known: Number.isFinite(now[3]), low: digits(low, 2), high: digits(high, 2),
        spoken: [words, note].filter(Boolean).join(", "),
      };
    },
    noteOf({ dead, saturated, moved }) {
      if (this.quantity === "updates") return moved === null ? "" : `${digits(100 * moved, 2)} % of the weights`;
      if (this.quantity !== "values") return "";
      if (dead) return `${grouped(dead)} dead`;
      return saturated >= 0.01 ? `${Math.round(100 * saturated)} % saturated` : "";
    },
    draw() {
      this.rows.forEach(({ spread }, index) => {
        const canvas = this.canvases[index];
        if (!canvas?.clientWidth) return;
        drawSpread(canvas, spread);
        drawHistogram(canvas, spread);
      });
    },
  },
  created() {
    this.canvases = [];
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.$el);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributeFilter: ["class"] });
  },
  unmounted() {
    this.sizes.disconnect();
    this.theme.disconnect();
    publish("findings", []);
  },
};

/** The numbers of a layer over the steps, of one of its quantities. */
function spreadOf(steps, { quantiles, counts }, layer, quantity) {
  const [, layers, quantities, many] = quantiles.shape;
  const from = (check) => ((check * layers + layer) * quantities + quantity) * many;
  const bins = counts.shape[2];
  const first = (layer * quantities + quantity) * bins;
  return {
    steps,
    quantiles: steps.map((_, check) => [...quantiles.data.subarray(from(check), from(check) + many)]),
    counts: [...counts.data.subarray(first, first + bins)],
  };
}
