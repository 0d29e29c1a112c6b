// One plane of numbers: a canvas of cells, a frame that marks where the window is, and outlines for linked cells.
// It may show all of the plane, or a part of it that follows the window (a lens).

import { SLIM, label, prepare } from "./canvas.js";
import { shade } from "./colours.js";
import { aligned } from "./digits.js";
import { ink } from "./ink.js";
import { shortened, write } from "./numbers.js";

export const MINIMUM_FOR_NUMBERS = 19; // pixels; below, a cell shows its colour only
const MINIMUM_FOR_LINES = 9; // below, the plane is drawn as a picture

export class Plane {
  constructor(parent) {
    this.figure = document.createElement("figure");
    this.figure.innerHTML = `<figcaption></figcaption>
      <div class="plane"><canvas></canvas><canvas class="linked"></canvas></div>`;
    this.caption = this.figure.querySelector("figcaption");
    this.box = this.figure.querySelector(".plane");
    [this.canvas, this.over] = this.box.querySelectorAll("canvas");
    this.canvas.setAttribute("role", "img");
    this.pen = this.canvas.getContext("2d");
    parent.append(this.figure);
  }

  // grid: {counts, rows, columns, scale, peak, looks: "image" | "signed", type?: as in digits.js}; channel: which of its planes;
  // lens: [rows, columns] of the part to show. By cell: shown, is its number known; blank, is it padding; unseen, is it
  // read by no window.
  take(grid, channel, { lens, shown = () => true, blank = () => false, unseen = () => false, blankText }) {
    Object.assign(this, { grid, channel, lens, shown, blank, unseen, blankText });
    this.view = { top: 0, left: 0, rows: lens?.[0] ?? grid.rows, columns: lens?.[1] ?? grid.columns };
    this.colours = undefined; // nothing is drawn yet
    this.frame?.remove(); // a new one appears where it belongs, the old one would fly there
    this.frame = this.box.appendChild(Object.assign(document.createElement("div"), { className: "frame" }));
    this.frameImage = undefined;
  }

  resize(cell) {
    const ratio = window.devicePixelRatio || 1;
    this.cell = cell;
    this.colours = undefined; // nothing is drawn now
    this.gap = cell >= MINIMUM_FOR_LINES ? 1 : 0;
    prepare(this.canvas, this.pen, this.size, ratio);
    [this.box.style.width, this.box.style.height] = this.size.map((length) => `${length}px`);
    this.over.width = this.over.height = 0; // it gets its size when something is linked
    this.outlined = false;
    this.frame.classList.toggle("slim", cell < SLIM);
    this.frame.classList.toggle("thin", cell < MINIMUM_FOR_LINES);
  }

  get overPen() {
    // made when something is linked: most planes never need it
    return (this.overContext ??= this.over.getContext("2d"));
  }

  get size() {
    return [this.view.columns * this.cell + this.gap, this.view.rows * this.cell + this.gap];
  }

  // Show another plane, or another part of it. Returns whether what is drawn could be kept or moved along; if not, all of
  // it has to be drawn.
  look(channel, row, column, span) {
    const { view, grid } = this;
    const middle = (at, length, shown, all) =>
      Math.max(0, Math.min(all - shown, at - Math.floor((shown - length) / 2)));
    const top = middle(row, span[0], view.rows, grid.rows);
    const left = middle(column, span[1], view.columns, grid.columns);
    const [down, across, same] = [view.top - top, view.left - left, channel === this.channel];
    Object.assign(view, { top, left });
    this.channel = channel;
    return same && this.colours !== undefined && this.scroll(down, across);
  }

  // Move the picture by so many cells and draw only those that come into sight.
  scroll(down, across) {
    const { pen, cell, view, grid, canvas } = this;
    if (!down && !across) return true;
    const { a: ratio } = pen.getTransform();
    if (!Number.isInteger(cell * ratio) || Math.abs(down) >= view.rows || Math.abs(across) >= view.columns)
      return false;
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalCompositeOperation = "copy";
    pen.drawImage(canvas, across * cell * ratio, down * cell * ratio);
    pen.restore();
    for (let i = 0; i < view.rows; i++) {
      for (let j = 0; j < view.columns; j++) {
        const kept = i - down >= 0 && i - down < view.rows && j - across >= 0 && j - across < view.columns;
        if (!kept) this.drawCell((view.top + i) * grid.columns + view.left + j);
      }
    }
    return true;
  }

  drawCells(cells) {
    for (const index of cells) this.drawCell(index);
  }

  draw(colours) {
    this.colours = colours;
    const { view, grid } = this;
    if (!this.gap) return this.drawPicture();
    for (let row = view.top; row < view.top + view.rows; row++) {
      for (let column = view.left; column < view.left + view.columns; column++)
        this.drawCell(row * grid.columns + column);
    }
  }

