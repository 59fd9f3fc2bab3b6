import { last, on, request } from "/assets/live.js";
import { changesInWords } from "/assets/change_words.js";
import { attempt } from "/assets/notices.js";

const SHOWN = 30;

const EVENTS = { begin: "started", snapshot: "snapshot kept", rewind: "rewound", stop: "stopped" };

function describe(event) {
  if (event.event === "change") {
    const words = changesInWords(event.changes);
    return event.why ? `${event.why}: ${words}` : words;
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
