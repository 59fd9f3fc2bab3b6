import { last, on, request } from "/assets/live.js";
import { NumberField, SliderField } from "/assets/fields.js";
import { drawImage, imageOf } from "/assets/images.js";
import { latestOnly } from "/assets/latest_only.js";

const FEW = 16;
const AGAIN = 1500;

/** The numbers of the shown image's code as sliders, and their image by the decoder. */
export default {
  components: { NumberField, SliderField },
  template: `
    <div class="g-code">
      <div class="g-code-side">
        <canvas class="g-picture" data-test="code-image" ref="image" width="1" height="1" role="img"
                aria-label="What the decoder makes of the code"></canvas>
        <button type="button" class="g-button" data-test="code-reset" @click="read(true)">Reset</button>
        <span class="g-muted">{{ trouble || (touched ? "changed by hand" : "of the chosen image") }}</span>
      </div>
      <div class="g-code-list">
        <div v-for="(index, place) in chosen" :key="index" class="g-code-row">
          <span class="g-code-name g-number">{{ index }}</span>
          <SliderField :data-test="'code-slider-' + place" :aria-label="'Number ' + index + ' of the code'"
                       :value="code[index]" :low="ends(index)[0]" :high="ends(index)[1]" @slide="set(index, $event)" />
          <NumberField :data-test="'code-number-' + place" :aria-label="'Number ' + index + ' of the code'"
                       :value="code[index]" :places="3" @commit="set(index, $event)" />
        </div>
        <button v-if="code.length > ${FEW}" type="button" class="g-button" data-test="code-all" :aria-expanded="all"
                @click="all = !all">{{ all ? "Only the ${FEW} that vary most" : "All " + code.length }}</button>
      </div>
    </div>`,
  data: () => ({ code: [], low: [], high: [], order: [], all: false, touched: false, trouble: "" }),
  computed: {
    chosen() {
      return this.all ? this.order : this.order.slice(0, FEW);
    },
  },
  methods: {
    ends(index) {
      const margin = Math.max((this.high[index] - this.low[index]) * 0.25, 0.05);
      const low = Math.min(this.low[index], this.start[index]) - margin;
      return [low, Math.max(this.high[index], this.start[index]) + margin];
    },
    /** Errors are shown here and not as notices: most requests are made without a person. */
    async ask(operation, values) {
      try {
        const reply = await request(operation, values);
        this.trouble = "";
        return reply;
      } catch (error) {
        this.trouble = error.isKnown ? "" : error.message;
        return undefined;
      }
    },
    /** Read the code; the sliders keep their places unless `anew`, so that none moves under a pointer. */
    async read(anew) {
      this.decoded = performance.now();
      const reply = await this.ask("code", {});
      if (!reply) return;
      const { code, low, high, order } = reply.header;
      this.start = Object.freeze([...code]);
      Object.assign(this, { code, low, high, touched: false });
      if (anew || this.order.length !== order.length) this.order = order;
      this.decode();
    },
    set(index, value) {
      this.code[index] = value;
      this.touched = true;
      this.decode();
    },
    onFrame(frame) {
      const { run, source, position, entry, step } = frame.header;
      const shown = [run, source, position, entry].join(" ");
      if (shown !== this.shown) {
        this.shown = shown;
        this.read(run !== this.run);
        this.run = run;
      } else if (step !== this.step) {
        clearTimeout(this.timer); // no other frame may come
        this.timer = setTimeout(() => (this.touched ? this.decode() : this.read()), this.decoded + AGAIN - performance.now());
      }
      this.step = step;
    },
  },
  created() {
    this.start = [];
    this.decode = latestOnly(async () => {
      this.decoded = performance.now();
      const reply = await this.ask("decode", { code: [...this.code] });
      if (reply && this.$refs.image) drawImage(this.$refs.image, imageOf(reply.arrays.image));
    });
  },
  mounted() {
    if (last("frame")) this.onFrame(last("frame"));
    this.off = on("frame", this.onFrame);
  },
  unmounted() {
    this.off();
    clearTimeout(this.timer);
  },
};
