/** The network on a canvas: takes frames from the run and draws them, no more often than the screen shows them. */

import { gradientOf, MIDDLE, readTheme } from "/assets/colours.js";
import { last, on, request, setKinds } from "/assets/live.js";
import { Selection } from "/assets/network_selection.js";
import { drawCaption, drawFlow, drawLayer, makeHatching } from "/assets/network_draw.js";
import { middleOfNeuron } from "/assets/network_geometry.js";
import { InputHandler } from "/assets/network_input.js";
import { leastHeight } from "/assets/network_layout.js";
import { course, drawCurves, drawHighlighted, pointOf } from "/assets/network_links.js";
import { drawMarkers, drawRing, drawWindow } from "/assets/network_markers.js";
import { Scene } from "/assets/network_scene.js";
import { SvgContext } from "/assets/svg_context.js";

const STRONG = 0.9; // opacity of the strongest connection
const FAINT = 0.75;
const FAINTER = 0.2;

export class NetworkCanvas {
  run = null;
  isVisible = false;
  drawing = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("/assets/network_selection.js").Listeners & {showLegend: (legend: object) => void}} listeners
   */
  constructor(canvas, listeners) {
    Object.assign(this, { canvas, listeners, context: canvas.getContext("2d"), status: last("status") ?? {} });
    const changed = () => this.changed();
    this.scene = new Scene(canvas, changed);
    this.selection = new Selection(this.scene, listeners, changed);
    this.input = this.makeInput();
    this.ends = [
      on("frame", (frame) => this.receiveFrame(frame)),
      on("open", () => this.loadLayers()),
      on("status", (status) => this.receiveStatus(status)),
      on("findings", (findings) => this.flag(findings)),
    ];
    this.observers = [
      observe(ResizeObserver, () => this.resize(), canvas),
      observe(NearbyObserver, (entries) => this.setVisible(entries.at(-1).isIntersecting), canvas),
      observe(MutationObserver, () => this.changeTheme(), document.body, { attributeFilter: ["class"] }),
    ];
    canvas.dataset.frames = 0;
    canvas.cellAt = (layer, neuron) => this.onPage(this.scene.camera.project(middleOfNeuron(this.scene.blocks[layer], neuron)));
    canvas.curveAt = (layer, target, source) => this.onPage(this.middleOfCurve({ layer, target, source }));
    this.changeTheme();
    if (last("connection")) this.loadLayers();
  }

  makeInput() {
    const { selection, canvas } = this;
    return new InputHandler(canvas, this.scene.camera, {
      hover: (x, y) => selection.hover(x, y),
      leave: () => selection.leave(),
      click: (x, y, append) => {
        canvas.focus({ preventScroll: true });
        selection.click(x, y, append);
      },
      step: (across, down) => selection.step(across, down),
      changeLayer: (change) => selection.changeLayer(change),
      middle: () => selection.pointOfChosen(),
      addChosen: () => selection.addChosen(),
      deselect: () => selection.deselect(),
    });
  }

  stop() {
    setKinds(this, []);
    for (const end of this.ends) end();
    for (const observer of this.observers) observer.disconnect();
    this.input.stop();
    this.selection.stop();
    this.scene.camera.stop();
    cancelAnimationFrame(this.drawing);
  }

  async loadLayers() {
    const { header } = await request("overview").catch(() => ({}));
    if (!header) return; // the connection is lost; with the next one the layers are requested again
    const before = JSON.stringify(this.scene.layers);
    if (JSON.stringify(header.layers) !== before) {
      this.canvas.parentElement.style.setProperty("--layers", header.layers.length);
      this.scene.setLayers(header.layers);
      this.makeRoom();
      this.selection.reset();
    }
    if (last("frame")) this.receiveFrame(last("frame"));
    this.changed();
  }

  receiveFrame({ header, arrays }) {
    if (this.run !== null && header.run !== this.run) this.loadLayers();
    this.run = header.run;
    const numbers = arrays[this.scene.kind];
    if (!numbers || !this.scene.setValues(this.scene.kind, numbers.data)) return;
    this.fresh = true;
    this.selection.refresh();
    this.changed();
  }

  receiveStatus(status) {
    this.status = status;
    this.changed();
  }

  /** Mark the layers in which something was found. */
  flag(findings) {
    this.scene.flagged = new Set(findings.map(({ layer }) => layer));
    this.changed();
  }

  setKind(kind) {
    this.scene.kind = kind;
    this.setVisible(this.isVisible);
    this.showLegend();
  }

  /** Numbers are requested only while the canvas is visible. */
  setVisible(isVisible) {
    this.isVisible = isVisible;
    setKinds(this, isVisible ? [this.scene.kind] : []);
    this.changed();
  }

  /** Ask for the height that the layers need in the width there is. */
  makeRoom() {
    const { layers } = this.scene;
    if (!layers.length || !this.canvas.clientWidth) return;
    this.canvas.parentElement.style.setProperty("--least", `${leastHeight(layers, this.canvas.clientWidth)}px`);
  }

  resize() {
    this.makeRoom();
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
    this.selection.refresh();
    this.makeHatching();
    this.showLegend();
    this.changed();
  }

  makeHatching() {
    this.hatching = makeHatching(this.context, this.scene.theme, this.scene.size.ratio);
  }

  showLegend() {
    const { kind, theme } = this.scene;
    const gradient = gradientOf(theme.diverging, kind === "change" ? MIDDLE : 0);
    this.listeners.showLegend({ kind, gradient, hasCurves: this.hasCurves });
  }

  get hasCurves() {
    return this.selection.curves.length + this.selection.wiring.length > 0;
  }

  /** Draw before the screen shows its next picture. */
  changed() {
    if (!this.drawing) this.drawing = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const { context, scene, selection } = this;
    const { width, height, ratio } = scene.size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!scene.isReady || !this.isVisible) return;
    this.canvas.style.touchAction = scene.camera.fits ? "pan-y" : "none";
    this.drawOn(context, this.hatching);
    if (this.hadCurves !== this.hasCurves) {
      this.hadCurves = this.hasCurves;
      this.showLegend();
    }
    if (!this.fresh) return;
    this.fresh = false;
    this.canvas.dataset.frames = Number(this.canvas.dataset.frames) + 1;
  }

  drawOn(context, hatching) {
    const { scene, selection } = this;
    drawFlow(context, scene);
    this.drawLayers(context, hatching, false);
    drawCurves(context, selection.wiring, scene, this.wiringOpacity());
    drawCurves(context, selection.curves, scene, STRONG);
    this.drawLayers(context, hatching, true);
    scene.layers.forEach((_, layer) => drawCaption(context, scene, layer));
    this.drawMarks(context);
  }

  /** Curves end at circles, but lie over cells. */
  drawLayers(context, hatching, areRound) {
    this.scene.layers.forEach((_, layer) => {
      if (this.scene.isRound(layer) === areRound) drawLayer(context, this.scene, layer, hatching);
    });
  }

  /** What is seen now, as SVG. */
  asVector() {
    const { width, height, ratio } = this.scene.size;
    const drawn = new SvgContext(width, height, this.scene.theme.css.surface);
    this.drawOn(drawn, makeHatching(drawn, this.scene.theme, ratio));
    return new Blob([drawn.text()], { type: "image/svg+xml" });
  }

  /** What is seen now, as PNG. */
  async asPixels() {
    const { width, height } = this.canvas;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext("2d");
    context.fillStyle = this.scene.theme.css.surface;
    context.fillRect(0, 0, width, height);
    context.drawImage(this.canvas, 0, 0);
    return copy.convertToBlob({ type: "image/png" });
  }

  wiringOpacity() {
    if (this.selection.strongest !== null) return STRONG;
    return this.selection.curves.length ? FAINTER : FAINT;
  }

  drawMarks(context) {
    const { scene, selection } = this;
    const { hovered, chosen } = selection;
    if (selection.chosenWindow) drawWindow(context, scene, scene.layers[chosen.layer].sources[0], selection.chosenWindow, true);
    if (hovered?.place && selection.hoverWindow) drawWindow(context, scene, scene.layers[hovered.place.layer].sources[0], selection.hoverWindow, false);
    if (hovered?.connection) drawHighlighted(context, hovered.connection, scene);
    if (hovered?.place) drawRing(context, scene, hovered.place, false);
    if (chosen) drawRing(context, scene, chosen, true);
    drawMarkers(context, scene, this.status, [...selection.curves, ...selection.wiring]);
  }

  onPage(point) {
    const box = this.canvas.getBoundingClientRect();
    return point && { x: point.x + box.left, y: point.y + box.top };
  }

  /** The middle of a connection that is drawn, or null. */
  middleOfCurve({ layer, target, source }) {
    const drawn = [...this.selection.curves, ...this.selection.wiring];
    const found = drawn.find((each) => each.layer === layer && each.target === target && each.source === source);
    return found ? pointOf(course(found, this.scene.blocks, this.scene.camera), 0.5) : null;
  }
}

/** Reports a canvas that is up to a screen away too: its numbers are there when it is scrolled to. */
class NearbyObserver extends IntersectionObserver {
  constructor(callback) {
    super(callback, { rootMargin: "100%" });
  }
}

function observe(Observer, callback, element, options) {
  const observer = new Observer(callback);
  observer.observe(element, options);
  return observer;
}
