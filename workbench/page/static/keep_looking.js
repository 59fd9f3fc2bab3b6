/** Asking again and again for what takes long to find, as long as somebody sees it and there is something new. */

import { last, on, request } from "/assets/live.js";
import { attempt } from "/assets/notices.js";

const EVERY = 5000; // milliseconds between two requests at the soonest
const SHARE = 0.01; // of the time, at most

/**
 * A part of the page that `asks` an operation, with a switch `isOn`, `take` for the reply and `forget` for when there is
 * another run.
 */
export const KeepsLooking = {
  methods: {
    async keepLooking() {
      const begun = performance.now();
      if (this.isDue()) await this.askNow();
      const pause = Math.max(EVERY, (performance.now() - begun) / SHARE);
      if (!this.gone) this.timer = setTimeout(() => this.keepLooking(), pause);
    },
    /** Not before a step is made here: what it needs would be compiled while Start waits. */
    isDue() {
      const isSeen = document.visibilityState !== "hidden" && last("connection");
      return isSeen && this.isOn && this.hasStepped && momentOf(last("status")) !== this.lookedAt;
    },
    async askNow() {
      const moment = momentOf(last("status"));
      const reply = await attempt(() => request(this.$options.asks));
      if (!reply || this.gone) return;
      this.lookedAt = moment;
      this.take(reply);
    },
    receiveStatus(status) {
      this.firstStep ??= status.step;
      this.hasStepped ||= status.step !== this.firstStep || (status.state === "training" && !status.starting);
      if (this.run !== undefined && status.run !== this.run) {
        this.lookedAt = undefined;
        this.forget();
      }
      this.run = status.run;
    },
  },
  mounted() {
    if (last("status")) this.receiveStatus(last("status"));
    this.off = on("status", this.receiveStatus);
    this.keepLooking();
  },
  unmounted() {
    this.gone = true;
    clearTimeout(this.timer);
    this.off();
  },
};

const momentOf = (status) => status && `${status.run} ${status.step} ${status.changes}`;
