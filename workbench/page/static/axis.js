/** An axis of a chart: where numbers lie on it, and which of them are written beside it. */

const NICE = [1, 2, 5, 10];

/** Numbers that may be zero on a scale that is logarithmic beyond one. */
const KINDS = {
  linear: { on: (value) => value, shows: () => true },
  log: { on: Math.log10, shows: (value) => value > 0 },
  steps: { on: (value) => Math.log10(1 + value), shows: (value) => value >= 0 },
};

export class Axis {
  /**
   * @param {number} low @param {number} high
   * @param {number} from pixels of the low end @param {number} to pixels of the high end
   * @param {"linear" | "log" | "steps"} kind
   */
  constructor(low, high, from, to, kind) {
    Object.assign(this, { low, high, from, to, kind });
    const { on } = KINDS[kind];
    [this.start, this.length] = [on(low), on(high) - on(low) || 1];
  }

  /** Whether a number has a place. */
  shows(value) {
    return Number.isFinite(value) && KINDS[this.kind].shows(value);
  }

  /** The pixel of a number. */
  place(value) {
    return this.from + ((KINDS[this.kind].on(value) - this.start) / this.length) * (this.to - this.from);
  }

  /** At most about so many round numbers. */
  ticks(most) {
    const found = this.kind === "linear" ? this.even(most) : this.decades(most);
    return found.filter((value) => value >= this.low && value <= this.high);
  }

  even(most) {
    const size = (this.high - this.low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(size));
    const step = power * NICE.find((nice) => nice * power >= size * 0.999);
    const first = Math.ceil(this.low / step);
    return Array.from({ length: most + 2 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  }

  /** Powers of ten, or some between where there are few; where these are still too many, every second and so on. */
  decades(most) {
    const first = Math.floor(Math.log10(Math.max(this.low, 1e-30)));
    const last = Math.ceil(Math.log10(Math.max(this.high, 1e-30)));
    const lowest = this.kind === "steps" ? 0 : first;
    const powers = Array.from({ length: last - lowest + 1 }, (_, index) => 10 ** (lowest + index));
    const between = powers.flatMap((power) => [1, 2, 5].map((nice) => Number((nice * power).toPrecision(3))));
    const inside = (values) => values.filter((value) => value >= this.low && value <= this.high);
    const values = inside(between).length <= most ? between : powers;
    if (inside(values).length < 2) return this.even(most);
    const stride = Math.ceil(inside(values).length / most);
    return [...(this.kind === "steps" ? [0] : []), ...inside(values).filter((_, index) => index % stride === 0)];
  }
}
