// A sheet of maps: planes of cells side by side. One points at a plane or a cell, walks through them by arrow keys, chooses one.

import { prepare } from "./canvas.js";
import { shade } from "./colours.js";
import { ink } from "./ink.js";
import { unpack } from "./numbers.js";
import { brief, powerOfTen, short } from "./zoom_number.js";

const [BETWEEN, LABEL, EDGE] = [6, 15, 2]; // pixels between planes, of a label's line, and around all
const [LARGEST, LEAST_PLANE] = [40, 30]; // pixels of a cell, and of the smallest plane where there are many
const [LINES_FROM, NUMBERS_FROM] = [9, 34]; // pixels of a cell from which it has an outline, and a number
const HERE = "#e6007a";
const LOW = 0.05; // a sheet whose numbers are all smaller is written in a unit of its own

export class Sheet {
  // sheet: as figures/zoom_sheet.py makes it. heard(sheet, chosen): the cursor moved, or (true) its place was chosen.
  constructor(sheet, heard) {
    Object.assign(this, { sheet, heard, at: null });
    this.values = sheet.planes ? unpack(sheet) : [];
    this.power = sheet.peak < LOW ? 3 * Math.floor(Math.log10(sheet.peak) / 3) : 0; // in which small numbers are written
    this.figure = document.createElement("figure");
    this.figure.className = "sheet";
    this.caption = this.figure.appendChild(document.createElement("figcaption"));
    this.caption.textContent = sheet.words;
    this.canvas = this.figure.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", sheet.words);
    this.pen = this.canvas.getContext("2d");
    this.open = Boolean(sheet.choose || sheet.queries || sheet.query);
    this.canvas.classList.toggle("open", this.open);
    this.canvas.onpointermove = (event) => event.pointerType !== "touch" && this.point(this.cellAt(event));
    this.canvas.onclick = (event) => {
      this.point(this.cellAt(event));
      if (this.open && (this.at || sheet.query)) heard(this, true);
    };
  }

  get whole() {
    return this.sheet.unit === "plane";
  }

  // Cells as large as fit into the room; where even the smallest do not, the sheet is higher than it.
  layout(width, height, colours) {
    const { planes, rows, columns, labels, units } = this.sheet;
    this.colours = colours;
    this.label = labels.length ? LABEL : 0;
    this.between = units && !this.label ? 0 : BETWEEN;
    const least = planes > 1 && !units ? LEAST_PLANE / Math.max(rows, columns) : units ? 14 : 3;
    const wide = this.label && units ? 44 : 0; // a label needs room
    for (let cell = LARGEST; ; cell -= cell > 4 ? 1 : 0.25) {
      this.cell = Math.max(cell, least);
      [this.planeWidth, this.planeHeight] = [Math.max(columns * this.cell, wide), rows * this.cell + this.label];
      this.across = Math.max(
        1,
        Math.min(planes, Math.floor((width - 2 * EDGE + this.between) / (this.planeWidth + this.between))),
      );
      this.down = Math.ceil(planes / this.across);
      this.size = [this.across * (this.planeWidth + this.between), this.down * (this.planeHeight + this.between)];
      if ((this.size[0] <= width + this.between && this.size[1] <= height) || cell <= least) break;
    }
    prepare(
      this.canvas,
      this.pen,
      this.size.map((length) => length - this.between + 2 * EDGE),
    );
    const numbers = this.cell >= NUMBERS_FROM && this.sheet.dtype === "f8";
    const unit = numbers && this.power ? `, written in ${powerOfTen(this.power)}` : "";
    this.caption.textContent = this.sheet.words + unit;
    this.draw();
  }