  // Thousands of cells at once: as an image that is scaled up.
  drawPicture() {
    const { view, grid, pen, cell } = this;
    const small = new OffscreenCanvas(view.columns, view.rows);
    const image = new ImageData(view.columns, view.rows);
    const { data } = image;
    for (let index = 0; index < view.rows * view.columns; index++) {
      if (!this.shown(this.channel, index)) continue;
      [data[index * 4], data[index * 4 + 1], data[index * 4 + 2]] = this.colourOf(index);
      data[index * 4 + 3] = 255;
    }
    small.getContext("2d").putImageData(image, 0, 0);
    pen.clearRect(0, 0, grid.columns * cell, grid.rows * cell);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, view.columns * cell, view.rows * cell);
  }

  colourOf(index) {
    const { grid, colours } = this;
    if (this.blank(index)) return this.gap ? colours.base : colours.faint;
    return shade(grid.counts[this.channel * grid.size + index] / grid.peak, grid.looks, colours);
  }

  // Where a cell stands on the canvas, or null if it is out of the lens.
  place(index) {
    const { view, grid, cell, gap } = this;
    const [row, column] = [Math.floor(index / grid.columns) - view.top, (index % grid.columns) - view.left];
    if (row < 0 || column < 0 || row >= view.rows || column >= view.columns) return null;
    return [column * cell + gap, row * cell + gap];
  }

  drawCell(index) {
    const { pen, cell, grid, colours, gap } = this;
    const at = this.place(index);
    if (!at) return;
    const [x, y] = at;
    const size = cell - gap;
    if (gap) {
      pen.fillStyle = colours.line;
      pen.fillRect(x - 1, y - 1, cell + 1, cell + 1);
    }
    const shown = this.shown(this.channel, index);
    const [r, g, b] = shown ? this.colourOf(index) : colours.base;
    pen.fillStyle = `rgb(${r},${g},${b})`;
    pen.fillRect(x, y, size, size);
    if (!gap || !shown) return;
    const [blank, unseen] = [this.blank(index), this.unseen(index)];
    if (blank) this.hatch(x, y, size, colours.padding);
    if (unseen) this.hatch(x, y, size, colours.unseen);
    const look = {
      ink: blank ? colours.muted : ink([r, g, b]),
      ground: (blank || unseen) && `rgb(${r},${g},${b})`, // no line runs through a number
    };
    const count = this.channel * grid.size + index;
    if (cell >= MINIMUM_FOR_NUMBERS) {
      const words = blank && this.blankText;
      const number = grid.counts[count];
      const { type } = grid; // one for all its cells
      const alike = type && aligned(number, grid.scale, type.places);
      if (words) this.label(pen, words, () => [words], index, look);
      else if (type) this.label(pen, alike, () => [alike], index, { ...look, most: type.size });
      else this.label(pen, write(number, grid.scale), () => shortened(number, grid.scale), index, look);
    }
    if (grid.right && grid.right[count] !== grid.counts[count]) this.corner(x, y, size);
  }

  // Write into a cell that is in sight, on one of the two canvases.
  label(pen, full, shorter, index, look) {
    const { cell, gap, colours } = this;
    const [x, y] = this.place(index).map((edge) => edge + (cell - gap) / 2);
    label(pen, full, shorter, { x, y, cell, family: colours.font, ...look });
  }

  // A red corner at a number that came out wrong.
  corner(x, y, size) {
    const { pen } = this;
    const side = Math.round(size * 0.45);
    pen.fillStyle = "#d03b3b";
    pen.beginPath();
    pen.moveTo(x + size, y);
    pen.lineTo(x + size - side, y);
    pen.lineTo(x + size, y + side);
    pen.fill();
  }

  hatch(x, y, size, pattern) {
    pattern.setTransform(new DOMMatrix([1, 0, 0, 1, x, y])); // each cell alike, wherever it is moved
    this.pen.fillStyle = pattern;
    this.pen.fillRect(x, y, size, size);
  }

  // Put the frame around rows x columns cells from (top, left) on; without a mark, hide it. Where only every
  // gap-th cell counts (dilation), each of those gets a frame of its own inside.
  mark(mark) {
    const { style } = this.frame;
    style.visibility = mark ? "visible" : "hidden";
    if (!mark) return;
    const { top, left, rows, columns, gap = [1, 1] } = mark;
    const [dy, dx] = [top - this.view.top, left - this.view.left];
    style.left = `${dx * this.cell}px`; // with transform, a change of a setting was seen 10 to 20 ms later
    style.top = `${dy * this.cell}px`;
    style.width = `${columns * this.cell + this.gap}px`;
    style.height = `${rows * this.cell + this.gap}px`;
    const gaps = Math.max(...gap) > 1 && this.gap;
    this.frame.classList.toggle("gaps", Boolean(gaps));
    const image = gaps ? tapFrames(gap, this.cell) : "";
    if (image === this.frameImage) return;
    this.frameImage = image;
    style.backgroundSize = `${gap[1] * this.cell}px ${gap[0] * this.cell}px, 100%`;
    style.backgroundImage = image;
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const { view, grid } = this;
    const within = (at, all) => Math.max(0, Math.min(Math.floor(at / this.cell), all - 1));
    return (
      (view.top + within(event.clientY - box.top - 1, view.rows)) * grid.columns +
      view.left +
      within(event.clientX - box.left - 1, view.columns)
    );
  }
}

function tapFrames(gap, cell) {
  return `url("data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${gap[1] * cell}" height="${gap[0] * cell}">
       <rect x="1.5" y="1.5" width="${cell - 2}" height="${cell - 2}" fill="none" stroke="#e6007a" stroke-width="3"/></svg>`,
  )}")`;
}
