import { last, on, request } from "/assets/live.js";
import { Examples, TOOLS } from "/assets/examples.js";
import { NumberField, SliderField } from "/assets/fields.js";
import { drawImage, imageOf } from "/assets/images.js";
import { attempt } from "/assets/notices.js";

const GROUP = 4; // clips side by side where there is little room
const PERIOD = 250; // milliseconds from one frame to the next

/**
 * Several clips below one another: what is read, made and asked for. They play frame by frame, and the network shows
 * the chosen one at the frame that they have come to.
 */
export default {
  mixins: [Examples],
  components: { NumberField, SliderField },
  template: `
    <div>
      ${TOOLS}
      <div class="g-tools g-film" role="group" aria-label="Frame">
        <button type="button" class="g-button g-square" data-test="play" :aria-label="playing ? 'Pause' : 'Play'"
                :title="playing ? 'Pause' : 'Play'" @click="playing = !playing">
          <span class="g-icon" aria-hidden="true">{{ playing ? "pause" : "play_arrow" }}</span></button>
        <SliderField data-test="moment" aria-label="Frame" :low="0" :high="Math.max(1, moments - 1)" step="1" :value="moment"
                     :aria-valuetext="spoken" @slide="seek" />
        <span class="g-muted g-number" data-test="moment-text">{{ spoken }}</span>
      </div>
      <div class="g-images" :style="{ '--rows': films.length + 1 }" role="radiogroup" data-test="clips" :data-step="step"
           aria-label="Clips: the chosen one is shown in the network" @keydown="press">
        <template v-for="index in shown" :key="index">
          <div v-if="index % ${GROUP} === 1" class="g-image-captions" :class="{ 'g-again': index > 1 }" aria-hidden="true">
            <span v-for="name in films" :key="name">{{ titled(name) }}</span><span>Error</span></div>
          <button type="button" class="g-image" role="radio" ref="columns"
                  :aria-checked="index - 1 === entry" :tabindex="index - 1 === entry ? 0 : -1"
                  :aria-label="caption(index - 1)" :title="caption(index - 1)" @click="pick(index - 1)">
            <canvas v-for="(name, row) in films" :key="name" ref="canvases" width="1" height="1"
                    :data-test="'clip-' + row + '-' + (index - 1)"></canvas>
            <span class="g-number g-image-error" :data-test="'clip-error-' + (index - 1)">{{ error(index - 1) }}</span>
          </button>
        </template>
      </div>
      <p class="g-image-note g-muted g-small">{{ note }}</p>
    </div>`,
  data: () => ({ films: [], moments: 1, moment: 0, step: 0, playing: true }),
  computed: {
    spoken() {
      return `Frame ${this.moment + 1} of ${this.moments}`;
    },
    /** Explains the rows where there is no room for captions. */
    note() {
      return `From top to bottom: ${[...this.films, "error"].join(", ")}.`;
    },
  },
  methods: {
    titled: (name) => name[0].toUpperCase() + name.slice(1),
    async show(clips) {
      this.clips = Vue.markRaw(clips);
      Object.assign(this, { films: clips.names, moments: clips.moments, step: clips.step });
      await this.$nextTick();
      this.draw();
    },
    /** Draw the frames of the moment; shorter films stay at their last. */
    draw() {
      const { films, clips } = this;
      for (let index = 0; index < this.shown; index++) {
        films.forEach((_, row) => {
          const film = clips?.[`clip ${row}`];
          const canvas = this.$refs.canvases?.[index * films.length + row];
          if (!canvas || index >= film.shape[0]) return;
          const steps = film.shape[1];
          drawImage(canvas, imageOf(film, index * steps + Math.min(this.moment, steps - 1)));
        });
      }
    },
    async take({ header }) {
      this.follow(header);
      this.seen = header.moment;
      this.asked = false;
      if (!this.playing && header.moment !== this.moment) this.moment = header.moment; // chosen in another page
      await this.$nextTick();
      this.draw();
    },
    tick() {
      if (!this.playing || this.moments < 2 || document.visibilityState === "hidden") return;
      this.moment = (this.moment + 1) % this.moments;
      this.draw();
      if (!this.asked) this.ask(); // the network follows as fast as it is shown
    },
    seek(moment) {
      this.playing = false;
      this.moment = moment;
      this.draw();
      this.ask();
    },
    async ask() {
      this.asked = true;
      await attempt(() => request("choose_moment", { number: this.moment }));
    },
  },
  mounted() {
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (last("clips")) this.show(last("clips"));
    if (last("frame")) this.take(last("frame"));
    this.offs = [on("clips", this.show), on("frame", this.take)];
    this.timer = setInterval(this.tick, PERIOD);
  },
  unmounted() {
    this.offs.forEach((off) => off());
    clearInterval(this.timer);
  },
};
