import { grouped } from "/assets/format.js";
import { KeepsLooking } from "/assets/keep_looking.js";
import { request } from "/assets/live.js";
import { attempt } from "/assets/notices.js";

const SOURCES = { held_out: "held-out examples", training: "training examples" };
const MOST = 24; // classes whose counts are written

/** Examples by their class and by the one that was found; those of a cell, and mistakes, are shown one by one. */
export default {
  mixins: [KeepsLooking],
  asks: "find_classes",
  template: `
    <div class="g-classes">
      <p v-if="!about" class="g-empty">Runs examples through the network and counts which classes it finds.</p>
      <p v-else class="g-class-summary" role="status" data-test="classes-right"><strong>{{ share }} right</strong>&ensp;<span class="g-muted">of {{ grouped(about.count) }} {{ about.what }}, step {{ grouped(about.step) }}</span></p>
      <div v-if="about" class="g-confusion-frame" tabindex="0" role="region" aria-label="Classes">
        <table class="g-confusion" :class="{ 'g-narrow': many }" data-test="confusion">
          <caption>Row: the class it is. Column: the class found.</caption>
          <thead><tr><td></td><th v-for="(_, found) in rows" :key="found" scope="col">{{ found }}</th></tr></thead>
          <tbody><tr v-for="(row, wanted) in rows" :key="wanted"><th scope="row">{{ wanted }}</th>
            <td v-for="(count, found) in row" :key="found">
              <button v-if="count" type="button" :class="found === wanted ? 'g-right-cell' : 'g-wrong-cell'"
                      :style="{ '--share': Math.sqrt(count / most) }" :data-test="'cell-' + wanted + '-' + found"
                      :title="titleOf(count, wanted, found)" :aria-label="titleOf(count, wanted, found)"
                      @click="showNext(wanted, found)">{{ many ? "" : grouped(count) }}</button></td></tr></tbody>
        </table>
      </div>
      <div class="g-buttons">
        <button type="button" class="g-button" data-test="find-classes" @click="askNow">Count now</button>
        <button type="button" class="g-button" data-test="next-mistake" :disabled="!mistakes.length" @click="showMistake"
                :title="mistakes.length ? 'The surest of them first' : 'There is none'">Next of {{ grouped(mistakes.length) }} mistakes</button>
        <label class="g-check"><input type="checkbox" v-model="isOn" data-test="classes-on">Count again while it trains</label>
      </div>
    </div>`,
  data: () => ({ about: null, rows: [], mistakes: [], isOn: true }),
  computed: {
    many() {
      return this.rows.length > MOST;
    },
    most() {
      return Math.max(...this.rows.flat());
    },
    share() {
      const right = this.rows.reduce((sum, row, place) => sum + row[place], 0);
      return `${((100 * right) / this.about.count).toFixed(1)} %`;
    },
  },
  methods: {
    grouped,
    titleOf(count, wanted, found) {
      const examples = count === 1 ? "1 example" : `${grouped(count)} examples`;
      return found === wanted ? `${examples} of ${wanted} read right` : `${examples} of ${wanted} taken for ${found}`;
    },
    take({ header, arrays }) {
      const [found, wanted, margins] = [arrays.found.data, arrays.wanted.data, arrays.margins.data];
      const rows = Array.from({ length: header.classes }, () => new Array(header.classes).fill(0));
      wanted.forEach((each, place) => (rows[each][found[place]] += 1));
      const wrong = [...wanted.keys()].filter((place) => found[place] !== wanted[place]);
      this.mistakes = wrong.sort((a, b) => margins[b] - margins[a]);
      this.found = found;
      this.wanted = wanted;
      this.source = header.source;
      this.about = { step: header.step, count: found.length, what: SOURCES[header.source] };
      this.rows = rows;
      this.shown = -1;
    },
    showNext(wanted, found) {
      const places = [...this.wanted.keys()].filter((place) => this.wanted[place] === wanted && this.found[place] === found);
      this.show(places.find((place) => place > this.shown) ?? places[0]);
    },
    showMistake() {
      const next = this.mistakes.indexOf(this.shown) + 1;
      this.show(this.mistakes[next % this.mistakes.length]);
    },
    async show(position) {
      this.shown = position;
      await attempt(() => request("show", { source: this.source, position, entry: 0 }));
    },
    forget() {
      Object.assign(this, { about: null, rows: [], mistakes: [] });
    },
  },
};
