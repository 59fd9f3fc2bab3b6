import { last, on, request } from "/assets/live.js";
import { changesInWords } from "/assets/change_words.js";
import { attempt, showNotice } from "/assets/notices.js";

const KINDS = {
  undo: { caption: "Undo", past: "Undone", icon: "undo", keys: "Ctrl + Z" },
  redo: { caption: "Redo", past: "Redone", icon: "redo", keys: "Ctrl + Shift + Z" },
};

/** Undo and redo of changes that anybody made in this run, with what they are about. */
export default {
  template: `
    <div class="g-undo" role="group" aria-label="Changes">
      <button v-for="(kind, name) in kinds" :key="name" type="button" class="g-button g-square" :data-test="name"
              :disabled="!next[name]" :title="title(name)" :aria-label="title(name)" @click="act(name)">
        <span class="g-icon" aria-hidden="true">{{ kind.icon }}</span></button>
    </div>`,
  data: () => ({ kinds: KINDS, next: { undo: null, redo: null } }),
  methods: {
    title(name) {
      const { caption, keys } = KINDS[name];
      return this.next[name] ? `${caption}: ${this.next[name]} (${keys})` : `Nothing to ${name}`;
    },
    show(status) {
      const inWords = (deed) => deed && changesInWords(deed.changes, deed.count);
      this.next = { undo: inWords(status.undo), redo: inWords(status.redo) };
    },
    async act(name) {
      const done = await attempt(() => request(name));
      if (done) showNotice(`${KINDS[name].past}: ${changesInWords(done.header.changes, done.header.count)}`);
    },
    /** The keys, but in a field in which something is typed: there they are those of the browser. */
    press(event) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      const name = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
      if (!name || event.target.closest("[data-typed=true], [role=dialog], [inert]") || this.$el.closest("[inert]")) return;
      event.preventDefault();
      if (this.next[name]) this.act(name);
      else showNotice(`Nothing to ${name}`);
    },
  },
  mounted() {
    if (last("status")) this.show(last("status"));
    this.off = on("status", this.show);
    document.addEventListener("keydown", this.press);
  },
  unmounted() {
    this.off();
    document.removeEventListener("keydown", this.press);
  },
};
