// The zoom into a network: one depth at a time, as the server has it, with ways deeper, back, and to its neighbours.

import { readBoth, themeOf } from "./colours.js";
import { roomFor } from "./room.js";
import { make } from "./zoom_make.js";
import { brief } from "./zoom_number.js";
import { listenToPinches } from "./zoom_pinch.js";
import { Sheet } from "./zoom_sheet.js";
import { productBlock, stepsBlock, sumBlock } from "./zoom_terms.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const [STACKED, LEAST, MOST_BESIDE] = [760, 210, 250]; // pixels: a narrow room, the least height of a sheet, a map beside a sum
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const FADE = 150; // ms
const [TRIES, PATIENCE] = [4, 1200]; // how often one depth is asked for, and ms between

class Zoom {
  constructor(root) {
    this.root = root;
    [this.crumbs, this.stage, this.said] = [".crumbs", ".stage", ".said"].map((part) => root.querySelector(part));
    root.addEventListener("keydown", (event) => this.pressed(event));
    listenToPinches(root, (closer) => this.go(closer ? this.deeper : this.view.up));
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.layout());
    this.observer = new ResizeObserver(() => root.clientWidth !== this.width && this.layout());
    this.observer.observe(root);
  }

  load(sent, send) {
    this.send = send;
    if (sent === this.sent) return this.read();
    const focused = this.root.contains(this.root.getRootNode().activeElement);
    this.sent = sent;
    this.view = JSON.parse(sent);
    this.render();
    this.layout();
    if (focused) this.root.focus({ preventScroll: true });
    if (!STILL.matches) this.stage.animate([{ opacity: 0.25 }, { opacity: 1 }], FADE);
    this.root.dataset.query = this.view.query;
    clearTimeout(this.asked);
    this.root.removeAttribute("aria-busy");
    this.say(this.view.crumbs.map(([words]) => words).join(", "));
  }

  say(words) {
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  go(query) {
    if (!query) return;
    this.root.setAttribute("aria-busy", "true");
    this.root.focus({ preventScroll: true });
    this.ask(query, TRIES);
  }

  // What is asked for while Streamlit still ends the last run can be lost: then it is asked for again.
  ask(query, tries) {
    clearTimeout(this.asked);
    if (!tries || !this.root.isConnected || this.view.query === query) return this.root.removeAttribute("aria-busy");
    this.send(query);
    this.asked = setTimeout(() => this.ask(query, tries - 1), PATIENCE);
  }

  // An anchor with the address of a depth: one can open it elsewhere, too.
  link(words, query) {
    const address = new URLSearchParams(location.search);
    for (const key of this.view.address) address.delete(key);
    for (const [key, value] of new URLSearchParams(query)) address.set(key, value);
    const anchor = make("a", { href: `?${address}` }, words);
    anchor.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.go(query);
    };
    return anchor;
  }

  render() {
    const { view } = this;
    const link = (words, query) => this.link(words, query);
    const path = view.crumbs.map(([words, query], place) => {
      const item = make("li", {});
      const last = place === view.crumbs.length - 1;
      item.append(last ? make("b", { "aria-current": "true" }, words) : link(words, query));
      return item;
    });
    this.crumbs.replaceChildren(make("ol", {}, ...path));
    [this.sheets, this.shown, this.fit] = [[], null, null];
    const sheet = (drawn) => {
      const made = new Sheet(drawn, (from, chosen) => this.heard(from, chosen));
      this.sheets.push(made);
      return made.figure;
    };
    const main = make("div", { class: "main" });
    const beside = make("div", { class: "beside" });
    if (view.number) {
      main.append(make("p", { class: "number" }, `${view.number.words} = `, make("b", {}, view.number.shown)));
    }
    main.append(...view.formula.map((line) => make("p", { class: "formula" }, line)));
    if (view.sheet) main.append(sheet(view.sheet));
    this.whole = this.sheets[0];
    if (view.facts) main.append(make("p", { class: "words" }, view.facts));
    if (view.steps) main.append(stepsBlock(view.steps, link));
    this.sums = make("div", { class: "sums" });
    if (view.sums?.length) main.append(this.sums);
    if (view.product) main.append(productBlock(view.product, link, sheet));
    if (view.links.length) {
      const ways = view.links.map(([words, query]) => make("li", {}, link(words, query)));
      main.append(make("ul", { class: "links" }, ...ways));
    }
    if (view.parts) {
      this.adding = make("p", { class: "adding", "aria-live": "off" });
      beside.append(sheet(view.parts), this.adding);
    }
    if (view.source) beside.append(sheet(view.source));
    this.window = beside.appendChild(make("div", {}));
    this.show(view.sums?.[0]?.parts[0]?.window);
    for (const drawn of view.beside ?? []) beside.append(sheet(drawn));
    this.told = make("p", { class: "told" });
    if (view.sheet) main.insertBefore(this.told, main.querySelector("figure").nextSibling);
    this.stage.replaceChildren(main, ...(beside.childElementCount ? [beside] : []));
    this.stage.dataset.kind = view.product ? "product" : view.number ? "number" : view.parts ? "parts" : "sheet";
    this.beside = beside;
    if (view.sheet?.cursor) {
      const cursor = view.sheet.cursor;
      const [column, row, plane] = [...cursor.toReversed(), 0, 0];
      this.whole.at = view.sheet.units ? { plane: cursor[0], row: 0, column: 0 } : { plane, row, column };
    }
  }

  layout() {
    const { root, view } = this;
    this.width = root.clientWidth;
    if (!view || !this.width) return;
    [this.theme, this.colours] = [themeOf(root), readBoth(root)];
    root.classList.toggle("gradient", view.gradient);
    const stacked = this.width < STACKED;
    root.classList.toggle("stacked", stacked);
    const height = Math.max(LEAST, roomFor(root, this.stage).height - (stacked ? 0 : 96));
    const two = this.beside.childElementCount > 0 && !stacked;
    this.sums.replaceChildren(
      ...(view.sums ?? []).map((sum) =>
        sumBlock(sum, {
          link: (words, query) => this.link(words, query),
          room: two ? this.width - MOST_BESIDE : this.width,
          here: view.query,
          opened: (part) => this.show(part.window),
        }),
      ),
    );
    const half = view.parts || view.source ? (this.width - 32) / 2 : this.width;
    this.fit = (made) => {
      const inBeside = this.beside.contains(made.figure);
      const small = made.sheet !== view.sheet && made.sheet !== view.parts && made.sheet !== view.source;
      const most = small ? MOST_BESIDE : two ? half : this.width;
      const high = small ? (two ? height / 2 - 30 : 150) : inBeside && view.parts ? height - 70 : height - 30;
      const colours = this.colours[made.sheet.gradient ? "gradients" : "maps"];
      made.layout(Math.min(most, this.width), stacked ? Math.min(high, 320) : high, colours);
    };
    this.sheets.forEach(this.fit);
    for (const kind of ["maps", "gradients"])
      root.classList.toggle(
        kind,
        [view, ...this.sheets.map(({ sheet }) => sheet)].some((one) => one.gradient === (kind === "gradients")),
      );
    this.read();
  }

  // Beside a sum: where the numbers of the part that has been opened stand.
  show(window) {
    if (!window || this.shown?.sheet === window) return;
    const made = new Sheet(window, (from, chosen) => this.heard(from, chosen));
    this.sheets = [...this.sheets.filter((one) => one !== this.shown), made];
    this.shown = made;
    this.window.replaceChildren(made.figure);
    this.fit?.(made);
  }

  // The cursor of a sheet moved, or its place was chosen.
  heard(from, chosen) {
    if (chosen) return this.go(from.query);
    if (from === this.whole) this.read();
    else this.say(from.told);
  }

  // What stands at the cursor: the number, and the partial sums that come to it.
  read() {
    if (themeOf(this.root) !== this.theme) return this.layout();
    if (!this.view.sheet || !this.whole) return;
    const words = this.whole.told;
    this.told.textContent = words || "Arrow keys go from one to the next, Enter or a click goes deeper.";
    if (words) this.say(words);
    const { parts, constant } = this.view;
    if (!parts || !this.whole.at) return;
    const adding = this.sheets.find((made) => made.sheet === parts);
    const { row, column } = this.whole.at;
    const numbers = parts.labels.map((_, plane) => adding.values[adding.index({ plane, row, column })]);
    const places = placesFor([...numbers, constant?.[1] ?? 0]);
    const units = [...numbers, ...(constant ? [constant[1]] : [])].map((value) => Math.round(value * 10 ** places));
    const write = (count) => (count / 10 ** places).toFixed(places).replace("-", "−");
    const items = numbers.map((value, plane) => {
      const text = Number.isFinite(value) ? write(units[plane]) : brief(value);
      return make("span", { "data-part": plane }, make("small", {}, parts.labels[plane]), text);
    });
    if (constant) items.push(make("span", { "data-part": "bias" }, make("small", {}, "bias"), write(units.at(-1))));
    const finite = numbers.every(Number.isFinite);
    const total = finite ? write(units.reduce((sum, count) => sum + count, 0)) : "no finite number";
    this.adding.replaceChildren(
      ...items,
      make("span", {}, make("small", {}, "all together"), make("output", {}, total)),
    );
  }

  pressed(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || !this.view) return;
    const own = event.target.closest?.("a, summary");
    let query;
    if (key === "Escape" || key === "Backspace") query = this.view.up;
    else if (key === "Enter" && own) return; // it does what it always does
    else if (this.view.keys[key]) query = this.view.keys[key];
    else if (ARROWS[key] && this.view.sheet) this.whole.move(...ARROWS[key]);
    else if (key === "Enter" && this.view.sheet) query = this.deeper;
    else return;
    event.preventDefault();
    if (!this.root.hasAttribute("aria-busy")) this.go(query); // a key that is held down asks for one after the other
  }

  get deeper() {
    if (this.view.keys.Enter) return this.view.keys.Enter;
    if (!this.whole) return undefined;
    if (!this.whole.at) this.whole.move(0, 0);
    return this.whole.query;
  }
}

// Decimals with which the largest of these numbers has six digits.
function placesFor(numbers) {
  const largest = Math.max(...numbers.map(Math.abs).filter(Number.isFinite), 0);
  return largest ? Math.max(0, Math.min(15, 5 - Math.floor(Math.log10(largest)))) : 0;
}

export default function ({ data: [sent], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".zoom");
  root.zoom ??= new Zoom(root);
  root.zoom.load(sent, (query) => setTriggerValue("go", query));
  return () => root.isConnected || root.zoom.observer.disconnect();
}
