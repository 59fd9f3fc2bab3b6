import { NetworkCanvas } from "/assets/network_canvas.js";
import { ChosenWords, HINT, isSigned, LABEL, legendOf, placeBeside, tipOf } from "/assets/network_words.js";

const STYLES = "/assets/network_view.css";

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
    label: { type: String, default: LABEL },
  },
  emits: ["choose-neuron", "choose-connection"],
  data: () => ({
    hint: HINT, tip: null, tipPlace: {}, info: "", spoken: "", hasCurves: false, shownKind: "values", gradient: "none",
  }),
  computed: {
    isSigned() {
      return isSigned(this.shownKind);
    },
    legend() {
      return legendOf(this.shownKind);
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
    asVector() {
      return this.network.asVector();
    },
    asPixels() {
      return this.network.asPixels();
    },
    fit() {
      this.network.scene.camera.fit();
    },
    showLegend({ kind, gradient, hasCurves }) {
      Object.assign(this, { shownKind: kind, gradient, hasCurves });
    },
    async showTip(hovered, facts) {
      this.$refs.canvas.style.cursor = hovered ? "pointer" : "";
      this.tip = hovered && tipOf(this.network.scene, hovered, facts);
      if (!hovered) return;
      await this.$nextTick();
      if (this.$refs.tip) this.tipPlace = { transform: placeBeside(hovered, this.$refs.tip, this.$refs.stage) };
    },
    showChosen(place, facts) {
      Object.assign(this, this.words.show(place && this.network.scene.layers[place.layer], place, facts));
    },
  },
  mounted() {
    loadStyles();
    this.words = new ChosenWords();
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
