// Draws a network that is laid out: maps, what links them, the classes; above it the layers' names, below it the gradients' norms.

import { GAP } from "./overview_layout.js";
import { drawClasses, drawNorms, NAME } from "./overview_ends.js";
import { sizeOf } from "./overview_words.js";

const PINK = "#e6007a"; // what is chosen, as everywhere in the app
const SMALL = 11; // size of type, in pixels
const PLATED = 36; // pixels of a map from which its number stands on it; of smaller ones, it stands beside the first of a row
const THINNEST = 0.04; // links that carry less are not drawn

export class Painter {
  // scene: {net, columns, sheets, picture, colours, gradients (their colours), at, chosen, trail, backward, reached, room}.
  draw(pen, view, scene) {
    Object.assign(this, { pen, view, scene, looks: scene.looks, colours: scene.looks.colours, ink: scene.looks.ink });
    const { head, band, width, height, scale, left, top } = view;
    pen.clearRect(0, 0, width, height);
    pen.save();
    pen.beginPath();
    pen.rect(0, head, width, height - head - band);
    pen.clip();
    pen.translate(left, head + top);
    pen.scale(scale, scale);
    for (const column of scene.columns) this.column(column);
    drawClasses(this);
    this.links();
    this.marks();
    this.numbers();
    this.feet();
    this.lens();
    pen.restore();
    for (const column of scene.columns) this.title(column);
    if (band) drawNorms(this);
  }

  font(size, weight = 500) {
    this.pen.font = `${weight} ${size}px ${this.colours.font}`;
  }

  write(text, x, y, { align = "center", colour = this.ink, size = SMALL, weight = 500, most = Infinity } = {}) {
    const { pen } = this;
    this.font(size, weight);
    Object.assign(pen, { textAlign: align, textBaseline: "middle", fillStyle: colour });
    let shown = text;
    while (shown.length > 2 && pen.measureText(shown).width > most) shown = `${shown.slice(0, -2)}…`;
    pen.fillText(shown, x, y);
  }

  seen(column) {
    const { scale, left, width } = this.view;
    return (column.x + column.width) * scale + left >= 0 && column.x * scale + left <= width;
  }

  column(column) {
    const { layer, cells, picture, label } = column;
    const { pen, scene, colours } = this;
    if (!this.seen(column) || layer.kind === "softmax") return;
    const sheets = scene.looks.sheets.get(layer.name);
    const reached = scene.backward && scene.reached(column);
    if (picture) this.picture(column);
    for (const { place, x, y, width, height, under } of cells) {
      pen.imageSmoothingEnabled = layer.size[1] > width * this.view.scale; // smaller than it is: no cell is left out
      pen.fillStyle = colours.line;
      const edge = (width > 12 ? 1 : 0.5) / this.view.scale;
      pen.fillRect(x - edge, y - edge, width + 2 * edge, height + 2 * edge);
      sheets.maps.draw(pen, place, x, y, width, height);
      if (!under) continue;
      pen.fillStyle = colours.line;
      pen.fillRect(under[0] - edge, under[1] - edge, width + 2 * edge, height + 2 * edge);
      if (reached) sheets.grad.draw(pen, place, ...under, width, height);
      else {
        pen.fillStyle = scene.looks.ground;
        pen.fillRect(...under, width, height);
      }
    }
    if (label) {
      const { x, y, height } = cells[0];
      if (layer.count > 1 || picture) this.write("as it goes in", x, y - 8, { align: "left" });
      if (cells[0].under && y + 2 * height > 0) pen.imageSmoothingEnabled = false;
    }
  }

  picture({ picture: { x, y, width, height }, label }) {
    const { pen, scene } = this;
    pen.imageSmoothingEnabled = false;
    if (label) this.write(scene.net.words, x, y - 8, { align: "left", most: width + 10 });
    pen.drawImage(scene.looks.picture, x, y, width, height);
  }

