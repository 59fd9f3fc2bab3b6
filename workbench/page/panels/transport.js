import { last, on, request } from "/assets/live.js";
import { attempt, showError } from "/assets/notices.js";

const LOST = "lost";
const ENDED = "ended";
const STEERING = "header .g-buttons, .g-panel-controls, .g-panel-run, .g-panel-edit, .g-panel-walk";
// Have keys of their own. After a click on blank page the framework's own element has the focus, without a place
// among those that Tab goes to; the network leaves the keys of training alone.
const OTHERS = "input, select, textarea, button, a, canvas:not([data-test=network]), [role=dialog], "
  + "[tabindex]:not([tabindex='-1'], [data-test=network])";
const MEANING = {
  idle: "Idle",
  training: "Training",
  finished: "Finished",
  diverged: "Diverged",
  lost: "Connection lost",
  ended: "Ended",
};

/** Start, stop and step, the state of the run, and the keys that do the same. */
export default {
  template: `
    <div class="g-transport" role="group" aria-label="Run">
      <button type="button" class="g-button g-primary" data-test="start" :disabled="!canStart"
              :title="endTitle ?? 'Start training (space)'" @click="start">
        <span class="g-icon" aria-hidden="true">play_arrow</span>Start</button>
      <button type="button" class="g-button" data-test="stop" :disabled="!training || stopping"
              :title="stopTitle" @click="stop">
        <span class="g-icon" aria-hidden="true">stop</span>Stop</button>
      <button type="button" class="g-button" data-test="step" :disabled="!canStart"
              :title="endTitle ?? 'Train on one ' + unit + ' (s)'" @click="send('step')">
        <span class="g-icon" aria-hidden="true">skip_next</span>Step</button>
      <span class="g-chip" data-test="state" role="status" :data-state="state" :title="explanation">
        <span class="g-dot" aria-hidden="true"></span><span class="g-chip-text">{{ caption }}</span></span>
    </div>`,
  props: { unit: { type: String, default: "mini-batch" }, limited: { type: Boolean, default: true } },
  data: () => ({ state: "idle", message: "", starting: false, stopping: false, doing: "", seen: false }),
  computed: {
    training() {
      return this.state === "training";
    },
    /** Whether the first picture is still being made, for which kernels may have to be compiled. */
    unseen() {
      return !this.seen && this.state === "idle";
    },
    stopTitle() {
      return this.stopping ? `Training ends after this ${this.unit} and saves` : `Stop after this ${this.unit} (space)`;
    },
    canStart() {
      return this.state === "idle" || this.state === "diverged";
    },
    endTitle() {
      if (this.state !== "finished") return null;
      return this.limited ? "Training has reached its limit: give it more epochs or minutes to go on" : this.message || "Training is done";
    },
    explanation() {
      if (this.training && this.starting) return "The first step compiles what it needs, once on a machine";
      if (this.unseen || this.doing) return "What is needed is compiled at its first use, once on a machine";
      return this.endTitle ?? this.message;
    },
    caption() {
      if (this.training && this.stopping) return "Stopping";
      if (this.training && this.starting) return "Starting: compiling";
      if (!this.training && (this.doing || this.unseen)) return this.doing || "Preparing";
      const meaning = this.state === "idle" && this.message ? "Stopped" : (MEANING[this.state] ?? this.state);
      if (this.state === "finished" && this.limited) return `${meaning}: raise a limit to go on`;
      if (this.state === ENDED) return meaning; // the notice says why
      return this.message && this.state !== "training" ? `${meaning}: ${this.message}` : meaning;
    },
  },
  methods: {
    show(status) {
      if (status.state === "diverged" && this.state !== "diverged") this.dismiss = showError(new Error(status.message), 0);
      if (status.state !== "diverged") this.dismiss?.();
      if (status.state === ENDED && this.state !== ENDED) this.end(status.message);
      this.state = status.state;
      this.message = status.message ?? "";
      this.doing = status.doing ?? "";
      this.starting = status.starting ?? false;
      if (!this.training) this.stopping = false;
    },
    /** Leave the page as it is, to be read, without controls: the run has ended. */
    end(message) {
      document.body.classList.add("g-ended");
      for (const element of document.querySelectorAll(STEERING)) element.inert = true;
      showError(new Error(`The run has ended: ${message}. The page stays as it was.`), 0);
    },
    showConnection(open) {
      if (!open) Object.assign(this, { state: LOST, message: "" });
      else if (last("status")) this.show(last("status"));
    },
    /** Request an operation; return whether it was done. */
    async send(operation) {
      return (await attempt(() => request(operation, {}))) !== undefined;
    },
    async start() {
      if (await this.send("start")) this.state = "training"; // it is announced: the status says so later
    },
    /** Say that training stops, until the status says that it has. */
    async stop() {
      this.stopping = true;
      if (!(await this.send("stop"))) this.stopping = false;
    },
    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.target.closest(OTHERS)) return;
      if (event.key === " ") {
        event.preventDefault();
        if (this.training) this.stop();
        else if (this.canStart) this.start();
      } else if (event.key === "s" && this.canStart) this.send("step");
      else if (event.key === "?") this.$emit("help");
    },
  },
  mounted() {
    if (last("status")) this.show(last("status"));
    this.seen = last("frame") !== undefined;
    this.offs = [on("status", this.show), on("connection", this.showConnection), on("frame", () => (this.seen = true))];
    document.addEventListener("keydown", this.press);
  },
  unmounted() {
    this.offs.forEach((off) => off());
    this.dismiss?.();
    document.removeEventListener("keydown", this.press);
  },
};
