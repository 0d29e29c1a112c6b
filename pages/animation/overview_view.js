// The view onto a network: wheel, pinch and keys zoom, dragging pans, arrows go from map to map.

import { boxOf, footOf } from "./overview_draw.js";

const [CLOSEST, STEP] = [14, 1.3]; // the largest zoom, and one key's share of it
const STILL = 5; // pixels that a pointer moves while it clicks
const NEAR = 3; // pixels around a map that belong to it, too
const MARGIN = 12; // pixels between the map that the keys chose and the canvas's edge

export class View {
  // owner: the overview, with its columns, point(at), open(at), leave(), scroll(column, by) and draw().
  constructor(canvas, owner) {
    Object.assign(this, { canvas, owner, scale: 0, left: 0, top: 0, pointers: new Map() });
    canvas.onpointerdown = (event) => this.down(event);
    canvas.onpointermove = (event) => this.move(event);
    canvas.onpointerup = canvas.onpointercancel = (event) => this.up(event);
    canvas.onpointerleave = () => !this.pointers.size && owner.point(owner.chosen);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.onkeydown = (event) => this.key(event);
    owner.part("closer").onclick = () => this.zoom(STEP);
    owner.part("farther").onclick = () => this.zoom(1 / STEP);
    owner.part("whole").onclick = () => this.fit();
  }

  room(room) {
    Object.assign(this, room);
  }

  // Whether not all of it is in view.
  get wider() {
    return this.world.width * (this.scale || 1) > this.width + 4;
  }

  get inner() {
    return this.height - this.head - this.band;
  }

  // The whole network at least once in the width; where it is wide and the screen narrow, maps stay large and it is panned.
  // at: a map that is in view in any case.
  fit(at) {
    Object.assign(this, { scale: 1, left: 0, top: 0 });
    this.keep();
    if (at) this.show(at);
  }

  keep() {
    const { width, height } = this.world;
    this.scale = Math.max(Math.min(1, this.width / width), Math.min(CLOSEST, this.scale));
    const [wide, high] = [width * this.scale, height * this.scale];
    this.left = wide <= this.width ? (this.width - wide) / 2 : Math.max(this.width - wide - 2, Math.min(2, this.left));
    this.top = high <= this.inner ? (this.inner - high) / 2 : Math.max(this.inner - high - 2, Math.min(2, this.top));
    this.canvas.style.touchAction = this.scale > 1 ? "none" : "pan-y"; // else a finger scrolls the page
    this.owner.draw();
  }

  // By a factor, around a point of the canvas; the middle, if none is given. Returns whether anything changed.
  zoom(by, [x, y] = [this.width / 2, this.height / 2]) {
    const [before, at] = [this.scale, y - this.head];
    const scale = Math.max(Math.min(1, this.width / this.world.width), Math.min(CLOSEST, this.scale * by));
    this.left = x - ((x - this.left) * scale) / before;
    this.top = at - ((at - this.top) * scale) / before;
    this.scale = scale;
    this.keep();
    return Math.abs(scale - before) > 1e-6;
  }

  pan(x, y) {
    this.left += x;
    this.top += y;
    this.keep();
  }

  // Where the page need not scroll instead: out of the whole network the wheel goes on to the page.
  wheel(event) {
    const by = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
    if (this.zoom(by, [event.offsetX, event.offsetY]) || by > 1) event.preventDefault();
  }