  // Links end at their maps; those of a map that is folded away begin at the foot of its layer.
  links() {
    const { pen, scene, view } = this;
    const { net, trail, columns, backward } = scene;
    pen.lineCap = "round";
    for (const { from, to, strength } of trail.edges) {
      if (strength < THINNEST || !net.mixes(from[0], backward)) continue;
      if (backward && !scene.reached(columns[from[0]])) continue; // nothing has come there yet
      const [[l, a], [r, b]] = from[0] < to[0] ? [from, to] : [to, from];
      const [start, hiddenStart] = endOf(columns[l], a, 1);
      const [end, hiddenEnd] = endOf(columns[r], b, 0);
      if (scene.room.low && (hiddenStart || hiddenEnd)) continue; // a strip has no room for what is folded away
      const bend = Math.max(12, (end[0] - start[0]) / 2);
      pen.beginPath();
      pen.moveTo(...start);
      pen.bezierCurveTo(start[0] + bend, start[1], end[0] - bend, end[1], ...end);
      pen.strokeStyle = this.colours.link;
      pen.globalAlpha = 0.35 + 0.6 * Math.min(1, 2 * strength);
      pen.lineWidth = (1 + 5 * Math.sqrt(strength)) / Math.sqrt(view.scale);
      pen.setLineDash(hiddenStart || hiddenEnd ? [4, 5] : []);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  // Frames: of maps on the trail, of the one that is pointed at, and of the one that is open.
  marks() {
    const { scene, pen, view } = this;
    const frame = (column, place, colour, width) => {
      const cell = column.cells.find((each) => each.place === place);
      if (!cell) return;
      const edge = width / 2 / view.scale;
      const box = boxOf(cell);
      Object.assign(pen, { strokeStyle: colour, lineWidth: width / view.scale });
      pen.strokeRect(box.x - edge, box.y - edge, box.width + 2 * edge, box.height + 2 * edge);
    };
    for (const [index, found] of scene.trail.found.entries())
      for (const [place, strength] of found)
        if (strength > THINNEST && scene.columns[index].layer.kind !== "softmax")
          frame(scene.columns[index], place, this.colours.link, 1.5 + 1.5 * strength);
    if (scene.at) frame(scene.columns[scene.at.layer], scene.at.place, PINK, 2.5);
    if (scene.chosen) frame(scene.columns[scene.chosen.layer], scene.chosen.place, PINK, 4);
  }

  // Which map is which: of layers that take each map by itself at the first one, of all at the map that is looked at.
  numbers() {
    const { scene, view } = this;
    const size = 10 / view.scale;
    for (const [index, { layer, cells }] of scene.columns.entries()) {
      if (!index || !layer.isMaps || layer.count < 2 || layer.group === scene.net.layers[index - 1].group) continue;
      for (const { place, x, y, width } of cells) {
        const text = String(layer.numbers[place]);
        if (width * view.scale >= PLATED) this.plate(text, x, y, size);
        else if (x === cells[0].x) this.plate(text, x - (3 / view.scale + size * 0.62 * text.length), y, size);
      }
    }
    const at = scene.at ?? scene.chosen;
    const column = at && scene.columns[at.layer];
    const cell = column?.cells.find(({ place }) => place === at.place);
    if (!cell || at.whole || column.layer.kind === "softmax" || column.layer.count < 2) return;
    const number = column.layer.numbers[at.place];
    this.plate(`${column.layer.isMaps ? "map" : "unit"} ${number}`, cell.x, cell.y - size - 4 / view.scale, size);
  }

  // A text on a ground of its own, with its upper left corner at x, y.
  plate(text, x, y, size) {
    const { pen } = this;
    this.font(size);
    pen.fillStyle = this.looks.ground;
    pen.fillRect(x, y, pen.measureText(text).width + size / 2, size + 2);
    this.write(text, x + size / 4, y + size / 2 + 1, { align: "left", size });
  }

  // Below a layer of which some maps are folded away: how many are shown, and signs to scroll to the others.
  feet() {
    for (const column of this.scene.columns) {
      const { layer, hidden, shown, first } = column;
      if (!hidden || !this.seen(column) || layer.kind === "softmax" || this.scene.room.low) continue;
      if (layer.kind === "linear") continue;
      const y = footOf(column);
      const text = first ? `${first + 1}–${first + shown}` : `${shown}`;
      const wide = column.width > 48;
      this.write(`${text}${wide ? " of " : "/"}${layer.shape[0]} ▾`, column.x + column.width / 2, y, { size: 10 });
    }
  }

  // The map that is pointed at, larger: in the room below the picture.
  lens() {
    const { scene, pen } = this;
    const lens = scene.columns[0].lens;
    const at = scene.at ?? scene.chosen;
    if (!lens || !at) return;
    const column = scene.columns[at.layer];
    const { layer } = column;
    if (layer.kind === "softmax" || !layer.isMaps) return;
    const sheets = scene.looks.sheets.get(layer.name);
    const side = scene.backward ? (lens.side - GAP) / 2 : lens.side;
    this.write(`${layer.name}, map ${layer.numbers[at.place]}`, lens.x, lens.y - 8, { align: "left" });
    pen.fillStyle = this.colours.line;
    pen.fillRect(lens.x - 1, lens.y - 1, side + 2, side + 2);
    pen.imageSmoothingEnabled = false;
    sheets.maps.draw(pen, at.place, lens.x, lens.y, side, side);
    if (!scene.backward || !scene.reached(column)) return;
    pen.fillRect(lens.x + side + GAP - 1, lens.y - 1, side + 2, side + 2);
    sheets.grad.draw(pen, at.place, lens.x + side + GAP, lens.y, side, side);
  }

  title(column) {
    const { layer, x, width } = column;
    const { scale, left, head, width: end } = this.view;
    const [from, to] = [x * scale + left, (x + width) * scale + left];
    if (to < 0 || from > end) return;
    const seen = to - from < 120 ? [from, to] : [Math.max(from, 0), Math.min(to, end)]; // of a wide one, what is in view
    const middle = (seen[0] + seen[1]) / 2;
    const isChosen = this.scene.chosen && this.scene.net.layers[this.scene.chosen.layer] === layer;
    const colour = isChosen || this.scene.current === layer ? PINK : this.ink;
    const name = layer.kind === "softmax" && this.scene.backward ? "softmax: p − y" : layer.name;
    const part = `${name}: ${column.shown} of ${layer.shape[0]}`;
    this.font(NAME, 650);
    const whole = !this.scene.room.low || !column.hidden || this.pen.measureText(part).width > to - from + 8;
    this.write(whole ? name : part, middle, 8, { size: NAME, weight: 650, colour, most: to - from + 8 });
    if (head > 20) this.write(sizeOf(layer) || String(layer.shape[0]), middle, 21, { colour: this.colours.muted });
  }
}

// A cell with its gradient.
export function boxOf({ x, y, width, height, under }) {
  if (!under) return { x, y, width, height };
  return { x, y, width: under[0] + width - x, height: under[1] + height - y };
}

export const footOf = ({ cells }) => Math.max(...cells.map((cell) => boxOf(cell).y + boxOf(cell).height)) + 12;

// Where a link to a map begins, on its right (1) or left (0) edge; and whether the map is folded away.
function endOf(column, place, side) {
  const cell = column.cells.find((each) => each.place === place);
  if (!cell) return [[column.x + side * column.width, footOf(column) - 6], true];
  const box = boxOf(cell);
  return [[box.x + side * box.width, box.y + box.height / 2], false];
}
