import { last, on, request } from "/assets/live.js";
import { applyChanges, batched, position } from "/assets/edits.js";
import { NumberField, SliderField } from "/assets/fields.js";
import { digits } from "/assets/format.js";
import { placeOfSource } from "/assets/network_sources.js";
import { attempt } from "/assets/notices.js";

const LONGEST = 32;
const REFRESH = 1000;
const HELD_MILLISECONDS = 2000; // after a change, in which a slider may still be in a hand
const MOST = 1000; // changes that the run takes at a time
const IGNORE_MILLISECONDS = 300; // after a change, in which replies from before it may still come

/** The neurons and connections that were chosen, each with what can be changed about it. */
export default {
  components: { NumberField, SliderField },
  template: `
    <div>
      <p v-if="!items.length" class="g-empty">Click a neuron in the network, or move there with the arrow keys and
        press Enter. Click one of its connections to change a single weight. With Ctrl or Shift a click adds to the list.</p>
      <ul v-else class="g-edits" data-test="edit-list" tabindex="0" aria-label="Chosen neurons and connections">
        <li v-for="item in items" :key="item.key" class="g-edit" :data-test="'edit-' + item.key">
          <div class="g-edit-head">
            <button type="button" class="g-edit-name" :title="'Show in the network'" @click="$emit('show', item)">
              <strong>{{ item.title }}</strong><span class="g-muted">{{ item.place }}</span></button>
            <button type="button" class="g-button g-square" data-test="edit-remove" :aria-label="'Remove ' + item.name"
                    title="Remove from the list" @click="remove(item)">
              <span class="g-icon" aria-hidden="true">close</span></button>
          </div>
          <div v-for="row in rows(item)" :key="row.field" class="g-edit-row">
            <span class="g-edit-label">{{ row.label }}</span>
            <SliderField :data-test="'edit-' + row.field + '-slider'" :aria-label="row.label + ' of ' + item.name"
                         :value="item[row.field]" :low="-item.reach[row.field]" :high="item.reach[row.field]"
                         @slide="change(item, row.field, $event)" />
            <NumberField :data-test="'edit-' + row.field" :aria-label="row.label + ' of ' + item.name"
                         :value="item[row.field]" @commit="change(item, row.field, $event)" />
          </div>
          <p v-if="!item.known" class="g-muted g-small">Waits for the end of this mini-batch …</p>
          <p v-else-if="item.fixed" class="g-muted g-small" data-test="edit-fixed">Fixed at {{ digits(item.weight) }}: this
            connection has no weight to change.</p>
          <div v-else class="g-edit-foot">
            <label v-if="item.clampable" class="g-check" title="Keep the value fixed while the network runs, whatever comes in"><input type="checkbox" role="switch" data-test="edit-clamp"
              :checked="item.clamped" @change="clamp(item, $event.target.checked)">Clamp value</label>
            <label v-if="item.lockable" class="g-check" :title="lockTitle(item)"><input type="checkbox" role="switch" data-test="edit-lock"
              :checked="item.locked" @change="lock(item, $event.target.checked)">Lock</label>
            <span v-if="item.signal !== undefined" class="g-muted g-number">signal {{ digits(item.signal) }}</span>
            <span v-if="!item.clampable && item.value !== undefined" class="g-muted g-number">value {{ digits(item.value) }}</span>
          </div>
        </li>
      </ul>
      <div v-if="items.length > 1 || kept.length" class="g-tools">
        <button v-if="kept.length" type="button" class="g-button" data-test="release-all" @click="releaseAll"
                title="Let every neuron have its own value again, and train everything">Release all ({{ kept.length }})</button>
        <span class="g-spacer"></span>
        <button v-if="items.length > 1" type="button" class="g-button" data-test="edit-clear" @click="items = []">Clear the list</button></div>
    </div>`,
  emits: ["show"],
  data: () => ({ items: [], layers: [], run: null, kept: [] }),
  methods: {
    digits,
    lockTitle(item) {
      return item.kind === "neuron" ? "Training leaves its bias and the weights into it as they are" : "Training leaves this weight as it is";
    },
    rows(item) {
      if (!item.known || item.fixed) return [];
      if (item.kind === "connection") return [{ field: "weight", label: "Weight" }];
      const rows = [];
      if (item.bias !== null) rows.push({ field: "bias", label: "Bias" });
      if (item.clampable) rows.push({ field: "value", label: "Value" });
      return rows;
    },
    /** Put a neuron on the list: in place of all others unless it is appended. */
    async addNeuron({ layer, neuron, append = true }) {
      if (!this.layers.length) await this.read(); // a click may come before the first status
      const place = `layer ${layer}, ${position(this.layers[layer].shape, neuron)}`;
      const title = `${this.layers[layer].name} · neuron ${neuron}`;
      const { clampable, kind } = this.layers[layer];
      this.add({ key: `item-${layer}-${neuron}`, kind: "neuron", layer, neuron, title, place, clampable, lockable: kind !== "input" }, append);
    },
    async addConnection({ layer, target, source, append = true }) {
      if (!this.layers.length) await this.read();
      const title = `${this.layers[layer].name} · neuron ${target} ← ${source}`;
      const from = placeOfSource(this.layers, layer, source);
      const ends = [position(this.layers[layer].shape, target), position(this.layers[from.layer].shape, from.neuron)];
      const sourceLayer = this.layers[layer].sources.length > 1 ? ` of ${this.layers[from.layer].name}` : "";
      const place = `layer ${layer}, into ${ends[0]} from ${ends[1]}${sourceLayer}`;
      const key = `connection-${layer}-${target}-${source}`;
      this.add({ key, kind: "connection", layer, target, source, title, place, clampable: false, lockable: true }, append);
    },
    add(item, append) {
      const there = this.items.find((other) => other.key === item.key);
      const chosen = there ?? { ...item, name: `${item.title}, ${item.place}`, known: false, ignoredUntil: 0, reach: { bias: 1, value: 1, weight: 1 } };
      this.items = [chosen, ...(append ? this.items.filter((other) => other !== there) : [])].slice(0, LONGEST);
      this.refresh(this.items[0]);
    },
    remove(item) {
      this.items = this.items.filter((other) => other !== item);
    },
    async refresh(item) {
      const { layer, neuron, target, source } = item;
      const began = performance.now();
      if (item.kind === "neuron") {
        const now = await attempt(() => request("neuron", { layer, neuron }));
        if (!now) return this.removeMissing(item);
        if (began < item.ignoredUntil) return;
        const { value, signal, bias, locked, clamp } = now.header;
        Object.assign(item, { value, signal, bias, locked, clamped: clamp !== null, known: true });
      } else {
        const now = await attempt(() => request("connection", { layer, target, source }));
        if (!now) return this.removeMissing(item);
        if (began < item.ignoredUntil) return;
        const { weight, locked, fixed } = now.header;
        Object.assign(item, { weight, locked, fixed, known: true });
      }
      for (const field in item.reach) this.fit(item, field);
    },
    /** Let a slider reach a number that was typed or learned; it comes back when that is small again, but not under a hand. */
    fit(item, field) {
      const size = Math.abs(item[field] ?? 0);
      const reach = item.reach[field];
      const held = performance.now() < item.ignoredUntil + HELD_MILLISECONDS;
      if (size > reach || (size * 8 < reach && !held)) item.reach[field] = Math.max(1, Number((1.5 * size).toPrecision(1)));
    },
    removeMissing(item) {
      if (last("connection")) this.remove(item); // it does not exist; without a connection this is not known
    },
    async refreshAll() {
      if (this.refreshing || document.hidden) return;
      this.refreshing = true;
      for (const item of [...this.items]) if (!document.hidden) await this.refresh(item);
      this.refreshing = false;
    },
    change(item, field, value) {
      item[field] = value;
      if (field === "value") item.clamped = true;
      this.sendChange(item, { kind: field === "value" ? "clamp" : field, value });
    },
    clamp(item, clamped) {
      item.clamped = clamped;
      this.sendChange(item, { kind: "clamp", value: clamped ? item.value : null });
    },
    lock(item, locked) {
      item.locked = locked;
      this.sendChange(item, { kind: item.kind === "neuron" ? "lock" : "lock_weight", locked });
    },
    sendChange(item, change) {
      const { kind, layer, neuron, target, source } = item;
      item.ignoredUntil = performance.now() + IGNORE_MILLISECONDS;
      this.send({ ...change, ...(kind === "neuron" ? { layer, neuron } : { layer, target, source }) });
    },
    onStatus(status) {
      this.kept = keptIn(status);
      if (status.changes !== this.changes) this.refreshAll();
      this.changes = status.changes;
      if (status.run === this.run) return;
      this.run = status.run;
      this.read();
    },
    async read() {
      const overview = await attempt(() => request("overview", {}));
      if (!overview) return;
      const shapes = (layers) => JSON.stringify(layers.map((layer) => [layer.name, layer.shape]));
      const { layers } = overview.header;
      if (shapes(layers) !== shapes(this.layers)) this.items = []; // of another network
      this.layers = layers;
      for (const change of this.kept.slice(0, LONGEST).reverse()) {
        if (change.target === undefined) this.addNeuron(change);
        else this.addConnection(change);
      }
    },
    /** Let go of everything that is clamped or locked. */
    async releaseAll() {
      for (let first = 0; first < this.kept.length; first += MOST) {
        const changes = this.kept.slice(first, first + MOST);
        await attempt(() => applyChanges(changes));
      }
      this.refreshAll();
    },
  },
  created() {
    this.send = batched(() => this.refreshAll());
  },
  mounted() {
    if (last("status")) this.onStatus(last("status"));
    this.off = on("status", this.onStatus);
    this.timer = setInterval(this.refreshAll, REFRESH);
  },
  unmounted() {
    this.off();
    clearInterval(this.timer);
  },
};

/** The changes that release whatever a status has as clamped or locked. */
function keptIn({ clamps, locks, weight_locks: weights }) {
  return [
    ...clamps.map(([layer, neuron]) => ({ kind: "clamp", layer, neuron, value: null })),
    ...locks.map(([layer, neuron]) => ({ kind: "lock", layer, neuron, locked: false })),
    ...weights.map(([layer, target, source]) => ({ kind: "lock_weight", layer, target, source, locked: false })),
  ];
}
