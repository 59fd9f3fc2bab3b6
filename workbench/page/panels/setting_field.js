import { last, on } from "/assets/live.js";
import { applyChanges } from "/assets/edits.js";
import { attempt } from "/assets/notices.js";
import { readNumber } from "/assets/numbers.js";

/** A number among the settings of the run, as the run has it; what is being typed stays until the field is left. */
export default {
  template: `
    <label class="g-framed" :title="bounds"><span>{{ label }}</span>
      <input class="g-field" type="text" inputmode="decimal" autocomplete="off" :data-test="name" :placeholder="unset"
             :value="draft ?? value" :data-typed="draft !== null" @input="draft = $event.target.value" @change="commit" @blur="draft = null"
             @keydown.escape="draft = null"></label>`,
  props: { name: String, label: String, bounds: String },
  data: () => ({ value: "", draft: null, unset: "" }),
  methods: {
    show(status) {
      this.value = status.settings[this.name] ?? "";
      this.unset = this.name === "epochs" && status.epochs !== null ? String(status.epochs) : "∞";
    },
    async commit(event) {
      const text = event.target.value.trim();
      this.draft = null;
      const before = this.value;
      const done = await attempt(async () => {
        if (text) readNumber(text, { name: this.label, allowed: this.bounds });
        this.value = text;
        return applyChanges([{ kind: "setting", name: this.name, value: text.replace("−", "-") }]);
      });
      if (!done && this.value === text) this.value = before;
      this.$forceUpdate(); // after a refusal the field shows what the run has
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
