// Hovering, focusing and pinning cells: shows what a cell is linked to, in outlines and in words.

import { outline } from "./outline.js";
import { scrollerOf } from "./scroller.js";

export class Pointer {
  // part(name): an element of the page by its class. pick(channel, cell): what a click on a cell with a step of its own asks for;
  // changed(): the pin is another one.
  constructor(root, part, { pick, changed }) {
    Object.assign(this, { root, pick, changed, pinned: null, cursor: null });
    Object.assign(this, { words: part("link"), kept: part("pin"), figure: part("figure") });
  }

  // links: what a cell is linked to.
  load(walk, stage, links) {
    Object.assign(this, { walk, stage, links, hovered: null, cursor: null });
    if (this.pinned && !this.exists(this.pinned)) this.pinned = null;
    for (const group of stage.groups) {
      for (const plane of [...group.planes, ...group.lenses]) this.listen(plane, group);
    }
    this.show();
  }

  exists({ name, plane, index }) {
    const grid = this.walk.grids[name];
    return grid && plane < grid.channels && index < grid.size;
  }

  listen(plane, group) {
    const { canvas } = plane;
    const cell = (event) => ({ name: plane.name, plane: plane.channel, index: plane.cellAt(event) });
    canvas.onpointermove = (event) => event.pointerType !== "touch" && this.hover(cell(event));
    canvas.onpointerleave = () => this.hover(null);
    canvas.onclick = (event) => this.pin(cell(event));
    const first = [group.planes, group.lenses].some((list) => list.find(({ name }) => name === plane.name) === plane);
    canvas.tabIndex = first ? 0 : -1; // one stop for each grid; the arrows go on from there
    canvas.onfocus = () => canvas.matches(":focus-visible") && this.hover((this.cursor = this.start(plane)));
    canvas.onblur = () => this.hover((this.cursor = null));
    canvas.onkeydown = (event) => this.key(event, plane);
  }

  start(plane) {
    const mark = this.walk.marks(plane.name, this.stage.at)[0];
    return { name: plane.name, plane: mark?.plane ?? 0, index: mark ? mark.top * plane.grid.columns + mark.left : 0 };
  }

  // Arrows move the cell within its plane and on into the next plane, also up and down where planes stand in lines of so many
  // `across`; Enter pins it.
  key(event, plane) {
    if (!this.cursor || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, columns, channels, across = channels } = plane.grid;
    const { name, index } = this.cursor;
    let { plane: channel } = this.cursor;
    let [row, column] = [Math.floor(index / columns), index % columns];
    if (event.key === "ArrowUp") row -= 1;
    else if (event.key === "ArrowDown") row += 1;
    else if (event.key === "ArrowLeft") column -= 1;
    else if (event.key === "ArrowRight") column += 1;
    else if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") return this.pin(this.cursor);
    if (column < 0 && channel > 0) [channel, column] = [channel - 1, columns - 1];
    else if (column >= columns && channel < channels - 1) [channel, column] = [channel + 1, 0];
    else if (row < 0 && channel >= across) [channel, row] = [channel - across, rows - 1];
    else if (row >= rows && channel + across < channels) [channel, row] = [channel + across, 0];
    const within = (at, all) => Math.max(0, Math.min(all - 1, at));
    this.hover((this.cursor = { name, plane: channel, index: within(row, rows) * columns + within(column, columns) }));
  }

  hover(cell) {
    if (JSON.stringify(cell) === JSON.stringify(this.hovered)) return;
    this.hovered = cell;
    this.show();
  }

  pin(cell) {
    const same = JSON.stringify(cell) === JSON.stringify(this.pinned);
    this.keepPlace(() => {
      this.pinned = same ? null : cell;
      this.show();
    });
    const { positions } = this.walk;
    if (!same && cell.name === "product") this.pick(Math.floor(cell.index / positions), cell.index % positions);
    else if (!same && this.walk.points.includes(cell.name)) this.pick(cell.plane, cell.index);
    this.changed();
  }

  unpin() {
    if (!this.pinned) return false;
    this.keepPlace(() => {
      this.pinned = this.hovered = null;
      this.show();
    });
    this.changed();
    return true;
  }

  // What is said of the pinned cell stands above the figure: the page scrolls along, so that the figure stays where it is.
  keepPlace(change) {
    const top = () => this.figure.getBoundingClientRect().top;
    const before = top();
    change();
    scrollerOf(this.root).scrollTop += top() - before;
  }

  // Outline what the pointed-at or pinned cell is linked to, and say it: of the pinned one in a place of its own, so that the
  // words of the step stay readable while one walks on.
  show() {
    const { pinned } = this;
    const cell = this.hovered ?? this.cursor ?? pinned;
    const told = ({ name, plane, index }) => this.links.of(name, plane, index);
    const { marks, text } = cell ? told(cell) : { marks: {}, text: "" };
    say(this.words, JSON.stringify(cell) === JSON.stringify(pinned) ? "" : text);
    say(this.kept, pinned ? `${told(pinned).text} Pinned: Escape or another click lets go.` : "");
    this.root.dataset.linked = cell ? `${cell.name},${cell.plane},${cell.index}` : "";
    this.root.dataset.pinned = this.pinned ? `${this.pinned.name},${this.pinned.plane},${this.pinned.index}` : "";
    if (!this.stage.colours) return;
    for (const plane of this.stage.planes) {
      const here = marks[plane.name]?.filter((mark) => mark.plane === plane.channel) ?? [];
      if (here.length || plane.outlined) outline(plane, here);
    }
  }
}

// Once, however often it is drawn.
function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}
