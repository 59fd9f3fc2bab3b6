import { last, on, request } from "/assets/live.js";
import { attempt } from "/assets/notices.js";
import { readNumber } from "/assets/numbers.js";

const PLACE = "change 1 (setting): "; // begins the refusal of a change that is the only one

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
        if (text) readNumber(text);
        this.value = text;
        return request("apply", { changes: [{ kind: "setting", name: this.name, value: text.replace("−", "-") }] }).catch(withoutPlace);
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

function withoutPlace(error) {
  error.message = error.message.replace(PLACE, "");
  throw error;
}
