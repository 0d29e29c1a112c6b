// dx in three ways: a number of dx is chosen, and followed through all three. Places and results come from the core.

import { readColours } from "./colours.js";
import { roomFor } from "./room.js";
import { Gradient } from "./ways_gradient.js";
import { Pictures } from "./ways_pictures.js";
import { named, tellChosen, tellLooked, tellProduct, writeSum } from "./ways_words.js";

const WAYS = ["spread", "convolved", "multiplied"];
const NARROW = 700; // pixels; below, the ways stand one below the other
const [LEAST, TALL] = [170, 520]; // pixels of the height of a way's pictures: at least, and where they are scrolled to
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SOON = 300; // ms: a cell that is only passed by does not go into the address

class Ways {
  constructor(root) {
    this.root = root;
    this.part = (selector) => root.querySelector(selector);
    this.each = (name) => WAYS.map((way) => this.part(`[data-way="${way}"] .${name}`));
    [this.back, this.on] = root.querySelectorAll("button");
    this.back.onclick = () => this.follow(this.step - 1);
    this.on.onclick = () => this.follow(this.step + 1);
    root.addEventListener("pointerover", ({ target }) => this.hover(target.closest("[data-term]")?.dataset.term));
    root.addEventListener("pointerleave", () => this.hover());
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.layout());
    this.observer = new ResizeObserver(() => root.clientWidth !== this.width && this.layout());
  }

  load({ ways, cell }, send) {
    this.send = send;
    if (ways === this.sent) {
      const another = cell.join() !== this.told; // in the address; else this is an unrelated rerun
      this.told = cell.join();
      if (another) this.choose(cell);
      return;
    }
    clearTimeout(this.due);
    this.told = cell.join();
    Object.assign(this, { sent: ways, cell, step: -1, hovered: undefined, width: undefined });
    this.gradient = new Gradient(JSON.parse(ways));
    this.pictures = new Pictures(this.gradient, this.each("pictures"));
    for (const plane of this.pictures.of("dx")) this.listen(plane);
    for (const plane of this.pictures.of("matrix"))
      plane.canvas.onclick = (event) =>
        this.choose(this.gradient.cellOf(Math.floor(plane.cellAt(event) / plane.grid.columns)));
    this.each("told").forEach((told, n) => (told.textContent = this.gradient.words[WAYS[n]]));
    this.observer.disconnect();
    this.observer.observe(this.root); // lays it out
  }

  listen(plane) {
    const { canvas, channel, grid } = plane;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application"); // so that a screen reader leaves it the arrow keys
    canvas.setAttribute("aria-label", `dx, ${grid.rows} by ${grid.columns} numbers: arrow keys choose one`);
    canvas.onclick = (event) => {
      const index = plane.cellAt(event);
      this.choose([channel, Math.floor(index / grid.columns), index % grid.columns]);
    };
    canvas.onkeydown = (event) => {
      const move = STEPS[event.key];
      if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault(); // the page would scroll
      const within = (at, most) => Math.max(0, Math.min(most - 1, at));
      const [, row, column] = this.cell;
      this.choose([channel, within(row + move[0], grid.rows), within(column + move[1], grid.columns)]);
    };
  }

  choose(cell) {
    if (cell.join() === this.cell.join()) return;
    Object.assign(this, { cell, step: -1, hovered: undefined });
    this.show();
    clearTimeout(this.due);
    this.due = setTimeout(() => this.send((this.told = cell.join())), SOON);
  }

  follow(step) {
    Object.assign(this, { step, hovered: undefined });
    this.link();
  }

  hover(term) {
    if (term === this.hovered) return;
    this.hovered = term;
    this.link();
  }

  layout() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const narrow = this.width < NARROW;
    this.root.classList.toggle("narrow", narrow);
    this.root.classList.toggle("gaps", this.gradient.gaps);
    this.colours = readColours(this.root, "blue_orange");
    // The longest sum keeps its room, so that no other moves what stands below; what is left is for the pictures.
    const [three, sums, places] = [this.part(".three"), this.each("sum"), this.each("pictures")];
    for (const sum of sums) sum.style.minHeight = "";
    for (const place of places) place.style.display = "none";
    this.tell(this.gradient.fullest);
    const longest = Math.max(...sums.map((sum) => sum.offsetHeight));
    for (const sum of sums) sum.style.minHeight = `${longest}px`;
    const below = this.part(".legend").offsetHeight;
    const room = roomFor(this.root, three).height - three.offsetHeight - below;
    for (const place of places) {
      place.style.display = "";
      this.pictures.fit(place, narrow ? TALL : Math.max(LEAST, room));
    }
    this.show();
  }

  show() {
    if (!this.colours) return; // not laid out yet
    this.tell(this.cell);
    this.pictures.draw(this.colours, this.cell);
    this.link();
    this.root.dataset.cell = this.cell.join();
  }

  // Write the sums of a cell.
  tell(cell) {
    const { gradient } = this;
    const [name, row] = [named("dx", gradient.grids.spread, cell), gradient.rowOf(cell)];
    this.terms = gradient.termsOf(cell);
    this.each("sum").forEach((sum, n) => (sum.innerHTML = writeSum(name, this.terms, gradient.text(WAYS[n], row))));
    const value = gradient.text("spread", row);
    this.part(".chosen").textContent = tellChosen(name, value, this.terms.length, gradient.reasons(cell));
  }

  // Show which numbers are multiplied: all of them, or those of one product.
  link() {
    const { gradient, cell, terms, step } = this;
    const active = Number(this.hovered ?? step);
    const [term, row] = [terms[active], gradient.rowOf(cell)];
    this.pictures.link(term ? [term] : terms, cell, Boolean(term));
    for (const each of this.root.querySelectorAll(".term"))
      each.classList.toggle("active", Number(each.dataset.term) === active);
    this.each("said").forEach((said, n) => {
      said.textContent = term
        ? tellProduct(WAYS[n], term, gradient, row)
        : tellLooked(WAYS[n], terms.length, gradient, row);
    });
    const all = terms.length;
    this.part(".stepper").style.visibility = all ? "visible" : "hidden";
    this.part(".stepper span").textContent =
      step < 0 ? (all > 1 ? `all ${all} products` : "1 product") : `product ${step + 1} of ${all}`;
    [this.back.disabled, this.on.disabled] = [step < 0, step === all - 1];
  }
}

export default function ({ data: [sent], parentElement, setStateValue }) {
  const root = parentElement.querySelector(".ways");
  root.ways ??= new Ways(root);
  root.ways.load(sent, (cell) => setStateValue("cell", cell));
  return () => root.isConnected || root.ways.observer.disconnect();
}
