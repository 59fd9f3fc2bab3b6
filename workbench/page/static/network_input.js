/** Pointer, wheel, touch and keyboard events of the canvas, as actions of the network view. */

const STILL = 4; // pixels that a pointer may move and still click
const WHEEL = 0.0022;
const KEY_ZOOM = 1.3;
const PAN = 60;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @typedef {object} Actions called for events
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(x: number, y: number, append: boolean) => void} click
 * @property {(across: number, down: number) => void} step to a neighbour
 * @property {(change: number) => void} changeLayer
 * @property {() => [number, number] | null} [middle] the point of the canvas that the keys zoom around
 * @property {() => void} addChosen
 * @property {() => void} deselect
 */

/** Listens to a canvas until `stop`. */
export class InputHandler {
  /** @param {HTMLCanvasElement} canvas @param {import("/assets/network_camera.js").Camera} camera @param {Actions} actions */
  constructor(canvas, camera, actions) {
    Object.assign(this, { canvas, camera, actions, pointers: new Map(), moved: false });
    this.listening = new AbortController();
    const listen = (name, handler, options) =>
      canvas.addEventListener(name, handler.bind(this), { signal: this.listening.signal, ...options });
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.up);
    listen("pointerleave", () => actions.leave());
    listen("click", this.click);
    listen("dblclick", () => camera.fit());
    listen("wheel", this.wheel, { passive: false });
    listen("keydown", this.key);
  }

  stop() {
    this.listening.abort();
  }

  /** The point of an event on the canvas. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event) {
    if (event.button !== 0) return;
    if (!this.pointers.size) this.moved = false;
    this.pointers.set(event.pointerId, { ...this.at(event), start: this.at(event) });
    if (this.pointers.size > 1) this.moved = true;
  }

  move(event) {
    const point = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.actions.hover(point.x, point.y);
      return;
    }
    const far = Math.hypot(point.x - before.start.x, point.y - before.start.y) > STILL;
    if (far && !this.moved) {
      this.moved = true;
      this.canvas.setPointerCapture(event.pointerId);
      this.actions.leave();
    }
    if (!this.moved) return;
    if (this.pointers.size > 1) this.pinch(event.pointerId, before, point);
    else if (event.pointerType !== "touch" || !this.camera.fits) this.camera.pan(point.x - before.x, point.y - before.y);
    this.pointers.set(event.pointerId, { ...point, start: before.start });
  }

  pinch(id, before, point) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, value]) => value);
    const distance = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    this.camera.pan((point.x - before.x) / 2, (point.y - before.y) / 2);
    this.camera.zoomAt((point.x + other.x) / 2, (point.y + other.y) / 2, distance(point) / distance(before));
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }

  click(event) {
    if (this.moved || event.detail > 1) return; // a drag, or the second half of a double click
    const { x, y } = this.at(event);
    this.actions.click(x, y, event.ctrlKey || event.metaKey || event.shiftKey);
  }

  /** The plain wheel belongs to the page where it can scroll, until the canvas has the focus. */
  wheel(event) {
    const page = document.scrollingElement;
    const scrolls = page.scrollHeight > page.clientHeight + 1 && document.activeElement !== this.canvas;
    if (scrolls && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
    const faster = event.ctrlKey ? 4 : 1; // a pinch on a touchpad comes as a slow wheel
    const { x, y } = this.at(event);
    this.camera.zoomAt(x, y, Math.exp(-Math.max(-250, Math.min(250, event.deltaY * unit * faster)) * WHEEL));
    this.actions.hover(x, y);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  actionOf({ key, shiftKey }) {
    const { camera, actions, canvas } = this;
    const middle = actions.middle?.() ?? [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const arrow = ARROWS[key];
    if (arrow && shiftKey) return () => camera.pan(-PAN * arrow[0], -PAN * arrow[1], true);
    if (arrow) return () => actions.step(...arrow);
    return {
      "+": () => camera.zoomAt(...middle, KEY_ZOOM, true),
      "=": () => camera.zoomAt(...middle, KEY_ZOOM, true),
      "-": () => camera.zoomAt(...middle, 1 / KEY_ZOOM, true),
      0: () => camera.fit(),
      PageUp: () => actions.changeLayer(-1),
      PageDown: () => actions.changeLayer(1),
      Enter: () => actions.addChosen(),
      Escape: () => actions.deselect(),
    }[key];
  }
}
