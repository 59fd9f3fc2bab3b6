import { digits } from "/assets/format.js";
import { factsOf, placeText } from "/assets/network_captions.js";
import { NetworkCanvas } from "/assets/network_canvas.js";

const STYLES = "/assets/network_view.css";
const AWAY = 16; // pixels between the pointer and its tooltip
const UNKNOWN = { value: null, signal: null, bias: undefined, clamp: null, locked: false };
const FACTS = { values: "value", signals: "signal", biases: "bias" };
const KINDS = { values: "Value", signals: "Error signal", biases: "Bias", change: "Change since the baseline" };

/** The network: its layers as grids of neurons, in colours that follow the run. */
export default {
  template: `
    <div class="network-view">
      <div class="network-view-stage" ref="stage">
        <canvas ref="canvas" class="network-view-canvas" data-test="network" tabindex="0" role="application"
                :aria-label="label" aria-roledescription="network"></canvas>
        <div v-if="tip" ref="tip" class="network-view-tooltip" aria-hidden="true" :style="tipPlace">
          <p class="network-view-title">{{ tip.title }}</p>
          <p class="network-view-muted">{{ tip.where }}</p>
          <dl class="network-view-facts">
            <template v-for="[name, number] in tip.facts" :key="name"><dt>{{ name }}</dt><dd>{{ number }}</dd></template>
          </dl>
        </div>
      </div>
      <div class="network-view-foot" aria-hidden="true">
        <div class="network-view-info" :class="{ 'is-hint': !info }" data-test="network-info">{{ info || hint }}</div>
        <div class="network-view-part">
          <span>{{ isSigned ? "−" : "0" }}</span>
          <span class="network-view-bar" :style="{ background: gradient }"></span><span>+</span>
          <span>{{ legend }}</span>
        </div>
        <div class="network-view-part" :style="{ visibility: hasCurves ? 'visible' : 'hidden' }">
          <span class="network-view-line"></span><span>positive weight</span>
          <span class="network-view-line is-negative"></span><span>negative weight</span>
        </div>
      </div>
      <div class="network-view-spoken" role="status" aria-live="polite">{{ spoken }}</div>
    </div>`,
  props: {
    kind: { type: String, default: "values" },
    label: {
      type: String,
      default: "Network. Arrow keys move from neuron to neuron, page up and down between layers, enter chooses, plus, minus and zero zoom, escape deselects.",
    },
  },
  emits: ["choose-neuron", "choose-connection"],
  data: () => ({
    hint: "Click a neuron to see its connections. Ctrl and the wheel, or + and −, zoom; 0 shows everything.",
    tip: null, tipPlace: {}, info: "", spoken: "", hasCurves: false, shownKind: "values", gradient: "none",
  }),
  computed: {
    isSigned() {
      return this.shownKind !== "change";
    },
    legend() {
      return `${KINDS[this.shownKind]}, each layer on its own scale`;
    },
  },
  watch: {
    kind(kind) {
      this.setKind(kind);
    },
  },
  methods: {
    setKind(kind) {
      this.network.setKind(kind);
    },
    select(layer, neuron) {
      this.network.selection.select({ layer, neuron });
    },
    showStrongest(layer, count) {
      this.network.selection.showStrongest(layer, count);
    },
    fit() {
      this.network.scene.camera.fit();
    },
    showLegend({ kind, gradient, hasCurves }) {
      Object.assign(this, { shownKind: kind, gradient, hasCurves });
    },
    async showTip(hovered, facts) {
      this.$refs.canvas.style.cursor = hovered ? "pointer" : "";
      this.tip = hovered && (hovered.place ? this.tipOfNeuron(hovered.place, facts) : this.tipOfConnection(hovered.connection));
      if (!hovered) return;
      await this.$nextTick();
      this.placeTip(hovered);
    },
    tipOfNeuron({ layer, neuron }, facts) {
      const { layers, values, shownKind } = this.network.scene;
      const known = facts ?? { ...UNKNOWN, [FACTS[shownKind]]: values[layer]?.[neuron] };
      return { title: layers[layer].name, where: placeText(layers[layer], neuron), facts: factsOf(known) };
    },
    tipOfConnection({ layer, target, from: source, weight }) {
      const { layers } = this.network.scene;
      const [from, to] = [layers[source.layer], layers[layer]];
      return {
        title: `${from.name} → ${to.name}`,
        where: `${placeText(from, source.neuron)} → ${placeText(to, target)}`,
        facts: [["weight", digits(weight)]],
      };
    },
    /** Beside the pointer, on the side where there is room. */
    placeTip({ x, y }) {
      const { stage, tip } = this.$refs;
      if (!tip) return;
      const fitting = (place, length, room) => Math.max(4, Math.min(place + AWAY + length > room ? place - AWAY - length : place + AWAY, room - length - 4));
      const left = fitting(x, tip.offsetWidth, stage.clientWidth);
      const top = fitting(y, tip.offsetHeight, stage.clientHeight);
      this.tipPlace = { transform: `translate(${Math.round(left)}px, ${Math.round(top)}px)` };
    },
    /** The chosen neuron in words; spoken once, and kept up to date where it can be read. */
    showChosen(place, facts) {
      const layer = place && this.network.scene.layers[place.layer];
      const where = place ? `${layer.name}, ${placeText(layer, place.neuron)}` : "";
      const known = facts ? factsOf(facts).map((fact) => fact.join(" ")).join(" · ") : "";
      const isNew = where !== this.where;
      if (isNew) this.wasSpoken = false;
      this.where = where;
      this.info = [where, known].filter(Boolean).join(" · ");
      if (facts && !this.wasSpoken) {
        this.wasSpoken = true;
        this.spoken = this.info;
      }
    },
  },
  mounted() {
    loadStyles();
    this.network = new NetworkCanvas(this.$refs.canvas, {
      chooseNeuron: (choice) => this.$emit("choose-neuron", choice),
      chooseConnection: (choice) => this.$emit("choose-connection", choice),
      showHovered: (hovered, facts) => this.showTip(hovered, facts),
      showChosen: (place, facts) => this.showChosen(place, facts),
      showLegend: (legend) => this.showLegend(legend),
    });
    this.network.setKind(this.kind);
  },
  unmounted() {
    this.network.stop();
  },
};

/** The style sheet, once on a page, however many networks there are. */
function loadStyles() {
  if (document.querySelector(`link[href="${STYLES}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLES }));
}
