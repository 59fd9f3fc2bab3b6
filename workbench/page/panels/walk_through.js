import { last, on, request } from "/assets/live.js";
import { loss } from "/assets/format.js";
import { attempt } from "/assets/notices.js";

/** One mini-batch without an update: values appear layer by layer, then the loss, then the signals. */
export default {
  template: `
    <div>
      <div class="g-buttons">
        <button v-if="!walk" type="button" class="g-button g-primary" data-test="walk-begin" :disabled="training"
                @click="go('begin')">Begin</button>
        <button v-else type="button" class="g-button" data-test="walk-begin" @click="go('begin')">Again</button>
        <button type="button" class="g-button" :class="{ 'g-primary': walk }" data-test="walk-next"
                :disabled="!walk || ended" @click="go('next')">Next</button>
        <button type="button" class="g-button" data-test="walk-end" :disabled="!walk" @click="go('end')">End</button>
      </div>
      <p v-if="!walk" class="g-empty">{{ training ? "Stop training first." : explanation }}</p>
      <ol v-else class="g-stages" tabindex="0" aria-label="Stages">
        <li v-for="(stage, place) in walk.stages" :key="place" :aria-current="place === current ? 'step' : undefined"
            :data-done="place < current"><span :data-test="place === current ? 'walk-stage' : undefined">{{ stage }}</span>
          <span v-if="stage === 'loss'" class="g-number">{{ loss(walk.loss) }}</span></li>
      </ol>
    </div>`,
  data: () => ({
    walk: null,
    training: false,
    explanation: "Takes the next mini-batch through the network, one layer at a time. Nothing is learned until you step.",
  }),
  computed: {
    current() {
      return this.walk?.stage ?? -1;
    },
    ended() {
      return this.current === this.walk.stages.length - 1;
    },
  },
  watch: {
    current() {
      this.$nextTick(() => this.$el.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }));
    },
  },
  methods: {
    loss,
    async go(action) {
      await attempt(() => request("walk", { action }));
    },
    onFrame(frame) {
      this.walk = frame.header.walk;
    },
    showState(status) {
      this.training = status.state === "training";
    },
  },
  mounted() {
    if (last("frame")) this.onFrame(last("frame"));
    if (last("status")) this.showState(last("status"));
    this.offs = [on("frame", this.onFrame), on("status", this.showState)];
  },
  unmounted() {
    this.offs.forEach((off) => off());
  },
};
