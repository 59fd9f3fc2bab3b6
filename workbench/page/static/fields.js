/** Number fields and sliders that a refresh does not overwrite while a person changes them. */

import { digits } from "/assets/format.js";
import { showError } from "/assets/notices.js";
import { readNumber } from "/assets/numbers.js";

const RELEASE_MILLISECONDS = 800;

/** A number field: emits `commit` with a finite number on Enter and when it is left; says what is none. */
export const NumberField = {
  template: `<input class="g-field" type="text" inputmode="decimal" autocomplete="off" :value="draft ?? shown" :data-typed="draft !== null" @input="draft = $event.target.value"
    @change="commit" @blur="draft = null" @keydown.escape="draft = null">`,
  props: { value: Number, places: { type: Number, default: 6 }, whole: Boolean },
  emits: ["commit"],
  data: () => ({ draft: null }),
  computed: {
    shown() {
      return Number.isFinite(this.value) ? digits(this.value, this.places) : "";
    },
  },
  methods: {
    commit(event) {
      const text = event.target.value;
      this.draft = null;
      this.$forceUpdate();
      if (!text.trim()) return;
      try {
        this.$emit("commit", readNumber(text, { whole: this.whole, name: this.$attrs["aria-label"] }));
      } catch (error) {
        showError(error);
      }
    },
  },
};

/** A slider: emits `slide` with every movement and keeps its place until a moment after the last. */
export const SliderField = {
  template: `<input class="g-slider" type="range" :min="low" :max="high" :step="step" :value="dragged ?? value"
    :style="{ '--share': share }" @input="slide" @pointerup="release" @keyup="release">`,
  props: { value: Number, low: Number, high: Number, step: { type: [Number, String], default: "any" } },
  emits: ["slide"],
  data: () => ({ dragged: null }),
  computed: {
    share() {
      const value = this.dragged ?? this.value ?? this.low;
      return Math.min(1, Math.max(0, (value - this.low) / (this.high - this.low || 1)));
    },
  },
  methods: {
    slide(event) {
      clearTimeout(this.timer);
      this.dragged = Number(event.target.value);
      this.$emit("slide", this.dragged);
      this.release();
    },
    release() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.dragged = null), RELEASE_MILLISECONDS);
    },
  },
  unmounted() {
    clearTimeout(this.timer);
  },
};
