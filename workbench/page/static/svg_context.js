/** A drawing context like that of a canvas, as far as the network is drawn with it, which writes SVG. */

const ALIGNED = { left: "start", center: "middle", right: "end" };
const LINES = { alphabetic: "alphabetic", middle: "central" };
const STATE = ["fillStyle", "strokeStyle", "lineWidth", "lineCap", "lineJoin", "globalAlpha", "font", "textAlign",
  "textBaseline", "imageSmoothingEnabled", "dash", "moved"];
const measure = new OffscreenCanvas(1, 1).getContext("2d");

/** At most two decimals. */
const short = (number) => String(Math.round(number * 100) / 100);
const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

export class SvgContext {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  lineCap = "butt";
  lineJoin = "miter";
  globalAlpha = 1;
  font = "10px sans-serif";
  textAlign = "left";
  textBaseline = "alphabetic";
  imageSmoothingEnabled = true;
  dash = [];
  moved = [0, 0];
  kept = [];
  parts = [];
  patterns = [];
  path = "";
  at = null;

  /** @param {number} width @param {number} height @param {string} background a colour */
  constructor(width, height, background) {
    Object.assign(this, { width, height });
    this.fillStyle = background;
    this.fillRect(0, 0, width, height);
  }

  /** The whole picture. */
  text() {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    const patterns = this.patterns.length ? `<defs>${this.patterns.join("")}</defs>` : "";
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${patterns}${this.parts.join("\n")}</svg>\n`;
  }

  save() {
    this.kept.push(Object.fromEntries(STATE.map((name) => [name, this[name]])));
  }

  restore() {
    Object.assign(this, this.kept.pop());
  }

  translate(x, y) {
    this.moved = [this.moved[0] + x, this.moved[1] + y];
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  measureText(text) {
    measure.font = this.font;
    return measure.measureText(text);
  }

  beginPath() {
    this.path = "";
    this.at = null;
  }

  moveTo(x, y) {
    this.path += `M${this.point(x, y)}`;
    this.at = [x, y];
  }

  lineTo(x, y) {
    this.path += `${this.at ? "L" : "M"}${this.point(x, y)}`;
    this.at = [x, y];
  }

  bezierCurveTo(ax, ay, bx, by, x, y) {
    this.path += `C${this.point(ax, ay)} ${this.point(bx, by)} ${this.point(x, y)}`;
    this.at = [x, y];
  }

  /** A circle or part of it, clockwise. */
  arc(x, y, radius, start, end) {
    const place = (angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    const size = (end - start + 2 * Math.PI) % (2 * Math.PI) || 2 * Math.PI;
    this.lineTo(...place(start));
    for (const angle of [start + size / 2, start + size]) {
      this.path += `A${short(radius)} ${short(radius)} 0 0 1 ${this.point(...place(angle))}`;
    }
    this.at = place(start + size);
  }

  /** A line towards a corner and round it, in the direction of the next one. */
  arcTo(x, y, nextX, nextY, radius) {
    const [before, after] = [[this.at[0] - x, this.at[1] - y], [nextX - x, nextY - y]];
    const [near, far] = [before, after].map((side) => Math.hypot(...side));
    if (!near || !far) return this.lineTo(x, y);
    const turn = Math.acos(Math.max(-1, Math.min(1, (before[0] * after[0] + before[1] * after[1]) / (near * far))));
    const cut = Math.min(radius / Math.tan(turn / 2), near, far);
    if (!Number.isFinite(cut) || cut < 1e-6) return this.lineTo(x, y);
    this.lineTo(x + (before[0] / near) * cut, y + (before[1] / near) * cut);
    const sweep = before[0] * after[1] - before[1] * after[0] < 0 ? 1 : 0;
    const end = [x + (after[0] / far) * cut, y + (after[1] / far) * cut];
    const rounded = cut * Math.tan(turn / 2);
    this.path += `A${short(rounded)} ${short(rounded)} 0 0 ${sweep} ${this.point(...end)}`;
    this.at = end;
    return undefined;
  }

  roundRect(x, y, width, height, radius) {
    const [right, bottom] = [x + width, y + height];
    this.moveTo(x + radius, y);
    for (const corner of [[right, y, right, bottom], [right, bottom, x, bottom], [x, bottom, x, y], [x, y, right, y]]) {
      this.arcTo(...corner, radius);
    }
    this.path += "Z";
  }

  closePath() {
    this.path += "Z";
  }

  fill() {
    this.add(`<path d="${this.path}" ${this.filled()}/>`);
  }

  stroke() {
    this.add(`<path d="${this.path}" fill="none" ${this.stroked()}/>`);
  }

  fillRect(x, y, width, height) {
    this.add(`<rect ${this.box(x, y, width, height)} ${this.filled()}/>`);
  }

  strokeRect(x, y, width, height) {
    this.add(`<rect ${this.box(x, y, width, height)} fill="none" ${this.stroked()}/>`);
  }

  fillText(text, x, y, most) {
    this.write(text, x, y, this.filled(), most);
  }

  strokeText(text, x, y, most) {
    this.write(text, x, y, `fill="none" ${this.stroked()}`, most);
  }

  write(text, x, y, style, most) {
    const wide = Math.min(this.measureText(text).width, most ?? Infinity); // also where the font is another one
    const [placeX, placeY] = [x + this.moved[0], y + this.moved[1]].map(short);
    const placed = `x="${placeX}" y="${placeY}" text-anchor="${ALIGNED[this.textAlign]}" dominant-baseline="${LINES[this.textBaseline]}"`;
    this.add(`<text ${placed} style="font: ${escaped(this.font)}" textLength="${short(wide)}" lengthAdjust="spacingAndGlyphs" ${style}>${escaped(text)}</text>`);
  }

  drawImage(image, fromX, fromY, wide, high, x, y, width, height) {
    const smooth = this.imageSmoothingEnabled ? "" : ' style="image-rendering: pixelated"';
    const link = linkOf(image, fromX, fromY, wide, high);
    this.add(`<image ${this.box(x, y, width, height)} preserveAspectRatio="none"${smooth} href="${link}"${this.faded("opacity")}/>`);
  }

  /** What is filled with it repeats a small picture, in the size that `setTransform` gives it. */
  createPattern(tile) {
    const name = `pattern-${this.patterns.length}`;
    const place = this.patterns.push("") - 1;
    const link = linkOf(tile, 0, 0, tile.width, tile.height);
    const setTransform = ({ a: scale }) => {
      const size = `width="${short(tile.width * scale)}" height="${short(tile.height * scale)}"`;
      this.patterns[place] = `<pattern id="${name}" patternUnits="userSpaceOnUse" ${size}><image ${size} href="${link}"/></pattern>`;
    };
    return { style: `url(#${name})`, setTransform };
  }

  add(part) {
    this.parts.push(part);
  }

  point(x, y) {
    return `${short(x + this.moved[0])} ${short(y + this.moved[1])}`;
  }

  box(x, y, width, height) {
    return `x="${short(x + this.moved[0])}" y="${short(y + this.moved[1])}" width="${short(width)}" height="${short(height)}"`;
  }

  filled() {
    return `fill="${escaped(this.fillStyle.style ?? this.fillStyle)}"${this.faded("fill-opacity")}`;
  }

  stroked() {
    const dashed = this.dash.length ? ` stroke-dasharray="${this.dash.map(short).join(" ")}"` : "";
    const ends = `stroke-linecap="${this.lineCap}" stroke-linejoin="${this.lineJoin}"`;
    return `stroke="${escaped(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}" ${ends}${dashed}${this.faded("stroke-opacity")}`;
  }

  faded(name) {
    return this.globalAlpha < 1 ? ` ${name}="${short(this.globalAlpha)}"` : "";
  }
}

/** A part of a canvas as a link that has its pixels within it. */
function linkOf(image, x, y, wide, high) {
  const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high });
  canvas.getContext("2d").drawImage(image, x, y, wide, high, 0, 0, wide, high);
  return canvas.toDataURL("image/png");
}
