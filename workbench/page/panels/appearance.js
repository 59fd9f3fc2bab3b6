const KEY = "ganglion-appearance";
const DARK = { auto: null, light: false, dark: true };

/** Automatic (the setting of the system), light or dark; remembered in this browser. */
export default {
  template: `
    <select class="g-select" data-test="dark-mode" aria-label="Appearance" title="Appearance" v-model="mode">
      <option value="auto">Auto</option><option value="light">Light</option><option value="dark">Dark</option>
    </select>`,
  data: () => ({ mode: "auto" }),
  watch: {
    mode(mode) {
      setDark(DARK[mode]);
      localStorage.setItem(KEY, mode);
    },
  },
  mounted() {
    const remembered = localStorage.getItem(KEY);
    if (remembered in DARK) this.mode = remembered;
  },
};
