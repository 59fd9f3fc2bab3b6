import { SliderField } from "/assets/fields.js";
import { latestOnly } from "/assets/latest_only.js";

/** A slider whose places are powers of ten; it emits `pick` with the value, at most 20 times a second. */
export default {
  components: { SliderField },
  template: `<SliderField :value="place" :low="Math.log10(low)" :high="Math.log10(high)" step="0.01"
    :aria-valuetext="String(value)" @slide="slide" />`,
  props: { value: Number, low: Number, high: Number },
  emits: ["pick"],
  computed: {
    place() {
      return Math.log10(Math.min(this.high, Math.max(this.low, this.value)));
    },
  },
  methods: {
    slide(place) {
      this.emitLatest(Number((10 ** place).toPrecision(3)));
    },
  },
  created() {
    this.emitLatest = latestOnly((value) => this.$emit("pick", value));
  },
};
