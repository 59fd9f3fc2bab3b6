/** What charts whose lines are properties share: they are drawn anew when size or theme change, by a method `draw`. */

import { colour } from "/assets/charts.js";

export const Drawn = {
  methods: {
    /** Show options with a caption below the axis. */
    setChart(set, caption, minInterval = undefined) {
      Object.assign(set.xAxis, {
        minInterval, name: caption, nameLocation: "middle", nameGap: 22, nameTextStyle: { color: colour("muted"), fontSize: 11 },
      });
      set.grid.bottom = 22;
      this.drawn.setOption(set, { notMerge: true });
    },
  },
  async mounted() {
    const { echarts } = await import("nicegui-echart");
    if (!this.$refs.chart) return;
    this.drawn = Vue.markRaw(echarts.init(this.$refs.chart));
    this.sizes = new ResizeObserver(() => {
      this.drawn.resize();
      this.draw();
    });
    this.sizes.observe(this.$refs.chart);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.draw();
  },
  unmounted() {
    this.sizes?.disconnect();
    this.theme?.disconnect();
    this.drawn?.dispose();
  },
};
