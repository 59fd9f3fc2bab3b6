/** What charts of lines over the steps share; a chart has an element `chart` and a method `draw`. */

import { Axis } from "/assets/axis.js";
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
  line(name, data, tone, { lineStyle: { width: 1, opacity: paleness() }, itemStyle: { opacity: paleness() }, sampling: "lttb" });

const paleness = () => (document.body.classList.contains("body--dark") ? 0.55 : 0.35);

/** A value to compare with, across the chart. */
export const level = (name, data, number) =>
  line(name, data, "muted", { lineStyle: { width: 1.5, type: LEVELS[number % LEVELS.length] }, symbol: "none" });

const LEVELS = [[6, 3], [2, 3], [9, 3, 2, 3]]; // how levels are dashed
const LETTER = 6; // pixels of a letter of a legend, about

export const DASHED = { lineStyle: { width: 2, type: [6, 3] } };

const [TICK_WIDTH, ROWS] = [44, 5]; // pixels for a number below a chart; how many are beside it
const ROOM = 0.06; // of the height, above and below the lines

/**
 * Options of a chart of lines.
 * @param {object[]} series
 * @param {object} more its scale, which part of its width is seen (from, to), which lines the legend has, in what width, and
 * what not every chart has
 */
export function options(series, { logarithmic = false, part = [0, 1], legend = series.map(({ name }) => name), width = Infinity, ...more } = {}) {
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
    ...scales(series.flatMap(({ data }) => data), part, logarithmic, width, axis, border),
    series,
    ...more,
  };
}

/** Both axes, as far as the points in a part of the width reach, with round numbers. */
function scales(points, part, logarithmic, width, axis, border) {
  const [start, end] = extent(points.map(([x]) => x));
  const [from, to] = part.map((share) => start + share * (end - start));
  const seen = points.filter(([x, y]) => x >= from && x <= to && Number.isFinite(y) && y !== null && (!logarithmic || y > 0));
  const [low, high] = withRoom(extent(seen.map(([, y]) => y)), logarithmic);
  const whole = points.every(([x]) => Number.isInteger(x));
  const across = new Axis(from, to, 0, 1, "linear").ticks(Math.max(3, Math.min(8, Math.floor(width / TICK_WIDTH))));
  const upward = new Axis(low, high, 0, 1, logarithmic ? "log" : "linear").ticks(ROWS);
  const ticked = (customValues, formatter) => ({
    ...axis, axisTick: { ...axis.axisTick, customValues }, axisLabel: { ...axis.axisLabel, hideOverlap: true, customValues, formatter },
  });
  const known = Number.isFinite(start);
  const inside = across.filter((tick) => !whole || Number.isInteger(tick));
  return {
    xAxis: { type: "value", splitLine: { show: false }, ...(known ? { min: from, max: to, ...ticked(inside, (value) => digits(value, 6)) } : axis) },
    yAxis: { type: logarithmic ? "log" : "value", splitLine: border, ...(seen.length ? { min: low, max: high, ...ticked(upward, (value) => digits(value)) } : axis) },
  };
}

/** The smallest and the largest, without a limit on how many there are. */
function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** A little more than what is between two numbers, and something where they are the same. */
function withRoom([low, high], logarithmic) {
  if (logarithmic) {
    const room = (high / low) ** ROOM;
    return low === high ? [low / 2, high * 2] : [low / room, high * room];
  }
  const room = high > low ? ROOM * (high - low) : Math.abs(high) / 10 || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
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
