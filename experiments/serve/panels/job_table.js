/** Jobs, one a line, of which one is shown. */
export default {
  template: `
    <div class="g-table-frame" tabindex="0" role="region" aria-label="Jobs">
      <table class="g-table" data-test="jobs" :data-rows="rows.length">
        <thead><tr><th v-for="column in columns" :key="column.name" :class="{ 'g-right': column.right }">{{ column.name }}</th></tr></thead>
        <tbody>
          <tr v-for="row in rows" :key="row.number" :class="{ 'g-chosen': row.chosen }" :data-test="'job-' + row.number" @click="$emit('show', row.number)">
            <td v-for="(cell, place) in row.cells" :key="place" class="g-number" :class="{ 'g-right': columns[place].right }">
              <button v-if="place === 0" type="button" class="g-link" :aria-label="'Show job ' + cell" @click.stop="$emit('show', row.number)">{{ cell }}</button>
              <span v-else-if="columns[place].name === 'state'" class="g-state" :data-state="cell"><span class="g-dot"></span>{{ cell }}</span>
              <span v-else class="g-cell" :title="cell.length > 30 ? cell : undefined">{{ cell }}</span></td>
          </tr>
          <tr v-if="!rows.length"><td :colspan="columns.length" class="g-muted">No jobs yet</td></tr>
        </tbody>
      </table>
    </div>`,
  props: { columns: Array, rows: Array },
  emits: ["show"],
};
