const OWN = ["127.0.0.1", "localhost", "[::1]"]; // names of a machine for itself

/** Recorded runs, one a line: they can be chosen, sorted by a heading, and one can be shown. */
export default {
  template: `
    <div class="g-table-frame" tabindex="0" role="region" aria-label="Runs">
      <table class="g-table" data-test="runs" :data-rows="rows.length">
        <thead><tr>
          <th class="g-tick"><input type="checkbox" data-test="choose-all" aria-label="Choose all that are shown" :checked="all"
            :indeterminate="some && !all" :disabled="!rows.length" @change="chooseAll($event.target.checked)"></th>
          <th v-for="column in columns" :key="column.name" :class="{ 'g-right': column.right, 'g-extra': column.extra }" :aria-sort="sorted(column)">
            <button v-if="column.sort" type="button" class="g-heading" :data-test="'sort-' + column.sort"
                    @click="$emit('sort', column.sort)">{{ column.name }}<span class="g-icon" aria-hidden="true">{{ arrow(column) }}</span></button>
            <template v-else>{{ column.name }}</template></th>
        </tr></thead>
        <tbody>
          <tr v-for="row in rows" :key="row.number" :class="{ 'g-chosen': row.chosen }" :data-test="'run-' + row.number"
              @click="toggle(row, $event)">
            <td class="g-tick"><input type="checkbox" :checked="row.chosen" :aria-label="'Choose run ' + row.number"
              :data-test="'choose-' + row.number" @change="choose([row], $event.target.checked)"></td>
            <td v-for="(cell, place) in row.cells" :key="place" class="g-number"
                :class="{ 'g-right': columns[place]?.right, 'g-extra': columns[place]?.extra }">
              <button v-if="place === 0" type="button" class="g-link" :data-test="'show-' + row.number"
                      title="All that is known of it" @click="$emit('show', row.number)">{{ cell }}</button>
              <span v-else-if="columns[place]?.name === 'state'" class="g-state" :data-state="cell" :title="row.reason">
                <span class="g-dot"></span>{{ cell }}<a v-if="row.page" class="g-link" :href="here(row.page)" target="_blank"
                   rel="noreferrer" :data-test="'open-' + row.number" title="Open it in the workbench">open</a></span>
              <template v-else>{{ cell }}</template></td>
          </tr>
        </tbody>
      </table>
    </div>`,
  props: { columns: Array, rows: Array, sort: String, descending: Boolean },
  emits: ["sort", "choose", "show"],
  computed: {
    all() {
      return this.rows.length > 0 && this.rows.every(({ chosen }) => chosen);
    },
    some() {
      return this.rows.some(({ chosen }) => chosen);
    },
  },
  methods: {
    /** The address of a page under the name that this page has: to a browser, another name is another site. */
    here(page) {
      const address = new URL(page);
      if (OWN.includes(location.hostname)) address.hostname = location.hostname;
      return address.href;
    },
    sorted(column) {
      return column.sort && column.sort === this.sort ? (this.descending ? "descending" : "ascending") : undefined;
    },
    arrow(column) {
      return { descending: "arrow_drop_down", ascending: "arrow_drop_up" }[this.sorted(column)] ?? "";
    },
    toggle(row, event) {
      if (!event.target.closest("button, input, a") && !getSelection().toString()) this.choose([row], !row.chosen);
    },
    chooseAll(chosen) {
      this.choose(this.rows, chosen);
    },
    choose(rows, chosen) {
      this.$emit("choose", { numbers: rows.map(({ number }) => number), chosen });
    },
  },
};
