/** A table that can be scrolled, of which the first column stays. */
export default {
  template: `
    <div class="g-table-frame" tabindex="0" role="region" :aria-label="label">
      <table class="g-table g-values" :data-test="test">
        <thead><tr><th v-for="(heading, place) in headings" :key="place">{{ heading }}</th></tr></thead>
        <tbody>
          <tr v-for="(row, place) in rows" :key="place">
            <th v-if="row.title" scope="rowgroup" :colspan="headings.length" class="g-row-title">{{ row.cells[0] }}</th>
            <template v-else>
              <th scope="row" :class="{ 'g-indented': row.cells[0].startsWith(' ') }">{{ row.cells[0].trim() }}</th>
              <td v-for="(cell, at) in row.cells.slice(1)" :key="at" class="g-number" :title="cell.length > 40 ? cell : undefined">{{ cell }}</td>
            </template>
          </tr>
        </tbody>
      </table>
    </div>`,
  props: { label: String, test: String, headings: Array, rows: Array },
};
