import { last, on } from "/assets/live.js";
import { Examples, TOOLS } from "/assets/examples.js";
import { NumberField } from "/assets/fields.js";
import { digits } from "/assets/format.js";
import { drawDifference, drawImage, imageOf } from "/assets/images.js";

/** Several examples with the outputs of the network and the differences; one of them is chosen. */
export default {
  mixins: [Examples],
  components: { NumberField },
  template: `
    <div>
      ${TOOLS}
      <div class="g-images" :style="{ '--rows': rows }" role="radiogroup" :aria-label="repeats ? 'Examples: input, output and difference' : 'Examples: input and answer'" @keydown="press">
        <div class="g-image-captions" aria-hidden="true">
          <span v-for="input in inputs" :key="input.name">{{ inputs.length > 1 ? input.name : "Input" }}</span><template v-if="repeats"><span>Output</span><span>Difference</span></template>
          <span v-else>Answer</span><span>Error</span></div>
        <button v-for="index in shown" :key="index" type="button" class="g-image" role="radio" ref="columns"
                :aria-checked="index - 1 === entry" :tabindex="index - 1 === entry ? 0 : -1"
                :aria-label="caption(index - 1)" :title="caption(index - 1)" @click="pick(index - 1)">
          <canvas v-for="(input, number) in inputs" :key="input.name" ref="inputs" width="1" height="1"
                  :data-test="'image-input-' + (index - 1) + (number ? '-' + number : '')"></canvas>
          <template v-if="repeats">
            <canvas :data-test="'image-output-' + (index - 1)" ref="outputs" width="1" height="1"></canvas>
            <canvas :data-test="'image-difference-' + (index - 1)" ref="differences" width="1" height="1"></canvas>
          </template>
          <span v-else class="g-number g-image-error" :data-test="'image-answer-' + (index - 1)">{{ answers[index - 1] }}</span>
          <span class="g-number g-image-error" :data-test="'image-error-' + (index - 1)">{{ error(index - 1) }}</span>
        </button>
      </div>
      <p class="g-image-note g-muted g-small">{{ note }}</p>
      <p v-if="brightness" class="g-image-range g-muted g-small" data-test="image-range">{{ brightness }}</p>
    </div>`,
  data: () => ({ inputs: [], repeats: true, answers: [] }),
  computed: {
    /** How many rows there are: of inputs, output and difference or answer, and error. */
    rows() {
      return this.inputs.length + (this.repeats ? 3 : 2);
    },
    /** Explains the rows where there is no room for captions. */
    note() {
      const inputs = this.inputs.length > 1 ? `Inputs (${this.inputs.map(({ name }) => name).join(", ")})` : "Input";
      return `${inputs}, ${this.repeats ? "output, difference" : "answer with what it should be in brackets,"} and error.`;
    },
    /** What black and white mean where it is not 0 and 1. */
    brightness() {
      const others = this.inputs.filter(({ range: [low, high] }) => low !== 0 || high !== 1);
      const black = (name) => (this.inputs.length > 1 ? `${name}: black` : "Black");
      return others.map(({ name, range: [low, high] }) => `${black(name)} is ${digits(low, 3)}, white ${digits(high, 3)}.`).join(" ");
    },
  },
  methods: {
    async show(frame) {
      this.frame = frame;
      const { inputs, repeats, answers } = frame.header;
      this.follow(frame.header);
      Object.assign(this, { inputs, repeats, answers });
      await this.$nextTick();
      this.draw();
    },
    draw() {
      if (!this.frame) return;
      const { outputs, ...arrays } = this.frame.arrays;
      const inputs = this.inputs.map((_, number) => arrays[number ? `inputs ${number}` : "inputs"]);
      const count = Math.min(this.shown, Math.floor((this.$refs.inputs?.length ?? 0) / inputs.length));
      for (let index = 0; index < count; index++) {
        const images = inputs.map((input) => imageOf(input, index));
        images.forEach((image, number) => drawImage(this.$refs.inputs[index * inputs.length + number], image));
        if (!this.repeats) continue;
        const known = index < outputs.shape[0]; // a walk has not reached the output yet
        const output = known ? imageOf(outputs, index) : null;
        for (const name of ["outputs", "differences"]) this.$refs[name][index].classList.toggle("g-unknown", !known);
        if (!known) continue;
        drawImage(this.$refs.outputs[index], output);
        drawDifference(this.$refs.differences[index], images[0], output);
      }
    },
  },
  mounted() {
    if (last("frame")) this.show(last("frame"));
    this.off = on("frame", this.show);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributeFilter: ["class"] });
  },
  unmounted() {
    this.off();
    this.theme.disconnect();
  },
};
