import { last, on, request } from "/assets/live.js";
import { digits } from "/assets/format.js";
import { attempt } from "/assets/notices.js";

const SHOWN = 30;

const where = ({ layer, neuron, target, source }) =>
  neuron === undefined ? `layer ${layer}, ${target} ← ${source}` : `layer ${layer}, neuron ${neuron}`;

const WORDS = {
  setting: ({ name, value }) => `${name.replace("-", " ")} = ${value || "not set"}`,
  bias: (change) => `bias of ${where(change)} = ${digits(change.value)}`,
  weight: (change) => `weight of ${where(change)} = ${digits(change.value)}`,
  clamp: (change) =>
    change.value === null ? `${where(change)} released` : `${where(change)} clamped to ${digits(change.value)}`,
  lock: (change) => `${where(change)} ${change.locked ? "locked" : "unlocked"}`,
  lock_weight: (change) => `weight of ${where(change)} ${change.locked ? "locked" : "unlocked"}`,
};

const EVENTS = { begin: "started", snapshot: "snapshot kept", rewind: "rewound", stop: "stopped" };

function describe(event) {
  if (event.event === "change") {
    const changes = event.changes.slice(0, 3).map((change) => WORDS[change.kind]?.(change) ?? change.kind);
    const more = event.changes.length - changes.length;
    return changes.join("; ") + (more > 0 ? ` and ${more} more` : "");
  }
  const words = EVENTS[event.event] ?? event.event;
  return event.name ? `${words}: ${event.name}` : words;
}

/** The last events of the run's journal, newest first. */
export default {
  template: `
    <ol class="g-journal" data-test="journal" tabindex="0" aria-label="Last events, newest first">
      <li v-for="(line, place) in lines" :key="place"><span class="g-number g-muted">{{ line.step }}</span>
        <span>{{ line.text }}</span></li>
      <li v-if="!lines.length" class="g-empty">Nothing yet</li>
    </ol>`,
  data: () => ({ lines: [] }),
  methods: {
    async onStatus(status) {
      const { run, changes, state, snapshots } = status;
      const version = [run, changes, state, snapshots.length].join(" ");
      if (version === this.version || this.reading) return;
      this.reading = true;
      const reply = await attempt(() => request("journal", { count: SHOWN }));
      this.reading = false;
      this.version = version;
      if (!reply) return;
      this.lines = [...reply.header.events].reverse().map((event) => ({ step: event.step ?? "", text: describe(event) }));
    },
  },
  mounted() {
    if (last("status")) this.onStatus(last("status"));
    this.off = on("status", this.onStatus);
  },
  unmounted() {
    this.off();
  },
};