  down(event) {
    if (event.button) return; // not the first one
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.pointers.size === 1) Object.assign(this, { began: [event.offsetX, event.offsetY], dragged: false });
    else this.dragged = true;
  }

  move(event) {
    const now = [event.offsetX, event.offsetY];
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      const [at, foot] = [this.at(now), this.foot(now)];
      this.canvas.style.cursor = at || foot ? "pointer" : "grab";
      if (event.pointerType === "touch") return;
      this.owner.point(at ?? this.owner.chosen);
      if (foot) this.owner.tellFolded(foot[0]);
      return;
    }
    this.dragged ||= Math.hypot(now[0] - this.began[0], now[1] - this.began[1]) > STILL;
    if (!this.dragged) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.pointers.set(event.pointerId, now);
    if (others.length) {
      const [other] = others;
      const far = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
      this.zoom(far(now) / Math.max(1, far(before)), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else this.pan(now[0] - before[0], now[1] - before[1]);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || this.dragged || event.type === "pointercancel") return;
    const now = [event.offsetX, event.offsetY];
    const [at, foot] = [this.at(now), this.foot(now)];
    if (at) this.owner.open(at);
    else if (foot) this.owner.scroll(...foot);
  }

  inWorld([x, y]) {
    return [(x - this.left) / this.scale, (y - this.head - this.top) / this.scale];
  }

  // The map at a point of the canvas.
  at(point) {
    if (point[1] < this.head || point[1] > this.height - this.band) return null;
    const [x, y] = this.inWorld(point);
    const edge = Math.min(NEAR, NEAR / this.scale);
    for (const [layer, { cells }] of this.owner.columns.entries())
      for (const cell of cells) {
        const box = boxOf(cell);
        const room = Math.min(edge, box.width / 8);
        if (x < box.x - room || x > box.x + box.width + room) continue;
        if (y >= box.y - room && y <= box.y + box.height + room) return { layer, place: cell.place };
      }
    return null;
  }

  // The foot of a folded layer at a point, and which way it scrolls there.
  foot(point) {
    const [x, y] = this.inWorld(point);
    const column = this.owner.columns.find(
      ({ hidden, layer, x: from, width, cells }) =>
        hidden && layer.isMaps && x >= from && x <= from + width && Math.abs(y - footOf({ cells })) < 10,
    );
    if (!column) return null;
    return [column, column.first + column.shown >= column.shown + column.hidden ? -Infinity : 1];
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { owner } = this;
    const acts = {
      ArrowUp: () => this.step(0, -1),
      ArrowDown: () => this.step(0, 1),
      ArrowLeft: () => this.step(-1, 0),
      ArrowRight: () => this.step(1, 0),
      Enter: () => owner.open(owner.looked),
      Escape: () => owner.leave(),
      "+": () => this.zoom(STEP),
      "=": () => this.zoom(STEP),
      "-": () => this.zoom(1 / STEP),
      0: () => this.fit(),
      " ": () => owner.steps.toggle(),
      PageDown: () => owner.steps.move(1),
      PageUp: () => owner.steps.move(-1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  // To the map beside: the same one of the next layer, if it takes each map by itself, else the one at the same height.
  step(across, down) {
    const { columns, looked, net } = this.owner;
    if (across) {
      const layer = Math.max(0, Math.min(columns.length - 1, looked.layer + across));
      if (layer !== looked.layer) this.choose({ layer, place: this.beside(columns, looked, layer) });
      return;
    }
    const { layer, cells, hidden } = columns[looked.layer];
    const all =
      hidden && layer.order
        ? layer.isMaps
          ? layer.order
          : cells.map(({ place }) => place)
        : cells.map(({ place }) => place);
    const index = all.indexOf(looked.place);
    const next = all[Math.max(0, Math.min(all.length - 1, index + down))];
    this.choose({ layer: net.indexOf(layer.name), place: next });
  }

  beside(columns, { layer, place }, to) {
    const cells = columns[to].cells;
    if (columns[to].layer.group === columns[layer].layer.group && cells.some((cell) => cell.place === place))
      return place;
    const here = columns[layer].cells.find((cell) => cell.place === place) ?? columns[layer].cells[0];
    const far = ({ x, y, height }) => Math.abs(y + height / 2 - here.y - here.height / 2) + Math.abs(x - here.x) / 1000;
    return cells.reduce((best, cell) => (far(cell) < far(best) ? cell : best)).place;
  }

  choose(at) {
    this.owner.at = at;
    this.owner.arrange();
    this.show(at);
  }

  // Pan just so far that a map is in view.
  show({ layer, place }) {
    const cell = this.owner.columns[layer].cells.find((each) => each.place === place);
    if (!cell) return;
    const { x, y, width, height } = boxOf(cell);
    const [left, right] = [x * this.scale + this.left, (x + width) * this.scale + this.left];
    const [top, bottom] = [y * this.scale + this.top, (y + height) * this.scale + this.top];
    const by = (low, high, room) => (low < MARGIN ? MARGIN - low : Math.min(0, room - MARGIN - high));
    this.pan(by(left, right, this.width), by(top, bottom, this.inner));
  }
}
