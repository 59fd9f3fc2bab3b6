import { last, on } from "/assets/live.js";
import { digits } from "/assets/format.js";

/** The metrics of the held-out data in the last epoch. */
export default {
  template: `
    <div v-if="shown.length" class="g-readings g-metrics">
      <div v-for="[name, value] in shown" :key="name" class="g-reading" :title="name + ' on the held-out data'">
        <span>{{ caption(name) }}</span><span class="g-live g-number" :data-test="'metric-' + name">{{ digits(value) }}</span>
      </div>
    </div>`,
  props: { most: Number },
  data: () => ({ metrics: {} }),
  computed: {
    shown() {
      return Object.entries(this.metrics).slice(0, this.most);
    },
  },
  methods: {
    digits,
    caption(name) {
      const words = name.replaceAll("_", " ");
      return words[0].toUpperCase() + words.slice(1);
    },
    show(status) {
      this.metrics = status.metrics ?? {};
    },
  },
  mounted() {
    if (last("status")) this.show(last("status"));
    this.off = on("status", this.show);
  },
  unmounted() {
    this.off();
  },
};
