/** What charts of lines over the steps share; a chart has an element `chart` and a method `draw`. */

import { last, on } from "/assets/live.js";
import { digits, loss } from "/assets/format.js";

export const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--ganglion-${name}`).trim();

/** A line. @param {[number, number | null][]} data @param {string} tone a colour of the theme */
export const line = (name, data, tone, extra = {}) => ({
  name, data, type: "line", showSymbol: data.length < 2, symbolSize: 4, animation: false,
  color: colour(tone), lineStyle: { width: 2 }, ...extra,
});

/** A line of single steps, behind that of their means. */
export const faint = (name, data, tone) =>
  line(name, data, tone, { lineStyle: { width: 1, opacity: 0.3 }, itemStyle: { opacity: 0.3 }, sampling: "lttb" });

/** A value to compare with, across the chart. */
export const level = (name, data, number) =>
  line(name, data, "muted", { lineStyle: { width: 1.5, type: LEVELS[number % LEVELS.length] }, symbol: "none" });

const LEVELS = [[6, 3], [2, 3], [9, 3, 2, 3]]; // how levels are dashed
const LETTER = 6; // pixels of a letter of a legend, about

export const DASHED = { lineStyle: { width: 2, type: [6, 3] } };

/**
 * Options of a chart of lines.
 * @param {object[]} series
 * @param {object} more its scale, which lines the legend has, in what width, and what not every chart has
 */
export function options(series, { logarithmic = false, legend = series.map(({ name }) => name), width = Infinity, ...more } = {}) {
  const border = { lineStyle: { color: colour("border") } };
  const axis = { axisLine: border, axisTick: border, axisLabel: { color: colour("muted"), fontSize: 11 } };
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: { left: 8, right: 16, top: 14 + 18 * linesOf(legend, width), bottom: 4, containLabel: true },
    legend: { data: legend.map(swatch(series)), top: 0, left: 0, itemWidth: 18, itemHeight: 3, textStyle: { color: colour("muted"), fontSize: 12 } },
    tooltip: {
      trigger: "axis", valueFormatter: loss, confine: true, transitionDuration: 0,
      backgroundColor: colour("surface"), borderColor: colour("border"),
      textStyle: { color: colour("ink"), fontSize: 12 },
    },
    xAxis: { type: "value", min: "dataMin", max: "dataMax", splitLine: { show: false }, ...axis,
             axisLabel: { ...axis.axisLabel, hideOverlap: true, showMinLabel: true } },
    yAxis: { type: logarithmic ? "log" : "value", scale: true, ...axis,
             splitLine: border, axisLabel: { ...axis.axisLabel, formatter: (value) => digits(value, 2) } },
    series,
    ...more,
  };
}

/** In a legend lines are bars of their colour, and levels are dashed as they are in the chart. */
const swatch = (series) => (name) => {
  const isLevel = series.find((each) => each.name === name)?.symbol === "none";
  return isLevel ? { name } : { name, icon: "roundRect" };
};

/** How many lines a legend takes. */
export function linesOf(names, width) {
  let [lines, left] = [1, width];
  for (const name of names) {
    const needed = 34 + LETTER * name.length;
    if (left < needed && left < width) [lines, left] = [lines + 1, width];
    left -= needed;
  }
  return lines;
}

/** Draws when there is a new curve, and when size or theme change. */
export const Chart = {
  async mounted() {
    this.curve = last("curve") ?? null;
    this.off = on("curve", (curve) => {
      this.curve = curve;
      this.draw();
    });
    const { echarts } = await import("nicegui-echart");
    this.drawn = Vue.markRaw(echarts.init(this.$refs.chart));
    this.prepare?.();
    this.sizes = new ResizeObserver(() => this.drawn.resize());
    this.sizes.observe(this.$refs.chart);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.draw();
  },
  unmounted() {
    this.off();
    this.sizes?.disconnect();
    this.theme?.disconnect();
    this.drawn?.dispose();
  },
};
