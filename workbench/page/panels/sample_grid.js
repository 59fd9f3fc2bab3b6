import { last, on, request } from "/assets/live.js";
import { drawImage, imageOf } from "/assets/images.js";
import { grouped } from "/assets/format.js";
import { attempt } from "/assets/notices.js";

const FINE = 64; // pixels of a side from which pictures are reduced rather than enlarged

/** Generated pictures, always of the same noise, and a row of real ones below; the chosen one runs through the network. */
export default {
  template: `
    <div>
      <div v-if="shown" class="g-samples" data-test="samples" role="radiogroup" :aria-label="spoken" :data-step="step"
           :style="{ '--columns': columns }" :data-fine="fine" @keydown="press">
        <span v-for="(name, column) in headings" :key="'heading ' + column" class="g-sample-heading" aria-hidden="true">{{ name }}</span>
        <template v-for="cell in cells" :key="cell">
          <span v-if="cell === real" class="g-sample-real" aria-hidden="true">Real</span>
          <button type="button" role="radio" class="g-sample" ref="buttons" :data-test="'sample-' + cell"
                  :aria-checked="cell === chosen" :tabindex="cell === chosen ? 0 : -1" :aria-label="caption(cell)" :title="caption(cell)"
                  @click="choose(cell)"><canvas ref="pictures" width="1" height="1"></canvas></button>
        </template>
      </div>
      <p v-else class="g-empty">Nothing drawn yet</p>
      <p v-if="shown" class="g-image-range g-muted g-small">{{ note }}</p>
    </div>`,
  data: () => ({ shown: false, columns: 1, count: 0, headings: [], step: 0, chosen: 0, fine: false }),
  computed: {
    cells() {
      return [...Array(this.count).keys()];
    },
    /** The first of the real cells. */
    real() {
      return this.count - this.columns;
    },
    spoken() {
      return `Samples after ${grouped(this.step)} rounds: choose one to run it through the network`;
    },
    note() {
      return `Round ${grouped(this.step)}, always of the same noise; click one to see it run through the network`;
    },
  },
  methods: {
    caption(cell) {
      const column = cell % this.columns;
      const place = this.headings.length ? `class ${this.headings[column]}` : `column ${column + 1}`;
      return cell >= this.real ? `real, ${place}` : `generated ${Math.floor(cell / this.columns) + 1}, ${place}`;
    },
    async show({ columns, headings, step, pictures }) {
      Object.assign(this, { shown: true, columns, headings, step, count: pictures.shape[0], fine: pictures.shape[2] >= FINE });
      await this.$nextTick();
      this.$refs.pictures?.forEach((canvas, cell) => drawImage(canvas, imageOf(pictures, cell)));
    },
    async choose(cell) {
      this.chosen = cell;
      await attempt(() => request("show", { source: "training", position: cell, entry: 0 }));
    },
    press(event) {
      const change = { ArrowRight: 1, ArrowDown: this.columns, ArrowLeft: -1, ArrowUp: -this.columns }[event.key];
      if (!change) return;
      event.preventDefault();
      this.choose((this.chosen + change + this.count) % this.count);
      this.$refs.buttons[this.chosen]?.focus();
    },
    follow({ header }) {
      if (header.position === this.position) return; // chosen in another page
      this.position = header.position;
      this.chosen = header.position;
    },
  },
  mounted() {
    if (last("samples")) this.show(last("samples"));
    if (last("frame")) this.follow(last("frame"));
    this.offs = [on("samples", this.show), on("frame", this.follow)];
  },
  unmounted() {
    this.offs.forEach((off) => off());
  },
};
