import { digits } from "/assets/format.js";

/** Settings and how much the result depends on them, as bars. */
export default {
  template: `
    <dl class="g-bars" data-test="importance">
      <template v-for="{ name, mean, deviation } in settings" :key="name">
        <dt>{{ name }}</dt>
        <dd><span class="g-bar" :style="{ width: share(mean) }"></span><span class="g-number g-muted">{{ digits(mean, 2) }} ± {{ digits(deviation, 1) }}</span></dd>
      </template>
    </dl>`,
  props: { settings: { type: Array, default: () => [] } },
  methods: {
    digits,
    share(mean) {
      const most = Math.max(...this.settings.map((each) => each.mean), 1e-9);
      return `${65 * Math.max(0, mean / most)}%`;
    },
  },
};
