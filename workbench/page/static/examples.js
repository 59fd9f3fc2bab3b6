/** Which examples are shown: what every panel of examples has in common. */

import { request } from "/assets/live.js";
import { grouped, loss } from "/assets/format.js";
import { attempt } from "/assets/notices.js";

const SHOWN = 8;
const SOURCES = { training: "Training data", held_out: "Held-out data", own: "Own image" };

/** The template of the source and the place in it. */
export const TOOLS = `
  <p v-if="walking" class="g-muted g-line">The next mini-batch, as far as the walk through the layers has reached.</p>
  <div v-else class="g-tools">
    <label class="g-inline">Source
      <select class="g-select" data-test="source" :value="source" @change="choose({ source: $event.target.value, position: 0, entry: 0 })">
        <option v-for="name in sources" :key="name" :value="name">{{ SOURCES[name] }}</option>
      </select></label>
    <span class="g-spacer"></span>
    <div class="g-joined" role="group" aria-label="Place in the data">
      <button type="button" class="g-button g-square" data-test="previous-images" aria-label="Previous examples"
              title="Previous examples" :disabled="position === 0" @click="move(-${SHOWN})">
        <span class="g-icon" aria-hidden="true">chevron_left</span></button>
      <label class="g-inline">Example
        <NumberField class="g-position" data-test="position" aria-label="Example" whole
                     :value="position + 1" @commit="jump($event - 1)" /></label>
      <span class="g-muted">of {{ total }}</span>
      <button type="button" class="g-button g-square" data-test="next-images" aria-label="Next examples"
              title="Next examples" :disabled="position + shown >= count" @click="move(${SHOWN})">
        <span class="g-icon" aria-hidden="true">chevron_right</span></button>
    </div>
  </div>`;

/** The fields of frames that say what is shown, and changes to it; a panel has buttons with the reference `columns`. */
export const Examples = {
  data: () => ({
    source: "training", position: 0, entry: 0, count: 0, shown: 0, errors: [], names: [],
    sources: Object.keys(SOURCES), walking: false, SOURCES,
  }),
  computed: {
    total() {
      return grouped(this.count);
    },
  },
  methods: {
    error(index) {
      return loss(this.errors[index]);
    },
    caption(index) {
      const name = this.names[index] ?? `example ${this.position + index + 1}`;
      return `${name}: error ${this.error(index)}`;
    },
    /** Take over what a frame shows. */
    follow({ source, position, entry, count, shown, errors, names, sources, walk }) {
      Object.assign(this, { source, position, entry, count, shown, errors, names, sources, walking: walk !== null });
    },
    async choose(change) {
      const { source, position, entry } = this;
      await attempt(() => request("show", { source, position, entry, ...change }));
      this.$forceUpdate(); // after a refusal the fields show their old values again
    },
    move(distance) {
      const end = Math.max(0, this.count - 1);
      this.choose({ position: Math.min(end, Math.max(0, this.position + distance)), entry: 0 });
    },
    jump(position) {
      this.choose({ position: Math.min(Math.max(0, Math.round(position)), Math.max(0, this.count - 1)), entry: 0 });
    },
    pick(entry) {
      this.entry = entry;
      this.choose({ entry });
    },
    press(event) {
      const change = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!change || !this.shown) return;
      event.preventDefault();
      this.pick((this.entry + change + this.shown) % this.shown);
      this.$refs.columns[this.entry]?.focus();
    },
  },
};
