// A tensor as a grid of cells, of which one is chosen: by a click, or by the arrow keys. Where each cell stands, how strong its
// colour is, its mark and what is told of it come from the server.

import { prepare } from "./canvas.js";
import { readColours, shade } from "./colours.js";
import { ink } from "./ink.js";

const LARGEST = 26; // pixels of a cell, unless the server says another number
const MARGIN = 3; // pixels around all cells: room for the outline of the chosen one
const PAUSE = 150; // ms without a key until the server hears of the cell that was walked to
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class Entries {
  constructor(root) {
    this.root = root;
    [this.title, this.canvas, this.words, this.legend] = ["figcaption", "canvas", ".words", ".legend"].map((part) =>
      root.querySelector(part),
    );
    this.pen = this.canvas.getContext("2d");
    this.canvas.onpointermove = (event) => this.point(event.pointerType === "touch" ? null : this.cellAt(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.choose(this.cellAt(event), 0);
    this.canvas.onkeydown = (event) => this.key(event);
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.draw());
    this.observer = new ResizeObserver(() => root.clientWidth !== this.width && this.draw());
    this.observer.observe(root);
  }

  load(data, send) {
    this.send = send;
    if (data.name !== this.data?.name) {
      clearTimeout(this.timer); // it would name a cell of another tensor
      this.timer = null;
    }
    if (!this.timer) this.chosen = data.chosen; // what the reader has just chosen is not torn away
    this.data = data;
    this.at = new Map(data.places.map(([row, column], index) => [`${row},${column}`, index]));
    this.title.textContent = data.title;
    this.words.style.minHeight = `${data.lines * 1.4}em`; // of the longest that may be told, so that nothing jumps
    this.canvas.setAttribute("aria-label", `${data.title}: arrow keys choose an entry`);
    this.legend.replaceChildren(
      ...data.legend.map(([mark, words]) => {
        const [entry, sign] = ["span", "b"].map((name) => document.createElement(name));
        sign.textContent = mark;
        entry.append(sign, ` ${words}`);
        return entry;
      }),
    );
    this.pointed = null;
    this.draw();
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - MARGIN, event.clientY - box.top - MARGIN].map((at) => at / this.cell);
    const found = this.data.spots.findIndex(([left, top]) => x >= left && x < left + 1 && y >= top && y < top + 1);
    return found < 0 ? null : found;
  }

  key(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [row, column] = this.data.places[this.chosen];
    this.choose(this.at.get(`${row + step[0]},${column + step[1]}`) ?? null, PAUSE);
  }

  point(index) {
    if (index === this.pointed) return;
    this.pointed = index;
    this.draw();
  }

  // Show another cell as the chosen one, and tell the server after so many milliseconds.
  choose(index, pause) {
    if (index === null || index === this.chosen) return;
    this.chosen = index;
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.send(index);
    }, pause);
  }

  draw() {
    this.width = this.root.clientWidth;
    if (!this.data || !this.width) return;
    const { data, pen } = this;
    const [width, height] = data.size;
    const room = [(this.width - 2 * MARGIN) / width, data.tallest / height];
    this.cell = Math.min(data.largest ?? LARGEST, Math.floor(10 * Math.min(...room)) / 10);
    prepare(this.canvas, pen, [width * this.cell + 2 * MARGIN, height * this.cell + 2 * MARGIN]);
    const colours = readColours(this.root, "blue_orange");
    data.spots.forEach((spot, index) => this.drawCell(spot, index, colours));
    for (const index of [this.pointed, this.chosen]) if (index !== null) this.outline(data.spots[index], index);
    this.tell();
  }

  drawCell([left, top], index, colours) {
    const { pen, cell, data } = this;
    const [x, y] = [left, top].map((at) => MARGIN + at * cell);
    const colour = shade(data.shares[index], "signed", colours);
    pen.fillStyle = colours.line;
    pen.fillRect(x, y, cell, cell);
    pen.fillStyle = `rgb(${colour})`;
    pen.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    const mark = data.marks[index];
    if (!mark) return;
    const [middle, note] = [x + cell / 2, data.notes?.[index]];
    pen.font = `700 ${Math.round(Math.min(16, cell * 0.9))}px ${colours.font}`;
    pen.fillStyle = ink(colour);
    pen.fillText(mark, middle, y + cell * (note ? 0.36 : 0.5) + 1, cell - 2);
    if (!note) return;
    pen.font = `500 ${Math.round(cell * 0.28)}px ${colours.font}`; // below the mark, smaller
    pen.fillText(note, middle, y + cell * 0.77, cell - 2);
  }

  outline([left, top], index) {
    const { pen, cell } = this;
    pen.strokeStyle = "#e6007a";
    pen.lineWidth = index === this.chosen ? 3 : 1.5;
    pen.strokeRect(MARGIN + left * cell, MARGIN + top * cell, cell, cell);
  }

  tell() {
    const text = this.data.told[this.pointed ?? this.chosen];
    if (this.words.textContent !== text) this.words.textContent = text;
    this.root.dataset.chosen = this.chosen;
  }
}

export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".entries");
  root.entries ??= new Entries(root);
  root.entries.load(data, (index) => setTriggerValue("entry", index));
  return () => root.isConnected || root.entries.observer.disconnect();
}