  corner(plane) {
    return [
      EDGE + (plane % this.across) * (this.planeWidth + this.between),
      EDGE + Math.floor(plane / this.across) * (this.planeHeight + this.between),
    ];
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - EDGE, event.clientY - box.top - EDGE];
    const [across, down] = [
      Math.floor(x / (this.planeWidth + this.between)),
      Math.floor(y / (this.planeHeight + this.between)),
    ];
    const plane = down * this.across + across;
    const [left, top] = this.corner(plane);
    const row = Math.floor((y + EDGE - top) / this.cell);
    const column = Math.floor((x + EDGE - left) / this.cell);
    const { planes, rows, columns } = this.sheet;
    if (across < 0 || across >= this.across || down < 0 || plane >= planes) return null;
    if (this.whole || this.sheet.units) return { plane, row: 0, column: 0 };
    return row >= 0 && row < rows && column >= 0 && column < columns ? { plane, row, column } : null;
  }

  point(at) {
    if (!at || !this.open || this.sheet.query) return;
    this.at = at;
    this.draw();
    this.heard(this, false);
  }

  // Go so many rows and columns on; returns whether there is a place.
  move(down, across) {
    const { planes, rows, columns } = this.sheet;
    if (!this.at) {
      this.point({ plane: 0, row: 0, column: 0 });
      return;
    }
    const [high, wide] = this.whole ? [1, 1] : [rows, columns];
    const { plane, row, column } = this.at;
    const y = Math.floor(plane / this.across) * high + (this.whole ? 0 : row) + down;
    const x = (plane % this.across) * wide + (this.whole ? 0 : column) + across;
    const next = Math.floor(y / high) * this.across + Math.floor(x / wide);
    if (y < 0 || x < 0 || x >= this.across * wide || next >= planes) return;
    this.point({ plane: next, row: this.whole ? 0 : y % high, column: this.whole ? 0 : x % wide });
  }

  index({ plane, row, column } = this.at) {
    return (plane * this.sheet.rows + row) * this.sheet.columns + column;
  }

  // What the chosen place leads to, as an address says it.
  get query() {
    const { query, queries, choose } = this.sheet;
    if (query) return query;
    if (queries) return queries[this.at.plane];
    let rest = this.whole ? this.at.plane : this.index();
    const places = choose.shape.toReversed().map((size) => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    });
    return `${choose.before}${places.toReversed().join("-")}${choose.after}`;
  }

  get told() {
    if (!this.at) return "";
    const { plane, row, column } = this.at;
    const { labels, planes, units, dtype, each = "" } = this.sheet;
    const name = `${each} ${labels[plane] ?? (planes > 1 ? plane : "")}`.trim();
    if (this.whole) return name;
    const place = units ? name : `${planes > 1 ? `${name}, ` : ""}row ${row}, column ${column}`;
    return dtype === "f8" ? `${place}: ${brief(this.values[this.index()])}` : place;
  }

  // Level of a number among the colours, and whether it is one.
  share(value) {
    if (this.sheet.dtype === "i1") return value === -128 ? NaN : value / this.sheet.peak;
    return Number.isFinite(value) ? value / this.sheet.peak : NaN;
  }

  draw() {
    const { planes, rows, columns, labels, marks = [] } = this.sheet;
    const { pen, cell, colours, canvas } = this;
    if (!colours) return;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (let plane = 0; plane < planes; plane++) {
      const [left, top] = this.corner(plane);
      this.drawPlane(plane, left, top);
      if (!this.label) continue;
      pen.font = `12px ${colours.font}`;
      pen.fillStyle = colours.muted;
      const text = labels[plane] ?? "";
      const most = Math.max(3, Math.floor(this.planeWidth / 6.2));
      pen.fillText(
        text.length > most ? `${text.slice(0, most - 1)}…` : text,
        left + Math.min(this.planeWidth, Math.max(columns * cell, this.planeWidth)) / 2,
        top + rows * cell + LABEL / 2 + 1,
      );
    }
    for (const [plane, row, column, high, wide] of marks) {
      if (plane < planes) this.frame(plane, row, column, high, wide, 2.5);
    }
    if (this.at) {
      if (this.whole) this.frame(this.at.plane, 0, 0, rows, columns, 3);
      else this.frame(this.at.plane, this.at.row, this.at.column, 1, 1, 2.5);
    }
  }

  drawPlane(plane, left, top) {
    const { rows, columns } = this.sheet;
    const { pen, cell, colours } = this;
    const image = new ImageData(columns, rows);
    const lost = [];
    for (let index = 0; index < rows * columns; index++) {
      const share = this.share(this.values[plane * rows * columns + index]);
      const colour = Number.isNaN(share) ? colours.base : shade(share, "signed", colours);
      if (Number.isNaN(share)) lost.push(index);
      image.data.set([...colour, 255], index * 4);
    }
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, left, top, columns * cell, rows * cell);
    pen.fillStyle = colours.unseen; // hatched: no number
    for (const index of lost) {
      pen.fillRect(left + (index % columns) * cell, top + Math.floor(index / columns) * cell, cell, cell);
    }
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, columns * cell - 1, rows * cell - 1);
    if (cell >= LINES_FROM) this.lines(left, top);
    if (cell >= NUMBERS_FROM && this.sheet.dtype === "f8") this.numbers(plane, left, top, image.data);
  }

  lines(left, top) {
    const { rows, columns } = this.sheet;
    const { pen, cell } = this;
    pen.globalAlpha = 0.5;
    pen.beginPath();
    for (let row = 1; row < rows; row++) {
      pen.moveTo(left, top + row * cell);
      pen.lineTo(left + columns * cell, top + row * cell);
    }
    for (let column = 1; column < columns; column++) {
      pen.moveTo(left + column * cell, top);
      pen.lineTo(left + column * cell, top + rows * cell);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  numbers(plane, left, top, colours) {
    const { rows, columns } = this.sheet;
    const { pen, cell } = this;
    pen.font = `11px ${this.colours.font}`;
    const unit = 10 ** this.power;
    for (let index = 0; index < rows * columns; index++) {
      const text = short(this.values[plane * rows * columns + index] / unit);
      pen.fillStyle = ink(Array.from(colours.slice(index * 4, index * 4 + 3)));
      pen.fillText(text, left + ((index % columns) + 0.5) * cell, top + (Math.floor(index / columns) + 0.5) * cell + 1);
    }
  }

  frame(plane, row, column, high, wide, width) {
    const { pen, cell } = this;
    const [left, top] = this.corner(plane);
    const box = [left + column * cell, top + row * cell, wide * cell, high * cell];
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = width + 2;
    pen.strokeRect(...box);
    pen.strokeStyle = HERE;
    pen.lineWidth = width;
    pen.strokeRect(...box);
  }
}
