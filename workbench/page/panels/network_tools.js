import { last, on, request } from "/assets/live.js";
import { NumberField } from "/assets/fields.js";
import { attempt } from "/assets/notices.js";
import { saveFile } from "/assets/save_file.js";

const MOST = 2000;
const KINDS = {
  values: ["Values", "The value of each neuron for the chosen example"],
  signals: ["Signals", "The error signal of each neuron"],
  biases: ["Biases", "The bias of each neuron"],
  change: ["Change", "How much a neuron's bias and weights have changed since the baseline"],
};

/** Tools of the network view: the kind of number, the baseline, the strongest connections. */
export default {
  components: { NumberField },
  template: `
    <div class="g-tools">
      <div class="g-segments" role="radiogroup" aria-label="Colour of the neurons" data-test="kind" :data-value="kind"
           @keydown="press">
        <button v-for="(words, name) in kinds" :key="name" type="button" role="radio" ref="kinds" class="g-segment"
                :data-test="'kind-' + name" :aria-checked="kind === name" :tabindex="kind === name ? 0 : -1"
                :title="words[1]" @click="show(name)">{{ words[0] }}</button>
      </div>
      <button type="button" class="g-button" data-test="set-baseline" aria-label="Set baseline" title="Set baseline: measure change from this moment on" @click="setBaseline">
        <span class="g-icon" aria-hidden="true">flag</span><span class="g-wide-only">Set baseline</span></button>
      <span class="g-spacer"></span>
      <div class="g-joined" role="group" aria-label="Strongest connections">
        <label class="g-inline"><span class="g-wide-only">Strongest into</span>
          <select class="g-select" data-test="strongest-layer" aria-label="Layer" v-model.number="layer">
            <option v-for="place in computing" :key="place" :value="place">{{ place }} · {{ layers[place].name }}</option>
          </select></label>
        <NumberField class="g-short" data-test="strongest-count" aria-label="How many connections" whole
                     :value="count" @commit="count = Math.min(${MOST}, Math.max(1, $event))" />
        <button type="button" class="g-button" data-test="strongest" :disabled="!computing.length" :aria-pressed="drawn"
                @click="draw(!drawn)">{{ drawn ? "Hide" : "Show" }}</button>
      </div>
      <button type="button" class="g-button" data-test="fit" title="Show the whole network" @click="view$().fit()">
        <span class="g-icon" aria-hidden="true">fit_screen</span>Fit</button>
      <div class="g-joined" role="group" aria-label="Save the picture">
        <button type="button" class="g-button" data-test="save-svg" title="Save what is seen as a drawing, to be scaled and edited"
                @click="save('svg')"><span class="g-icon" aria-hidden="true">download</span>SVG</button>
        <button type="button" class="g-button" data-test="save-png" title="Save what is seen as pixels" @click="save('png')">PNG</button>
      </div>
    </div>`,
  props: { view: Number },
  data: () => ({ kind: "values", way: null, kinds: KINDS, layers: [], layer: 1, count: 200, drawn: false, run: null }),
  computed: {
    /** The numbers of the layers that connections lead into. */
    computing() {
      return [...this.layers.keys()].filter((layer) => this.layers[layer].kind !== "input");
    },
  },
  watch: {
    layer() {
      if (this.drawn) this.draw(true);
    },
    count() {
      if (this.drawn) this.draw(true);
    },
  },
  methods: {
    view$() {
      return getElement(this.view);
    },
    show(kind) {
      this.kind = kind;
      this.view$().setKind(kind);
    },
    press(event) {
      const change = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!change) return;
      event.preventDefault();
      const names = Object.keys(KINDS);
      const place = (names.indexOf(this.kind) + change + names.length) % names.length;
      this.show(names[place]);
      this.$refs.kinds[place].focus();
    },
    async save(kind) {
      const picture = kind === "svg" ? this.view$().asVector() : await this.view$().asPixels();
      saveFile(`network-step-${last("status").step}.${kind}`, picture);
    },
    async setBaseline() {
      const set = await attempt(() => request("set_baseline", {}));
      if (set) this.show("change");
    },
    draw(drawn) {
      this.drawn = drawn;
      if (drawn) this.view$().showStrongest(this.layer, Math.min(MOST, Math.max(1, Math.round(this.count) || 1)));
      else this.view$().showStrongest(null);
    },
    /** During a walk show values forward and signals backward; afterwards the same kind as before. */
    followWalk({ header: { walk } }) {
      const way = walk && (walk.stage > walk.stages.indexOf("loss") ? "signals" : "values");
      if (way === this.way) return;
      if (way && !this.way) this.before = this.kind;
      this.way = way;
      this.show(way ?? this.before);
    },
    async onStatus(status) {
      if (status.run === this.run) return;
      this.run = status.run;
      const overview = await attempt(() => request("overview", {}));
      if (!overview) return;
      this.layers = overview.header.layers;
      if (!this.computing.includes(this.layer)) this.layer = this.computing[0];
      this.drawn = false;
    },
  },
  mounted() {
    if (last("status")) this.onStatus(last("status"));
    this.offs = [on("status", this.onStatus), on("frame", this.followWalk)];
  },
  unmounted() {
    this.offs.forEach((off) => off());
  },
};
