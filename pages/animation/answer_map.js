// One map, or the picture itself, on a canvas: its cells as colours, and a frame around the chosen one.

import { shade } from "./colours.js";

const ROOM_FOR_SIGN = 7; // pixels of a cell
const SEEN = 0.08; // share of the largest from which a colour is one

export class AnswerMap {
  // cells(colours): a colour [red, green, blue] for each; signs: the numbers whose sign is drawn, if any.
  constructor(canvas, [rows, columns]) {
    Object.assign(this, { canvas, rows, columns, pen: canvas.getContext("2d") });
    this.image = new OffscreenCanvas(columns, rows);
    canvas.style.aspectRatio = `${columns} / ${rows}`;
  }

  // numbers: one a cell, to be shown as shares of the largest size.
  fill(numbers, colours, signs) {
    const most = numbers.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0) || 1;
    this.paint(Array.from(numbers, (number) => shade(number / most, "signed", colours)));
    this.minus = signs ? Array.from(numbers, (number) => number < -SEEN * most) : [];
  }

  // pixels: bytes, (channels, rows, columns).
  show(pixels, channels) {
    const cells = this.rows * this.columns;
    const levels = [0, channels > 1 ? 1 : 0, channels > 2 ? 2 : 0];
    this.paint(Array.from({ length: cells }, (_, cell) => levels.map((channel) => pixels[channel * cells + cell])));
    this.minus = [];
  }

  paint(colours) {
    const pen = this.image.getContext("2d");
    const data = pen.createImageData(this.columns, this.rows);
    colours.forEach((colour, cell) => data.data.set([...colour, 255], 4 * cell));
    pen.putImageData(data, 0, 0);
  }

  draw(row, column, colours) {
    const { canvas, pen, rows, columns } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, (canvas.clientWidth * rows) / columns];
    if (!width) return;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.image, 0, 0, width, height);
    const [wide, high] = [width / columns, height / rows];
    if (wide >= ROOM_FOR_SIGN) {
      pen.fillStyle = colours.sign;
      this.minus.forEach((below, cell) => {
        const [x, y] = [(cell % columns) * wide, Math.floor(cell / columns) * high];
        if (below) pen.fillRect(x + 0.3 * wide, y + 0.5 * high - 0.5, 0.4 * wide, 1);
      });
    }
    const [x, y] = [column * wide, row * high];
    for (const [colour, line] of [
      ["#fff", 4],
      ["#e6007a", 2],
    ]) {
      Object.assign(pen, { strokeStyle: colour, lineWidth: line });
      pen.strokeRect(
        Math.max(1, x),
        Math.max(1, y),
        Math.max(3, Math.min(wide, width - x - 1)),
        Math.max(3, Math.min(high, height - y - 1)),
      );
    }
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const along = (at, size, cells) => Math.max(0, Math.min(cells - 1, Math.floor((at / size) * cells)));
    return [
      along(event.clientY - box.top, box.height, this.rows),
      along(event.clientX - box.left, box.width, this.columns),
    ];
  }
}
