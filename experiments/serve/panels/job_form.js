/** The settings of a program, in its sections, with help texts; only what was typed is given. */
export default {
  template: `
    <form class="g-form" @submit.prevent="submit" data-test="job-form" :data-program="program">
      <input class="g-field g-search" type="search" v-model="sought" placeholder="Find a setting" aria-label="Find a setting" data-test="find-setting">
      <p v-if="busy && !sections.length" class="g-muted">Loading the program …</p>
      <details v-for="(section, place) in sections" :key="program + section.title" :open="place === 0 || Boolean(sought)" v-show="found(section).length">
        <summary>{{ section.title }}&ensp;<span class="g-muted g-small">{{ given(section) }}</span></summary>
        <label v-for="field in found(section)" :key="field.key" class="g-setting">
          <span class="g-setting-key">{{ field.key }}</span>
          <select v-if="field.choices.length" class="g-select" :data-test="'set-' + field.key" v-model="values[field.key]">
            <option :value="undefined">{{ field.default || "not set" }} (default)</option>
            <option v-for="choice in field.choices" :key="choice" :value="choice">{{ choice }}</option>
          </select>
          <input v-else class="g-field" type="text" spellcheck="false" autocomplete="off" :data-test="'set-' + field.key"
                 :placeholder="field.default || 'not set'" v-model="values[field.key]">
          <span class="g-muted g-small">{{ field.help }}<template v-if="field.bounds && !field.choices.length">; {{ field.bounds }}</template></span>
        </label>
      </details>
      <label v-if="watchable" class="g-check"><input type="checkbox" v-model="watched" data-test="job-watch">
        Watch it in the workbench: a page as long as it runs</label>
      <p class="g-problem" role="alert" data-test="job-problem">{{ problem }}</p>
      <div class="g-buttons g-end">
        <button type="button" class="g-button" data-test="job-close" @click="$emit('close')">Close</button>
        <button type="submit" class="g-button g-primary" data-test="job-submit" :disabled="busy">{{ busy ? "Checking …" : "Submit" }}</button>
      </div>
    </form>`,
  props: { sections: Array, program: String, problem: String, busy: Boolean, watchable: Boolean },
  emits: ["submit", "close"],
  data: () => ({ values: {}, sought: "", watched: false }),
  watch: {
    program() {
      this.values = {};
    },
  },
  methods: {
    found(section) {
      const sought = this.sought.trim().toLowerCase();
      return section.fields.filter(({ key, help }) => !sought || key.includes(sought) || help.toLowerCase().includes(sought));
    },
    given(section) {
      const count = section.fields.filter(({ key }) => this.values[key]).length;
      return count ? `${count} given` : "";
    },
    submit() {
      // in the order of the form, in whatever order they were typed
      const keys = this.sections.flatMap(({ fields }) => fields.map(({ key }) => key));
      const values = Object.fromEntries(keys.map((key) => [key, this.values[key]]).filter(([, value]) => value?.trim()));
      this.$emit("submit", { values, watched: this.watchable && this.watched });
    },
  },
};
