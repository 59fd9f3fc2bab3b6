import { last, on, request } from "/assets/live.js";
import { NumberField, SliderField } from "/assets/fields.js";
import { drawImage, imageOf } from "/assets/images.js";
import { latestOnly } from "/assets/latest_only.js";

const CROSSING = 4000;
const LAST = 2 ** 31 - 1; // the run takes the nearest that there is

/** Between two images: the decoder's image of a mixture of their codes. */
export default {
  components: { NumberField, SliderField },
  template: `
    <div class="g-between">
      <canvas class="g-picture" data-test="walk-image" ref="image" width="1" height="1" role="img"
              :aria-label="spoken"></canvas>
      <div class="g-between-controls">
        <div class="g-between-ends">
          <label class="g-stacked">From image<NumberField data-test="walk-first" aria-label="From image" whole :value="first + 1" @commit="set('first', $event - 1)" /></label>
          <label class="g-stacked">To image<NumberField data-test="walk-second" aria-label="To image" whole :value="second + 1" @commit="set('second', $event - 1)" /></label>
        </div>
        <div class="g-between-share">
          <button type="button" class="g-button g-square" data-test="walk-play" :aria-label="playing ? 'Pause' : 'Play'"
                  :title="playing ? 'Pause' : 'Play'" @click="playing ? pause() : play()">
            <span class="g-icon" aria-hidden="true">{{ playing ? "pause" : "play_arrow" }}</span></button>
          <SliderField data-test="walk-share" aria-label="Share of the second image" :value="share" :low="0" :high="1"
                       step="0.01" @slide="slide" />
          <span class="g-number">{{ Math.round(share * 100) }} %</span>
        </div>
        <p v-if="trouble" class="g-muted g-small">{{ trouble }}</p>
      </div>
    </div>`,
  data: () => ({ first: 0, second: 1, share: 0.5, playing: false, trouble: "" }),
  computed: {
    spoken() {
      return `Between image ${this.first + 1} and image ${this.second + 1}: ${Math.round(this.share * 100)} percent of the second`;
    },
  },
  methods: {
    set(end, value) {
      this[end] = Math.min(LAST, Math.max(0, Math.round(value)));
      this.draw();
    },
    slide(share) {
      this.pause();
      this.share = share;
      this.draw();
    },
    play() {
      this.playing = true;
      const began = performance.now() - (Math.acos(1 - 2 * this.share) / Math.PI) * CROSSING;
      const go = (now) => {
        if (!this.playing) return;
        this.share = Math.round(50 * (1 - Math.cos(((now - began) / CROSSING) * Math.PI))) / 100;
        this.draw();
        this.turn = requestAnimationFrame(go);
      };
      this.turn = requestAnimationFrame(go);
    },
    pause() {
      this.playing = false;
      cancelAnimationFrame(this.turn);
    },
    onStatus(status) {
      if (status.run === this.run && (status.step === this.step || this.playing)) return;
      const wait = status.run === this.run ? this.drawn + 1000 - performance.now() : 0;
      Object.assign(this, { run: status.run, step: status.step });
      clearTimeout(this.timer); // no other status may come
      this.timer = setTimeout(this.draw, wait);
    },
  },
  created() {
    this.draw = latestOnly(async () => {
      this.drawn = performance.now();
      const { first, second, share } = this;
      try {
        const reply = await request("between", { first, second, share });
        this.trouble = "";
        if (this.$refs.image) drawImage(this.$refs.image, imageOf(reply.arrays.image));
      } catch (error) {
        this.trouble = error.isKnown ? "" : error.message;
        this.pause();
      }
    });
  },
  mounted() {
    if (last("status")) this.onStatus(last("status"));
    this.off = on("status", this.onStatus);
  },
  unmounted() {
    this.off();
    clearTimeout(this.timer);
    this.pause();
  },
};
