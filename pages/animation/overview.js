// The overview of a network: one canvas that is zoomed and panned, a line that tells what is pointed at, and in the backward way a
// time axis that goes layer by layer. All numbers are the server's.

import { prepare } from "./canvas.js";
import { arrange } from "./overview_layout.js";
import { Painter } from "./overview_draw.js";
import { decadesOf } from "./overview_ends.js";
import { Looks } from "./overview_looks.js";
import { Net } from "./overview_net.js";
import { BackwardSteps } from "./overview_steps.js";
import { View } from "./overview_view.js";
import { mapInWords, tableOf } from "./overview_words.js";
import { roomFor } from "./room.js";

const HEAD = { full: 31, low: 17 };
const [NORMS, LOW, LEAST] = [54, 112, 300]; // heights: of the norms, of the strip, of the canvas at least
const QUIET = 400; // milliseconds without a change, after which the address is told

class Overview {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.${name}`);
    this.canvas = this.part("network");
    this.pen = this.canvas.getContext("2d");
    this.painter = new Painter();
    [this.looks, this.first] = [new Looks(root), {}];
    this.view = new View(this.canvas, this);
    this.steps = new BackwardSteps(this);
    this.part("range").onchange = () => {
      this.paint();
      this.report();
    };
    root.addEventListener("transitionend", (event) => event.target === root && this.net && this.draw());
    this.resized = () => this.net && (root.clientWidth !== this.width || this.moved) && this.layout();
    this.observer = new ResizeObserver(this.resized);
    this.observer.observe(root);
    window.addEventListener("resize", (this.anew = () => this.net && this.layout()));
  }

  load({ sent, begin, chosen, low, steps, backward }, send) {
    this.send = send;
    requestAnimationFrame(() => this.moved && this.layout()); // once the page stands
    if (this.begun !== begin.version) this.part("range").value = begin.range;
    const fresh = sent !== this.sent;
    const shape = JSON.stringify([chosen, low, backward]);
    if (!fresh && shape === this.shape && this.begun === begin.version) return this.draw(); // an unrelated rerun
    const [was, lowBefore] = [this.net, this.low];
    Object.assign(this, { sent, shape, low, backward });
    if (fresh) {
      this.net = new Net(JSON.parse(sent));
      const same =
        was &&
        JSON.stringify(was.layers.map(({ name }) => name)) === JSON.stringify(this.net.layers.map(({ name }) => name));
      if (!same) Object.assign(this, { first: {}, at: null });
      else if (this.at && this.at.place >= this.net.layers[this.at.layer].count) this.at = null;
    }
    this.chosen = this.net.choose(chosen?.layer, chosen?.map ?? 0);
    this.chosenLayer = chosen?.layer ?? null;
    if (this.chosen) this.at = Object.assign(this.chosen, { whole: (chosen.map ?? null) === null }); // of no map
    this.steps.load(steps, this.begun === begin.version && this.steps.all.length ? null : begin.back);
    this.begun = begin.version;
    this.root.classList.toggle("low", low);
    this.root.classList.toggle("backward", backward);
    this.part("table").open = false;
    if (!this.looks.colours) this.looks.read();
    if (fresh) this.looks.paint(this.net, this.part("range").value);
    this.layout(low !== lowBefore);
    this.root.dataset.loaded = Number(this.root.dataset.loaded ?? 0) + 1;
  }

  paint() {
    this.looks.paint(this.net, this.part("range").value);
    this.draw();
  }

  // Sizes that fill the room from where the canvas begins to the end of the first screen, below it what is told.
  layout(fit = false) {
    const { canvas, low } = this;
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.height = roomFor(this.root, canvas).height;
    const below = ["told", "transport", "panel"].reduce((sum, name) => sum + this.part(name).offsetHeight, 0) + 8;
    const height = low ? LOW : Math.max(LEAST, this.height - below);
    prepare(canvas, this.pen, [this.width, height]);
    const [head, band] = [low ? HEAD.low : HEAD.full, this.backward && !low ? NORMS : 0];
    this.room = { width: this.width - 4, height: height - head - band - 6, pairs: this.backward && !low, low };
    this.view.room({ width: this.width, height, head, band });
    this.arrange();
    if (fit || !this.view.scale) this.view.fit(this.chosen);
    else this.view.keep();
    this.table();
  }

  // Whether what stands above has become higher or lower, and so the room for the network.
  get moved() {
    return this.net && !this.low && Math.abs(roomFor(this.root, this.canvas).height - this.height) > 4;
  }

  arrange() {
    const { layers } = this.net;
    if (this.at) this.uncover(this.at);
    const { width, columns, folds } = arrange(layers, this.room, this.first);
    this.columns = columns;
    this.root.classList.toggle("folds", folds);
    this.view.world = { width, height: this.room.height };
    this.decades = decadesOf(layers.map(({ norm }) => norm ?? 0));
    this.follow();
  }

  // Scroll a layer, if need be, so that this map is among those that are shown.
  uncover({ layer, place }) {
    const { columns } = arrange(this.net.layers, this.room, this.first);
    const column = columns[layer];
    if (!column.hidden || column.cells.some((cell) => cell.place === place)) return;
    const { order, group } = column.layer;
    if (order && column.layer.isMaps)
      this.first[group] = Math.max(0, order.indexOf(place) - Math.floor(column.shown / 2));
  }

  scroll(column, by) {
    const { group } = column.layer;
    this.first[group] = Math.max(0, Math.min(column.hidden, (this.first[group] ?? 0) + by * column.shown));
    this.at = null;
    this.arrange();
  }

  // What is looked at: pointed at, or else the answer, or, backward, what counts most where the gradient has come to.
  get looked() {
    const { classes, layers } = this.net;
    if (this.at) return this.at;
    if (!this.backward) return { layer: layers.length - 1, place: classes.guess };
    const layer = this.steps.farthest;
    return { layer, place: layers[layer].order[0] };
  }

  point(at) {
    if (!this.folded && at?.layer === this.at?.layer && at?.place === this.at?.place) return;
    [this.at, this.folded] = [at, false];
    this.follow();
  }

  follow() {
    const { layer, place } = this.looked;
    this.trail = this.net.trail(this.looked, this.backward);
    const it = this.net.layers[layer];
    Object.assign(this.root.dataset, { layer: it.name, map: it.numbers[place] });
    this.part("told").textContent = this.tell();
    this.draw();
  }

  tell() {
    const more = this.view.wider ? " Drag sideways to see the layers on the way to the answer." : "";
    return `${mapInWords(this.net, this.looked, this.backward)}.${this.at ? " Click or Enter opens it." : more}`;
  }

  tellFolded({ layer, shown, first }) {
    const which = this.backward ? "with the largest gradients" : "most active";
    const place = first ? `those from place ${first + 1} on` : `the ${shown} ${which}`;
    this.part("told").textContent =
      `${layer.name}: of ${layer.shape[0]} maps, ${place} are shown. A click, or the arrow keys, lead to the others.`;
    this.folded = true;
  }

  open(at) {
    const layer = this.net.layers[at.layer];
    this.at = at;
    this.send({ ...this.place, layer: layer.name, map: layer.numbers[at.place] });
  }

  leave() {
    if (this.chosenLayer) this.send({ ...this.place, layer: null, map: null });
    else {
      this.view.fit();
      this.point(null);
    }
  }

  get place() {
    this.number = (this.number ?? 0) + 1;
    const { layer, map } = this.chosenLayer
      ? { layer: this.chosenLayer, map: this.chosen && this.root.dataset.map }
      : {};
    return {
      layer: layer ?? null,
      map: map ?? null,
      back: this.steps.told,
      range: this.part("range").value,
      number: this.number,
    };
  }

  report() {
    clearTimeout(this.telling);
    if (!this.steps.running) this.telling = setTimeout(() => this.send({ ...this.place, layer: undefined }), QUIET);
  }

  // A picture for the next frame.
  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      if (this.looks.stale) {
        this.looks.read();
        this.looks.paint(this.net, this.part("range").value);
      }
      this.painter.draw(this.pen, this.view, this);
      this.frames = (this.frames ?? 0) + 1;
    });
  }

  reached({ layer }) {
    return this.steps.reached(this.net.indexOf(layer.name));
  }

  get step() {
    return this.steps.step;
  }

  get current() {
    return this.backward && !this.low ? this.net.layers[this.steps.layer] : null;
  }

  table() {
    const tables = tableOf(this.net, this.backward).map(([head, rows]) => {
      const table = document.createElement("table");
      for (const [k, cells] of [head, ...rows].entries()) {
        const row = table.insertRow();
        for (const text of cells)
          row.append(Object.assign(document.createElement(k ? "td" : "th"), { textContent: text }));
      }
      return table;
    });
    this.part("table div").replaceChildren(...tables);
  }

  close() {
    this.steps.close();
    clearTimeout(this.telling);
    this.observer.disconnect();
    window.removeEventListener("resize", this.anew);
  }
}

export default function ({ data: [data], parentElement, setStateValue }) {
  const root = parentElement.querySelector(".overview");
  root.overview ??= new Overview(root);
  root.overview.load(data, (place) => setStateValue("place", place));
  return () => root.isConnected || root.overview.close();
}
