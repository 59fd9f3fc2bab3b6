const [HEIGHT, TOP, BOTTOM, SIDE] = [310, 26, 28, 44];

/** Candidates as lines across their settings to what they reached (parallel coordinates). */
export default {
  template: `
    <div ref="frame" class="g-parallel">
      <svg :width="width" :height="${HEIGHT}" role="img" data-test="parallel" :data-lines="lines.length"
           :aria-label="lines.length + ' candidates across ' + axes.map(({ name }) => name).join(', ')">
        <path v-for="(each, rank) in drawn" :key="rank" :d="each.path" :class="{ 'g-without': !each.scored }" class="g-candidate"
              :style="{ opacity: each.opacity }"><title>{{ each.scored ? 'candidate ' + (each.rank + 1) : 'without a result' }}</title></path>
        <g v-for="(axis, place) in axes" :key="axis.name">
          <line :x1="x(place)" :x2="x(place)" :y1="y(0)" :y2="y(1)" class="g-axis" />
          <text v-for="[height, label] in axis.labels" :key="height" :x="x(place) + 4" :y="y(height) + 4" class="g-axis-label">{{ label }}</text>
          <text :x="x(place)" :y="${HEIGHT - 6}" class="g-axis-name" :text-anchor="anchor(place)">{{ axis.name }}</text>
        </g>
      </svg>
    </div>`,
  props: { axes: { type: Array, default: () => [] }, lines: { type: Array, default: () => [] }, lowest: { type: Number, default: 0 } },
  data: () => ({ width: 400 }),
  computed: {
    /** Lines from the worst to the best, so that the best lie above others. */
    drawn() {
      const scored = this.lines.filter((line) => line.at(-1) !== null).length;
      return this.lines.map((line, rank) => {
        const places = line.filter((height) => height !== null).map((height, place) => `${this.x(place)},${this.y(height)}`);
        const isScored = line.at(-1) !== null;
        return { path: `M${places.join("L")}`, rank, scored: isScored, opacity: isScored ? 1 - 0.85 * (rank / Math.max(1, scored - 1)) ** 0.6 : 0.6 };
      }).reverse();
    },
  },
  methods: {
    x(place) {
      return SIDE + (place * (this.width - 2 * SIDE - 16)) / Math.max(1, this.axes.length - 1);
    },
    y(height) {
      return TOP + ((1 - height) / (1 - this.lowest)) * (HEIGHT - TOP - BOTTOM);
    },
    anchor(place) {
      return place === 0 ? "start" : place === this.axes.length - 1 ? "end" : "middle";
    },
  },
  mounted() {
    this.sizes = new ResizeObserver(([{ contentRect }]) => {
      this.width = Math.max(contentRect.width, 110 * this.axes.length);
    });
    this.sizes.observe(this.$refs.frame);
  },
  unmounted() {
    this.sizes.disconnect();
  },
};
