import { frameworkConnection } from "/assets/framework_connection.js";

const UNNOTICED = 700; // milliseconds in which a connection may be made again before the page says anything
const SOON = 10_000; // milliseconds for which it is only said that it is tried again
const PERIOD = 2000; // of trying
const ASLEEP = 150_000; // milliseconds without a tick, after which the machine must have slept
const NEEDS_SERVER = [
  ".g-header .g-transport, .g-header .g-segments, .g-header .g-buttons > :not([data-test=dark-mode])",
  ".g-panel-network .g-tools, .g-board",
  ".g-panel:not(.g-panel-network, .g-panel-error, .g-panel-chart, .g-panel-time, .g-panel-size, .g-panel-journal)",
].join();
const TOUCHED = "/assets/theme.css"; // a small file, to see whether there is a server

/** Says that the server does not answer, and disables what needs it until it does. */
export default {
  template: `
    <div class="g-connection" role="alert" data-test="connection" :data-state="state">
      <template v-if="shown">
        <span class="g-icon" aria-hidden="true">{{ state === "refused" ? "key" : "cloud_off" }}</span>
        <p><strong>{{ words[0] }}</strong> {{ words[1] }}</p>
        <button v-if="state === 'refused'" type="button" class="g-button" data-test="enter" @click="reload">Enter the token</button>
        <button v-else type="button" class="g-button" data-test="try-again" @click="retry">Try now</button>
      </template>
    </div>`,
  props: { live: Boolean },
  data: () => ({ shown: false, state: "connected", since: 0, over: false, open: { run: true, framework: true } }),
  computed: {
    words() {
      const at = new Date(this.since).toLocaleTimeString("en-GB");
      return {
        trying: ["Connection lost.", "Trying again …"],
        gone: [`The server has not answered since ${at}.`, "This page goes on when it is back; the terminal in which it ran may say why it ended."],
        refused: ["The server was started again with another token.", "Open the address that it printed, or enter the token."],
        answers: ["The server is back.", "Connecting …"],
      }[this.state];
    },
  },
  methods: {
    note(which, isOpen) {
      this.open[which] = isOpen;
      const isLost = !this.over && !(this.open.run && this.open.framework);
      if (isLost === (this.since > 0)) return;
      this.since = isLost ? Date.now() : 0;
      clearTimeout(this.later);
      clearInterval(this.trying);
      if (isLost) this.later = setTimeout(this.say, UNNOTICED);
      else this.end();
    },
    say() {
      Object.assign(this, { shown: true, state: "trying" });
      for (const element of document.querySelectorAll(NEEDS_SERVER)) {
        if (element.inert) continue;
        element.inert = true;
        element.dataset.lost = "";
      }
      this.trying = setInterval(this.retry, PERIOD);
      this.retry();
    },
    end() {
      Object.assign(this, { shown: false, state: "connected" });
      for (const element of document.querySelectorAll("[data-lost]")) {
        element.inert = false;
        delete element.dataset.lost;
      }
    },
    /** See whether there is a server, and connect to it. */
    async retry() {
      const status = await fetch(TOUCHED, { cache: "no-store" }).then((answer) => answer.status, () => 0);
      if (!this.shown) return;
      if (status === 403) this.state = "refused";
      else if (status) this.state = "answers";
      else this.state = Date.now() - this.since < SOON ? "trying" : "gone";
      if (this.state !== "answers") return;
      this.run?.reconnect();
      this.framework?.reconnect();
    },
    reload: () => location.reload(),
    /** After a sleep connections may look open that nobody holds at the other end. */
    tick() {
      const now = Date.now();
      if (now - this.ticked > ASLEEP) this.run?.renew();
      this.ticked = now;
    },
  },
  async mounted() {
    this.framework = await frameworkConnection((isOpen) => this.note("framework", isOpen));
    if (!this.live) return;
    this.run = await import("/assets/live.js");
    this.offs = [
      this.run.on("connection", (isOpen) => this.note("run", isOpen)),
      this.run.on("status", ({ state }) => {
        if (state === "ended") this.over = true; // the run has said so, and the page too
      }),
    ];
    this.ticked = Date.now();
    this.ticking = setInterval(this.tick, PERIOD);
  },
  unmounted() {
    this.offs?.forEach((off) => off());
    clearTimeout(this.later);
    clearInterval(this.trying);
    clearInterval(this.ticking);
  },
};
