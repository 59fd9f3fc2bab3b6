import { request } from "/assets/live.js";
import { dab, stroke } from "/assets/autoencoder/brush.js";
import { SliderField } from "/assets/fields.js";
import { drawImage, inBase64 } from "/assets/images.js";
import { latestOnly } from "/assets/latest_only.js";
import { attempt } from "/assets/notices.js";

const RADIUS_SHARE = 1 / 20;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** An image of the network's size to draw on, with a pointer or with the arrow keys and space. */
export default {
  components: { SliderField },
  template: `
    <div class="g-pad">
      <div class="g-pad-frame">
        <canvas class="g-picture g-pad-canvas" data-test="draw-pad" ref="pad" tabindex="0" role="application"
                aria-label="Drawing: the arrow keys move, space draws, Enter runs it" :width="width" :height="height"
                @pointerdown="begin" @pointermove="go" @pointerup="end" @pointercancel="end"
                @keydown="press" @keyup="release"></canvas>
        <span class="g-pad-cursor" aria-hidden="true" :style="cursorStyle"></span>
      </div>
      <div class="g-pad-controls">
        <label class="g-stacked">Brush
          <SliderField aria-label="Size of the brush" :value="radius" :low="0.5" :high="largest" @slide="radius = $event" /></label>
        <label v-if="channels === 1" class="g-stacked">Shade
          <SliderField aria-label="Shade of the brush, black to white" :value="shade" :low="0" :high="255" step="1" @slide="shade = $event" /></label>
        <label v-else class="g-stacked">Colour <input type="color" class="g-colour" v-model="tint"></label>
        <div class="g-buttons">
          <button type="button" class="g-button g-primary" data-test="draw-run" @click="run">Run</button>
          <button type="button" class="g-button" data-test="draw-clear" @click="clear">Clear</button>
        </div>
        <p class="g-muted g-small">Runs after every stroke too. Keys: arrows move, space draws.</p>
      </div>
    </div>`,
  props: { height: Number, width: Number, channels: Number },
  data() {
    const radius = Math.max(0.6, Math.min(this.width, this.height) * RADIUS_SHARE);
    return { radius, largest: radius * 5, shade: 255, tint: "#f5c26b", cursor: [this.width / 2, this.height / 2] };
  },
  computed: {
    colour() {
      if (this.channels === 1) return [this.shade];
      const number = Number.parseInt(this.tint.slice(1), 16);
      return [(number >> 16) & 255, (number >> 8) & 255, number & 255, 255].slice(0, this.channels);
    },
    cursorStyle() {
      const size = 200 * this.radius;
      return {
        left: `${(100 * this.cursor[0]) / this.width}%`,
        top: `${(100 * this.cursor[1]) / this.height}%`,
        width: `${size / this.width}%`,
        height: `${size / this.height}%`,
      };
    },
  },
  watch: {
    // After the canvas has its new size, which empties it
    height: { handler: "clear", flush: "post" },
    width: { handler: "clear", flush: "post" },
    channels: { handler: "clear", flush: "post" },
  },
  methods: {
    clear() {
      const { height, width, channels } = this;
      const pixels = new Uint8ClampedArray(height * width * channels);
      if (channels === 4) for (let place = 3; place < pixels.length; place += 4) pixels[place] = 255;
      this.image = { height, width, channels, pixels };
      this.show();
    },
    show() {
      drawImage(this.$refs.pad, this.image);
    },
    place(event) {
      const box = this.$refs.pad.getBoundingClientRect();
      const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      return [share[0] * this.width, share[1] * this.height];
    },
    begin(event) {
      this.$refs.pad.setPointerCapture(event.pointerId);
      this.drawing = true;
      this.cursor = this.place(event);
      this.dot();
    },
    go(event) {
      if (!this.drawing) return;
      const to = this.place(event);
      stroke(this.image, this.cursor, to, this.radius, this.colour);
      this.cursor = to;
      this.show();
    },
    end() {
      if (this.drawing) this.run();
      this.drawing = false;
    },
    dot() {
      dab(this.image, ...this.cursor, this.radius, this.colour);
      this.show();
    },
    press(event) {
      if (event.key === " ") {
        if (!event.repeat) this.dot();
        this.drawing = true;
      } else if (event.key === "Enter") this.run();
      else if (event.key in STEPS) this.moveCursor(STEPS[event.key]);
      else return;
      event.preventDefault();
    },
    moveCursor([right, down]) {
      const inside = (value, end) => Math.min(end - 0.5, Math.max(0.5, value));
      const to = [inside(this.cursor[0] + right, this.width), inside(this.cursor[1] + down, this.height)];
      if (this.drawing) stroke(this.image, this.cursor, to, this.radius, this.colour);
      this.cursor = to;
      this.show();
    },
    release(event) {
      if (event.key === " ") this.end();
    },
  },
  created() {
    this.run = latestOnly(async () => {
      const { height, width, channels, pixels } = this.image;
      const image = { shape: [height, width, channels], pixels: inBase64(pixels) };
      await attempt(() => request("own", { image }));
    });
  },
  mounted() {
    this.clear();
  },
};
