import { last, on, request } from "/assets/live.js";
import { attempt } from "/assets/notices.js";

/** Which of several networks is shown, to all viewers alike. */
export default {
  template: `
    <div class="g-segments g-networks" role="radiogroup" aria-label="Network" data-test="choose-network" :data-value="chosen" @keydown="press">
      <button v-for="name in names" :key="name" type="button" role="radio" ref="buttons" class="g-segment"
              :data-test="'network-' + name" :aria-checked="chosen === name" :tabindex="chosen === name ? 0 : -1"
              @click="choose(name)">{{ name[0].toUpperCase() + name.slice(1) }}</button>
    </div>`,
  props: { names: Array },
  data: () => ({ chosen: null }),
  methods: {
    async choose(name) {
      this.chosen = name;
      await attempt(() => request("choose_network", { name }));
    },
    press(event) {
      const change = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!change) return;
      event.preventDefault();
      const place = (this.names.indexOf(this.chosen) + change + this.names.length) % this.names.length;
      this.choose(this.names[place]);
      this.$refs.buttons[place].focus();
    },
    show({ network, run }) {
      if (run === this.run) return; // a click that is on its way is not taken back
      this.run = run;
      this.chosen = network;
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
