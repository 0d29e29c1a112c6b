// Why this answer: a score as a written sum, the map of its terms, other maps beside it, and one line about one pixel.
// Everything is computed by the server; here it is drawn, pointed at and told.

import { AnswerMap } from "./answer_map.js";
import { drawCurves, tellPixel } from "./answer_words.js";
import { readColours } from "./colours.js";
import { unpack } from "./numbers.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const made = (tag, text = "", kind = "") => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
};

class Answer {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(name);
    this.sent = new Set();
    this.observer = new ResizeObserver(() => this.data && root.clientWidth !== this.width && this.draw());
    this.observer.observe(root);
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.data && this.colour());
    this.part(".walk").onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      this.tell.walk(`${this.row}-${this.column}`);
    };
  }

  load(data, given, tell) {
    this.tell = tell;
    const content = JSON.stringify(data);
    if (content !== this.content) {
      this.content = content;
      this.take(data);
    }
    for (const name of ["method", "pixel"]) {
      const value = given[name];
      if (value === this.given?.[name] || this.sent.delete(`${name} ${value}`)) continue; // what was chosen here
      if (name === "method") this.method = value;
      else this.place(value);
    }
    this.given = given;
    this.colour();
  }

  take(data) {
    const { picture, size, maps } = data;
    this.data = {
      ...data,
      ...Object.fromEntries(["values", "slopes", "paths"].map((name) => [name, unpack(data[name])])),
      maps: maps.map((map) => ({ ...map, numbers: unpack(map.numbers) })),
      picture: { channels: picture.channels, pixels: unpack(picture.pixels) },
    };
    this.part("caption").textContent = data.caption;
    this.part("tbody").replaceChildren(
      ...data.rows.map(([words, number, kind]) => {
        const row = made("tr", "", kind);
        if (kind === "said") row.append(Object.assign(made("td", words), { colSpan: 2 }));
        else row.append(Object.assign(made("th", words), { scope: "row" }), made("td", number));
        return row;
      }),
    );
    this.part(".verdict").textContent = data.verdict;
    this.part(".rule").textContent = data.legend;
    this.part(".seen figcaption").textContent = data.words;
    this.seen = this.listen(new AnswerMap(this.part(".seen canvas"), size), data.words);
    this.large = this.listen(new AnswerMap(this.part(".chosen canvas"), size), "the chosen map");
    if (this.given?.pixel === undefined || !this.pinned) this.place(null);
    this.tiles();
  }

  tiles() {
    const { maps, size } = this.data;
    const there = new Map([...this.part(".tiles").children].map((tile) => [tile.dataset.method, tile]));
    this.small = maps.map((map) => {
      const tile = there.get(map.id) ?? made("button");
      Object.assign(tile, { type: "button", onclick: () => this.choose(map.id) });
      tile.dataset.method = map.id;
      const facts = made("small", "", "facts");
      facts.append(...map.facts.map((fact) => made("span", fact)));
      const canvas = made("canvas");
      tile.replaceChildren(made("b", map.title), canvas, made("small", map.words), facts);
      if (!there.has(map.id)) this.part(".tiles").append(tile);
      const drawn = new AnswerMap(canvas, size);
      canvas.onpointermove = (event) => this.hover(event, drawn);
      return { tile, drawn, map };
    });
  }

  // A canvas in which a pixel is chosen by pointer or keys.
  listen(map, words) {
    const { canvas } = map;
    canvas.setAttribute("aria-label", `${words}: arrow keys choose a pixel, Enter keeps it`);
    canvas.onpointermove = (event) => this.hover(event, map);
    canvas.onclick = (event) => {
      const [row, column] = map.cellAt(event);
      this.pin(!(this.pinned && row === this.row && column === this.column), row, column);
    };
    canvas.onkeydown = (event) => this.key(event);
    return map;
  }

  hover(event, map) {
    if (event.pointerType === "touch" || this.pinned) return; // a finger scrolls
    const [row, column] = map.cellAt(event);
    if (row === this.row && column === this.column) return;
    Object.assign(this, { row, column });
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (!step && !["Enter", " ", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (!step) {
      this.pin(event.key !== "Escape" && !this.pinned, this.row, this.column);
      return;
    }
    const inside = (at, cells) => Math.max(0, Math.min(cells - 1, at));
    const [row, column] = [
      inside(this.row + step[0], this.data.size[0]),
      inside(this.column + step[1], this.data.size[1]),
    ];
    if (this.pinned) this.pin(true, row, column);
    else {
      Object.assign(this, { row, column });
      this.draw();
    }
  }

  pin(pinned, row, column) {
    if (!pinned && !this.pinned) return;
    Object.assign(this, { pinned, row, column });
    const pixel = pinned ? `${row}-${column}` : "";
    this.sent.add(`pixel ${pixel}`);
    this.tell.pixel(pixel);
    this.draw();
  }

  // The pixel of the address, "row-column"; without one, that with the largest term.
  place(pixel) {
    const [rows, columns] = this.data.size;
    const [row, column] = (pixel || "").split("-").map(Number);
    this.pinned = Boolean(pixel) && row < rows && column < columns;
    if (this.pinned) Object.assign(this, { row, column });
    else {
      const sizes = Array.from(this.data.maps[0].numbers, Math.abs);
      const cell = sizes.indexOf(Math.max(...sizes));
      Object.assign(this, { row: Math.floor(cell / columns), column: cell % columns });
    }
  }

  choose(method) {
    if (method === this.method) return;
    this.method = method;
    this.sent.add(`method ${method}`);
    this.tell.method(method);
    this.colour();
  }

  get map() {
    return this.data.maps.find(({ id }) => id === this.method) ?? this.data.maps[0];
  }

  // Fill all canvases: after a choice, and in the page's colours.
  colour() {
    this.colours = readColours(this.root, "blue_orange");
    this.colours.sign = this.colours.base[0] < 128 ? "#fff" : "#000";
    const { picture } = this.data;
    this.seen.show(picture.pixels, picture.channels);
    this.large.fill(this.map.numbers, this.colours, true);
    for (const { tile, drawn, map } of this.small) {
      drawn.fill(map.numbers, this.colours, false);
      tile.setAttribute("aria-pressed", map === this.map);
    }
    this.part(".chosen figcaption").textContent = `${this.map.title} for ${this.data.label}`;
    const about = this.part(".about");
    about.replaceChildren(made("b", this.map.curves ? `Checks of ${this.map.title}` : "Can a map be trusted?"));
    if (this.map.curves) about.insertAdjacentHTML("beforeend", drawCurves(this.map.curves));
    about.append(...this.map.told.map((words) => made("p", words)));
    this.draw();
  }

  draw() {
    this.width = this.root.clientWidth;
    if (!this.width || !this.colours) return;
    for (const map of [this.seen, this.large, ...this.small.map(({ drawn }) => drawn)])
      map.draw(this.row, this.column, this.colours);
    const { row, column, pinned } = this;
    this.part(".words").textContent = tellPixel(this.data, row, column, this.map) + (pinned ? " Kept." : "");
    const walk = this.part(".walk");
    Object.assign(walk, { href: `${this.data.walk}&cell=${row}-${column}`, hidden: false });
    Object.assign(this.root.dataset, { row, column, pinned, method: this.map.id });
  }
}

export default function ({ data: [data, given], parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".answer");
  root.answer ??= new Answer(root);
  root.answer.load(data, given, {
    method: (id) => setStateValue("method", id),
    pixel: (pixel) => setStateValue("pixel", pixel),
    walk: (pixel) => setTriggerValue("walk", pixel),
  });
  return () => root.isConnected || root.answer.observer.disconnect();
}
