/** The network on a canvas: takes frames from the run and draws them, no more often than the screen shows them. */

import { gradientOf, MIDDLE, readTheme } from "/assets/colours.js";
import { last, on, request, setKinds } from "/assets/live.js";
import { Attention } from "/assets/network_selection.js";
import { drawCaption, drawFlow, drawLayer, makeHatching } from "/assets/network_draw.js";
import { middleOfNeuron } from "/assets/network_geometry.js";
import { Hand } from "/assets/network_input.js";
import { course, drawCurves, drawStrong, pointOf } from "/assets/network_links.js";
import { drawMarkers, drawRing, drawWindow } from "/assets/network_markers.js";
import { Scene } from "/assets/network_scene.js";

const STRONG = 0.9; // opacity of the strongest connection
const FAINT = 0.75;
const FAINTER = 0.2;

export class NetworkCanvas {
  run = null;
  isSeen = false;
  drawing = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("/assets/network_selection.js").Told & {legend: (legend: object) => void}} told
   */
  constructor(canvas, told) {
    Object.assign(this, { canvas, told, context: canvas.getContext("2d"), status: last("status") ?? {} });
    const changed = () => this.changed();
    this.scene = new Scene(canvas, changed);
    this.attention = new Attention(this.scene, told, changed);
    this.hand = this.makeHand();
    this.ends = [
      on("frame", (frame) => this.takeFrame(frame)),
      on("open", () => this.loadLayers()),
      on("status", (status) => this.takeStatus(status)),
    ];
    this.watchers = [
      watch(ResizeObserver, () => this.resize(), canvas),
      watch(NearbyObserver, (entries) => this.see(entries.at(-1).isIntersecting), canvas),
      watch(MutationObserver, () => this.changeTheme(), document.body, { attributeFilter: ["class"] }),
    ];
    canvas.dataset.frames = 0;
    canvas.cellAt = (layer, neuron) => this.onPage(this.scene.camera.project(middleOfNeuron(this.scene.blocks[layer], neuron)));
    canvas.curveAt = (layer, target, source) => this.onPage(this.middleOfCurve({ layer, target, source }));
    this.changeTheme();
    if (last("connection")) this.loadLayers();
  }

  makeHand() {
    const { attention, canvas } = this;
    return new Hand(canvas, this.scene.camera, {
      hover: (x, y) => attention.hover(x, y),
      leave: () => attention.leave(),
      click: (x, y, append) => {
        canvas.focus({ preventScroll: true });
        attention.click(x, y, append);
      },
      step: (across, down) => attention.step(across, down),
      changeLayer: (change) => attention.changeLayer(change),
      confirm: () => attention.confirm(),
      letGo: () => attention.letGo(),
    });
  }

  stop() {
    setKinds(this, []);
    for (const end of this.ends) end();
    for (const watcher of this.watchers) watcher.disconnect();
    this.hand.stop();
    this.attention.stop();
    this.scene.camera.stop();
    cancelAnimationFrame(this.drawing);
  }

  async loadLayers() {
    const { header } = await request("overview").catch(() => ({}));
    if (!header) return; // the connection is lost; with the next one the layers are asked for again
    const before = JSON.stringify(this.scene.layers);
    if (JSON.stringify(header.layers) !== before) {
      this.scene.setLayers(header.layers);
      this.attention.reset();
    }
    if (last("frame")) this.takeFrame(last("frame"));
    this.changed();
  }

  takeFrame({ header, arrays }) {
    if (this.run !== null && header.run !== this.run) this.loadLayers();
    this.run = header.run;
    const numbers = arrays[this.scene.kind];
    if (!numbers || !this.scene.setValues(this.scene.kind, numbers.data)) return;
    this.fresh = true;
    this.attention.refresh();
    this.changed();
  }

  takeStatus(status) {
    this.status = status;
    this.changed();
  }

  setKind(kind) {
    this.scene.kind = kind;
    this.see(this.isSeen);
    this.tellLegend();
  }

  /** Numbers are asked for only while the canvas is in sight. */
  see(isSeen) {
    this.isSeen = isSeen;
    setKinds(this, isSeen ? [this.scene.kind] : []);
    this.changed();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.scene.size = { width, height, ratio };
    this.scene.arrange();
    this.makeHatching();
    this.draw(); // at once: a canvas of another size is empty
  }

  changeTheme() {
    this.scene.theme = readTheme(this.canvas);
    this.scene.paint();
    this.attention.refresh();
    this.makeHatching();
    this.tellLegend();
    this.changed();
  }

  makeHatching() {
    this.hatching = makeHatching(this.context, this.scene.theme, this.scene.size.ratio);
  }

  tellLegend() {
    const { kind, theme } = this.scene;
    const gradient = gradientOf(theme.diverging, kind === "change" ? MIDDLE : 0);
    this.told.legend({ kind, gradient, hasCurves: this.hasCurves });
  }

  get hasCurves() {
    return this.attention.curves.length + this.attention.wiring.length > 0;
  }

  /** Draw before the screen shows its next picture. */
  changed() {
    if (!this.drawing) this.drawing = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const { context, scene, attention } = this;
    const { width, height, ratio } = scene.size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!scene.isReady || !this.isSeen) return;
    this.canvas.style.touchAction = scene.camera.fits ? "pan-y" : "none";
    drawFlow(context, scene);
    this.drawLayers(false);
    drawCurves(context, attention.wiring, scene, this.wiringOpacity());
    drawCurves(context, attention.curves, scene, STRONG);
    this.drawLayers(true);
    scene.layers.forEach((_, layer) => drawCaption(context, scene, layer));
    this.drawMarks();
    if (this.hadCurves !== this.hasCurves) {
      this.hadCurves = this.hasCurves;
      this.tellLegend();
    }
    if (!this.fresh) return;
    this.fresh = false;
    this.canvas.dataset.frames = Number(this.canvas.dataset.frames) + 1;
  }

  /** Curves end at circles, but lie over cells. */
  drawLayers(areRound) {
    this.scene.layers.forEach((_, layer) => {
      if (this.scene.isRound(layer) === areRound) drawLayer(this.context, this.scene, layer, this.hatching);
    });
  }

  wiringOpacity() {
    if (this.attention.strongest !== null) return STRONG;
    return this.attention.curves.length ? FAINTER : FAINT;
  }

  drawMarks() {
    const { context, scene, attention } = this;
    const { hovered, chosen } = attention;
    if (attention.chosenWindow) drawWindow(context, scene, scene.layers[chosen.layer].sources[0], attention.chosenWindow, true);
    if (hovered?.place && attention.hoverWindow) drawWindow(context, scene, scene.layers[hovered.place.layer].sources[0], attention.hoverWindow, false);
    if (hovered?.connection) drawStrong(context, hovered.connection, scene);
    if (hovered?.place) drawRing(context, scene, hovered.place, false);
    if (chosen) drawRing(context, scene, chosen, true);
    drawMarkers(context, scene, this.status, [...attention.curves, ...attention.wiring]);
  }

  onPage(point) {
    const box = this.canvas.getBoundingClientRect();
    return point && { x: point.x + box.left, y: point.y + box.top };
  }

  /** The middle of a connection that is drawn, or null. */
  middleOfCurve({ layer, target, source }) {
    const drawn = [...this.attention.curves, ...this.attention.wiring];
    const found = drawn.find((each) => each.layer === layer && each.target === target && each.source === source);
    return found ? pointOf(course(found, this.scene.blocks, this.scene.camera), 0.5) : null;
  }
}

/** Tells of a canvas a screen away too: when it is scrolled to, its numbers are there. */
class NearbyObserver extends IntersectionObserver {
  constructor(told) {
    super(told, { rootMargin: "100%" });
  }
}

function watch(Watcher, told, element, options) {
  const watcher = new Watcher(told);
  watcher.observe(element, options);
  return watcher;
}
