import { last, on, request } from "/assets/live.js";
import { attempt } from "/assets/notices.js";

const TITLE = "One HTML file that opens from disk: the snapshots and the present state of the run are its frames";

/** Saves the run as one page. */
export default {
  template: `
    <button type="button" class="g-button g-save-page" data-test="save-page" :disabled="Boolean(reason)" :title="reason || TITLE" @click="save">
      <span class="g-icon" aria-hidden="true">download</span>{{ busy ? "Making the page" : "Save as page" }}</button>`,
  data: () => ({ busy: false, state: "", TITLE }),
  computed: {
    /** Why it cannot be saved now. */
    reason() {
      if (this.busy) return "The page is being made";
      return this.state === "training" ? "Stop training first" : "";
    },
  },
  methods: {
    follow({ state }) {
      this.state = state;
    },
    async save() {
      this.busy = true;
      const reply = await attempt(() => request("replay_page"));
      this.busy = false;
      if (!reply) return;
      const href = URL.createObjectURL(new Blob([reply.arrays.page.data], { type: "text/html" }));
      Object.assign(document.createElement("a"), { href, download: reply.header.name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser has begun to save it by then
    },
  },
  mounted() {
    if (last("status")) this.follow(last("status"));
    this.off = on("status", this.follow);
  },
  unmounted() {
    this.off();
  },
};
