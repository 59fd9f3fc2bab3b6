/** A switch with a caption. */
export default {
  template: `
    <label class="g-check"><input type="checkbox" role="switch" :data-test="test" :checked="value"
      @change="$emit('pick', $event.target.checked)">{{ caption }}</label>`,
  props: { caption: String, test: String, value: Boolean },
  emits: ["pick"],
};
