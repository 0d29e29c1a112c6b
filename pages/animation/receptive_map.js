// One map of the stack on a canvas: its cells, and what the chosen cell means for them.

import { ink } from "./ink.js";

const MARGIN = 9; // pixels around the cells: room to show that a field goes on into the padding
const [SMALLEST_CELL, LARGEST_CELL] = [3, 36];
const TITLE = 44; // its two lines and what is between
const SMALLEST_WITH_LINES = 5;
const SMALLEST_WITH_NUMBERS = 15;
const PINK = "#e6007a"; // the chosen cell and its field, as everywhere in the app

export class StackMap {
  constructor({ name, note, rows, columns, middle }) {
    Object.assign(this, { name, rows, columns, middle });
    this.figure = document.createElement("figure");
    this.figure.dataset.map = name;
    this.figure.innerHTML = "<figcaption><b></b> <span></span><small></small></figcaption><canvas tabindex=0></canvas>";
    const fill = (tag, text) => {
      this.figure.querySelector(tag).textContent = text;
    };
    fill("b", name);
    fill("span", `${rows}×${columns}`);
    fill("small", note);
    this.canvas = this.figure.querySelector("canvas");
    this.canvas.setAttribute("role", "application"); // so that a screen reader leaves it the arrow keys
    this.canvas.setAttribute("aria-label", `${name}, ${rows} by ${columns} cells: arrow keys choose one`);
    this.pen = this.canvas.getContext("2d");
  }

  // The cell nearest to a point of the page: [row, column].
  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const at = (place, cells) => Math.max(0, Math.min(cells - 1, Math.floor((place - MARGIN) / this.cell)));
    return [at(event.clientY - box.top, this.rows), at(event.clientX - box.left, this.columns)];
  }

  // Where a map is offered so many pixels: how wide it stands, and how high with its title.
  extent(panel) {
    const width = Math.max(panel, SMALLEST_CELL * Math.max(this.rows, this.columns));
    return [width, TITLE + this.rows * this.cellIn(width)];
  }

  cellIn(width) {
    return Math.min(LARGEST_CELL, Math.floor(width / Math.max(this.rows, this.columns)));
  }

  resize(panel) {
    const ratio = window.devicePixelRatio || 1;
    const [width] = this.extent(panel);
    this.cell = this.cellIn(width);
    const size = { width: this.columns * this.cell + 2 * MARGIN, height: this.rows * this.cell + 2 * MARGIN };
    for (const [side, length] of Object.entries(size)) {
      this.canvas[side] = length * ratio;
      this.canvas.style[side] = `${length}px`;
    }
    this.figure.style.width = `${width}px`;
    this.pen.setTransform(ratio, 0, 0, ratio, MARGIN * ratio, MARGIN * ratio); // cell [0, 0] begins at 0, 0
  }

  // Draw all cells; of `chosen` ([row, column]), `seen` and `influenced` (both [along rows, along columns]) there is one.
  draw(colours, { chosen, seen, influenced }) {
    const { pen, cell } = this;
    this.colours = colours;
    pen.clearRect(-MARGIN, -MARGIN, this.columns * cell + 2 * MARGIN, this.rows * cell + 2 * MARGIN);
    if (seen) this.fillSeen(...seen);
    if (chosen) this.fill(...chosen, PINK);
    if (influenced)
      for (const row of influenced[0]) for (const column of influenced[1]) this.fill(row, column, colours.tint);
    this.drawLines();
    if (seen) this.drawField(...seen);
    if (chosen) this.frame(...chosen.map((at) => [at, at]), PINK);
    if (influenced?.every((cells) => cells.length)) {
      pen.setLineDash([5, 3]);
      this.frame(...influenced.map((cells) => [cells[0], cells.at(-1)]), colours.influenced);
      pen.setLineDash([]);
    }
  }

  fill(row, column, colour) {
    this.pen.fillStyle = colour;
    this.pen.fillRect(column * this.cell, row * this.cell, this.cell, this.cell);
  }

  // The cells that the chosen one sees: the more paths lead to a cell, the stronger its colour.
  fillSeen(rows, columns) {
    const { pen, cell, colours } = this;
    const most = Math.max(...rows.cells) * Math.max(...columns.cells);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `500 ${Math.min(14, Math.round(cell * 0.55))}px ${colours.font}`;
    rows.cells.forEach((down, row) =>
      columns.cells.forEach((across, column) => {
        const paths = down * across;
        if (!paths) return;
        const weight = 0.2 + 0.8 * Math.sqrt(paths / most);
        const colour = colours.paths.map((end, i) => Math.round(colours.base[i] + (end - colours.base[i]) * weight));
        this.fill(row, column, `rgb(${colour})`);
        if (cell < SMALLEST_WITH_NUMBERS || pen.measureText(paths).width > cell - 2) return;
        pen.fillStyle = ink(colour);
        pen.fillText(paths, (column + 0.5) * cell, (row + 0.5) * cell + 1);
      }),
    );
  }

  drawLines() {
    const { pen, rows, columns, cell } = this;
    const border = cell < SMALLEST_WITH_LINES;
    const [down, across] = border ? [rows, columns] : [1, 1];
    pen.strokeStyle = this.colours.line;
    pen.lineWidth = 1;
    pen.globalAlpha = border ? 1 : Math.min(1, cell / 14); // many lines are to stay in the background
    pen.beginPath();
    for (let row = 0; row <= rows; row += down) line(pen, 0, row * cell, columns * cell, row * cell);
    for (let column = 0; column <= columns; column += across) line(pen, column * cell, 0, column * cell, rows * cell);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // The outline of the field as far as it lies on the map; a hatched edge where it goes on into padding.
  drawField(rows, columns) {
    const { cell } = this;
    const [[top, bottom], [left, right]] = [rows.field, columns.field];
    if (top > bottom || left > right) return;
    const [x, y, endX, endY] = [left * cell, top * cell, right * cell + cell, bottom * cell + cell];
    const outside = MARGIN - 1;
    if (rows.padding[0]) this.hatch(x, y - outside, endX, y);
    if (rows.padding[1]) this.hatch(x, endY, endX, endY + outside);
    if (columns.padding[0]) this.hatch(x - outside, y, x, endY);
    if (columns.padding[1]) this.hatch(endX, y, endX + outside, endY);
    this.frame(rows.field, columns.field, PINK);
  }

  frame([top, bottom], [left, right], colour) {
    const { pen, cell } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = cell < SMALLEST_WITH_LINES ? 1.5 : 2.5;
    pen.strokeRect(left * cell, top * cell, (right - left) * cell + cell, (bottom - top) * cell + cell);
  }

  hatch(x, y, endX, endY) {
    const { pen } = this;
    const height = endY - y;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, endX - x, height);
    pen.clip();
    pen.beginPath();
    for (let at = x - height; at < endX; at += 4) line(pen, at, endY, at + height, y);
    pen.strokeStyle = PINK;
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.restore();
  }
}

function line(pen, x, y, endX, endY) {
  pen.moveTo(x, y);
  pen.lineTo(endX, endY);
}
