import { last, on } from "/assets/live.js";
import { formats } from "/assets/format.js";

/** One number of the run's status, kept up to date in the browser. `data-value` has it unrounded. */
export default {
  template: `<span class="g-number" :data-value="value">{{ text }}</span>`,
  props: { field: String, format: String },
  data: () => ({ value: null }),
  computed: {
    text() {
      return formats[this.format](this.value);
    },
  },
  methods: {
    show(status) {
      this.value = status[this.field] ?? null;
    },
  },
  mounted() {
    const status = last("status");
    if (status) this.show(status);
    this.off = on("status", this.show);
  },
  unmounted() {
    this.off();
  },
};
