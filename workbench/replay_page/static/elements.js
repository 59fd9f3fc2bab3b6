/** Elements of the page. Texts become text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | Function | null>} [attributes] functions listen to the event of
 *   their name; of others null and false are left out
 * @param {...(Node | string)} children
 */
export const make = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);

/** Make an element of a drawing. */
export const draw = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

function filled(element, attributes = {}, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** An icon: the outline of a path in a square of 24. */
export const icon = (path) => draw("svg", { class: "r-icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, draw("path", { d: path }));

/** A section with a heading. */
export function panel(title, name, ...children) {
  const heading = make("h2", { class: "g-title", id: `title-${name}` }, title);
  return make("section", { class: `g-panel g-panel-${name}`, "aria-labelledby": heading.id }, heading, ...children);
}

/** A drop-down list. @param {Record<string, string>} options captions by value @param {(value: string) => void} pick */
export function choice(label, name, options, value, pick) {
  const made = Object.entries(options).map(([key, caption]) => make("option", { value: key, selected: key === value }, caption));
  return make("select", { class: "g-select", "aria-label": label, "data-test": name, change: (event) => pick(event.target.value) }, ...made);
}

/** Show on a slider how much of it lies before its place. */
export function fill(slider) {
  const [low, high] = [Number(slider.min), Number(slider.max)];
  slider.style.setProperty("--share", (Number(slider.value) - low) / (high - low || 1));
}

/** Call `show` whenever the theme changes. */
export function onTheme(show) {
  new MutationObserver(show).observe(document.body, { attributeFilter: ["class"] });
}
