// The stack of maps: a cell is chosen in one of them; below it the cells that it sees, above it those that it influences.
// All positions and counts are looked up in what the core sent; here they are drawn and told.

import { StackMap } from "./receptive_map.js";
import { indices, place, tellInfluence, tellSeen } from "./receptive_words.js";
import { roomFor } from "./room.js";

const [GAP, LINES] = [20, 12]; // pixels between two maps, and between two lines of them
const NARROWEST = 150; // of a map, in pixels; rather than less, the maps stand in several lines
const WIDEST = 210; // where they do
const SPARE = 36; // pixels for one more line of the words below them, which are to cover none
const COLOURS = {
  light: {
    base: [255, 255, 255],
    paths: [217, 95, 2],
    influenced: "rgb(43 108 190)",
    tint: "rgb(43 108 190 / .3)",
    line: "#c3c9d2",
  },
  dark: {
    base: [17, 21, 28],
    paths: [240, 130, 40],
    influenced: "rgb(90 155 240)",
    tint: "rgb(90 155 240 / .35)",
    line: "#4a5160",
  },
};
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class Stack {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.${name}`);
    root.addEventListener("keydown", (event) => this.key(event));
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.layout());
    this.observer = new ResizeObserver(() => this.maps && root.clientWidth !== this.width && this.layout());
    this.observer.observe(root);
  }

  load(data, pinned, send) {
    this.send = send;
    const content = JSON.stringify(data);
    if (content === this.content) return; // an unrelated rerun
    if (!this.content && pinned) [this.map, this.row, this.column] = pinned; // as the address has it
    this.pinned ||= !this.content && Boolean(pinned);
    this.content = content;
    this.maps = data.maps.map((map) => new StackMap(map));
    // below[upper][lower][axis][cell]: what it sees, with the path counts spread over all `cells` of the lower map.
    this.below = data.below.map((lower) =>
      lower.map((axes, index) =>
        axes.map((sights, axis) =>
          sights.map((sight) => {
            const { rows, columns } = data.maps[index];
            const cells = Array.from({ length: axis ? columns : rows }, () => 0);
            if (sight.seen) cells.splice(sight.seen[0], sight.paths.length, ...sight.paths);
            return Object.assign(sight, { cells });
          }),
        ),
      ),
    );
    this.maps.forEach((map, index) => this.listen(map, index));
    this.part("maps").replaceChildren(...this.maps.map((map) => map.figure));
    const map = this.maps[this.map];
    this.pinned = Boolean(this.pinned && map && this.row < map.rows && this.column < map.columns);
    if (!this.pinned) this.place(this.maps.length - 1);
    this.tell(); // its height counts
    this.layout();
  }

  listen(map, index) {
    map.canvas.onpointermove = (event) => {
      if (event.pointerType !== "touch" && !this.pinned) this.choose(index, map.cellAt(event)); // a finger scrolls
    };
    map.canvas.onclick = (event) => {
      this.pinned = !this.pinned;
      this.choose(index, map.cellAt(event), true);
    };
    map.canvas.onfocus = () => {
      if (map.canvas.matches(":focus-visible") && !this.pinned && index !== this.map) this.choose(index, map.middle);
    };
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.maps.findIndex((map) => map.canvas === event.target);
    const step = STEPS[event.key];
    if (event.key === "Escape") this.pinned = false;
    else if (event.key === "Enter" || event.key === " ") this.pinned = !this.pinned;
    else if (!step) return;
    event.preventDefault();
    if (index !== this.map) this.place(index);
    if (step) {
      const { rows, columns } = this.maps[index];
      this.row = Math.max(0, Math.min(rows - 1, this.row + step[0]));
      this.column = Math.max(0, Math.min(columns - 1, this.column + step[1]));
    }
    this.draw();
    this.tell();
  }

  // Choose the middle cell of a map.
  place(index) {
    this.map = index;
    [this.row, this.column] = this.maps[index].middle;
  }

  choose(map, [row, column], always = false) {
    if (!always && map === this.map && row === this.row && column === this.column) return;
    Object.assign(this, { map, row, column });
    this.draw();
    this.tell();
  }

  // Choose the sizes that fit the width, then draw everything.
  layout() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const style = getComputedStyle(this.root);
    this.colours = { ...COLOURS[isBright(style.color) ? "dark" : "light"], font: style.fontFamily };
    const { paths, influenced, tint } = this.colours;
    for (const [name, value] of Object.entries({ paths: paths.join(" "), influenced, tint }))
      this.root.style.setProperty(`--${name}`, value);
    const most = Math.max(1, Math.floor((this.width + GAP) / (NARROWEST + GAP)));
    const room = roomFor(this.root, this.part("maps")).height - this.part("told").offsetHeight - SPARE;
    const lines = Math.ceil(this.maps.length / most);
    const ways = Array.from({ length: lines }, (_, fewer) => Math.ceil(this.maps.length / (lines - fewer)));
    const across = ways.find((each) => this.heightOf(each) <= room) ?? ways[0];
    const panel = this.panelOf(across);
    this.part("maps").style.maxWidth = `${across * (panel + GAP) - GAP}px`; // so many, and not one more
    for (const map of this.maps) map.resize(panel);
    this.draw();
  }

  // How wide a map is where so many stand side by side.
  panelOf(across) {
    const fitting = Math.floor((this.width + GAP) / across - GAP);
    return across < this.maps.length ? Math.min(fitting, WIDEST) : fitting;
  }

  // How high the maps stand then; one with many cells may be wider, and take the place of two.
  heightOf(across) {
    const panel = this.panelOf(across);
    let [left, line, high] = [0, 0, -LINES];
    for (const map of this.maps) {
      const [wide, tall] = map.extent(panel);
      if (!left || left + wide > across * (panel + GAP) - GAP) [left, line, high] = [0, 0, high + line + LINES];
      left += wide + GAP;
      line = Math.max(line, tall);
    }
    return high + line;
  }

  // What the chosen cell sees of a lower map: its row's sight and its column's.
  sees(lower) {
    const [rows, columns] = this.below[this.map][lower];
    return [rows[this.row], columns[this.column]];
  }

  // The rows and the columns of an upper map that see the chosen cell.
  influences(upper) {
    const [rows, columns] = this.below[upper][this.map];
    return [indices(rows, (sight) => sight.cells[this.row]), indices(columns, (sight) => sight.cells[this.column])];
  }

  draw() {
    if (!this.colours) return; // not laid out yet
    this.maps.forEach((map, index) =>
      map.draw(this.colours, {
        seen: index < this.map ? this.sees(index) : null,
        chosen: index === this.map ? [this.row, this.column] : null,
        influenced: index > this.map ? this.influences(index) : null,
      }),
    );
  }

  tell() {
    const { name } = this.maps[this.map];
    const cell = name + place(this.row, this.column);
    const above = this.maps.slice(this.map + 1).map((map) => [map, ...this.influences(this.maps.indexOf(map))]);
    const seen = this.map ? tellSeen(cell, ...this.sees(0)) : [];
    const told = [...seen, ...tellInfluence(this.map ? "It" : cell, above)].join(" ");
    this.part("words").textContent = told || "No layer stands above the input yet.";
    this.part("hint").textContent = this.pinned
      ? "Kept. Escape or another click lets it go."
      : "Point at any cell, touch it, or use Tab and the arrow keys; a click or Enter keeps it.";
    Object.assign(this.root.dataset, { map: name, row: this.row, column: this.column, pinned: this.pinned });
    const pinned = this.pinned ? [this.map, this.row, this.column].join(",") : "";
    if (pinned !== (this.told ?? pinned)) this.send(pinned);
    this.told = pinned;
  }
}

function isBright(colour) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data[1] > 128;
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".stack");
  root.stack ??= new Stack(root);
  root.stack.load(data.stack, data.pinned, (pinned) => setStateValue("pinned", pinned));
  return () => root.isConnected || root.stack.observer.disconnect();
}
