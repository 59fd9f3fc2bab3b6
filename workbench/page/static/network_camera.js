/** The visible part of the view: zoom and pan, with a short animation unless the person prefers no motion. */

const GLIDE = 180;
const LEAST = 0.5;
const MOST = 80;
const INSIDE = 60; // pixels of the network that always stay visible

export class Camera {
  x = 0;
  y = 0;
  zoom = 1;
  size = { width: 0, height: 0 };

  /** @param {() => void} changed called whenever the visible part has changed */
  constructor(changed) {
    this.changed = changed;
    this.animation = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  get fits() {
    return this.zoom === 1 && this.x === 0 && this.y === 0;
  }

  /** From the view to the canvas. */
  project({ x, y }) {
    return { x: x * this.zoom + this.x, y: y * this.zoom + this.y };
  }

  /** From the canvas to the view. */
  unproject(x, y) {
    return { x: (x - this.x) / this.zoom, y: (y - this.y) / this.zoom };
  }

  /** Zoom around a point of the canvas. */
  zoomAt(x, y, factor, glide = false) {
    const from = this.goal ?? this;
    const zoom = Math.min(MOST, Math.max(LEAST, from.zoom * factor));
    const share = zoom / from.zoom;
    this.moveTo({ x: x - (x - from.x) * share, y: y - (y - from.y) * share, zoom }, glide);
  }

  pan(across, down, glide = false) {
    const from = this.goal ?? this;
    this.moveTo({ x: from.x + across, y: from.y + down, zoom: from.zoom }, glide);
  }

  /** Show everything. */
  fit(glide = true) {
    this.moveTo({ x: 0, y: 0, zoom: 1 }, glide);
  }

  moveTo(wish, glide) {
    const goal = this.inSight(wish);
    cancelAnimationFrame(this.animation);
    if (!glide || this.still.matches) {
      this.goal = null;
      Object.assign(this, goal);
      this.changed();
      return;
    }
    this.goal = goal;
    const start = { x: this.x, y: this.y, zoom: this.zoom, time: performance.now() };
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - start.time) / GLIDE));
      const eased = 1 - (1 - share) ** 3;
      for (const key of ["x", "y", "zoom"]) this[key] = start[key] + eased * (goal[key] - start[key]);
      this.changed();
      if (share < 1) this.animation = requestAnimationFrame(step);
      else {
        Object.assign(this, goal);
        this.goal = null;
      }
    };
    this.animation = requestAnimationFrame(step);
  }

  inSight({ x, y, zoom }) {
    const limit = (place, size) => Math.max(INSIDE - size * zoom, Math.min(size - INSIDE, place));
    return { x: limit(x, this.size.width), y: limit(y, this.size.height), zoom };
  }

  stop() {
    cancelAnimationFrame(this.animation);
  }
}
