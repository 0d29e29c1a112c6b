// Maps as pictures, drawn once: a sheet for each layer, all its maps side by side. Drawing the network is then copying.

import { shade } from "./colours.js";

const STEPS = 512; // shades from 0 to the end of the scale
const [MOST, NOT_FINITE] = [127, -128]; // levels, as the core has them
const WRONG = 0xff7a00e6; // of what is no number: pink, as bytes from alpha to red

const packed = ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red;

// What every share of the largest number, from -1 to 1, looks like.
export const shadesOf = (colours) =>
  Uint32Array.from({ length: 2 * STEPS + 1 }, (_, i) => packed(shade((i - STEPS) / STEPS, "signed", colours)));

export class Sheet {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d");
  }

  // maps: {codes, peaks}; ends: by map, what the end of the scale stands for.
  paint({ codes, peaks }, [rows, columns], ends, table) {
    const count = peaks.length;
    Object.assign(this, { rows, columns, count });
    Object.assign(this.canvas, { width: columns * count, height: rows }); // it is empty then
    const image = new ImageData(columns * count, rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let map = 0; map < count; map++) {
      const share = ends[map] ? (peaks[map] / ends[map] / MOST) * STEPS : 0;
      let at = map * rows * columns;
      for (let row = 0; row < rows; row++) {
        let to = row * columns * count + map * columns;
        for (let column = 0; column < columns; column++, at++, to++)
          pixels[to] = codes[at] === NOT_FINITE ? WRONG : table[Math.round(codes[at] * share) + STEPS];
      }
    }
    this.pen.putImageData(image, 0, 0);
  }

  draw(pen, map, x, y, width, height) {
    pen.drawImage(this.canvas, map * this.columns, 0, this.columns, this.rows, x, y, width, height);
  }
}

// The picture itself, (channels, rows, columns) from 0 to 255, in grey or in colours.
export function paintPicture(canvas, levels, [channels, rows, columns]) {
  Object.assign(canvas, { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  const size = rows * columns;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = levels[(channels === 3 ? k * size : 0) + i];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// By map, what the end of the scale stands for: its own largest number, its layer's, or the net's. A unit by itself would
// always stand at one end.
export function endsOf(peaks, range, isMaps, net) {
  if (range === "map" && isMaps) return peaks;
  const end = range === "net" ? net : Math.max(...peaks);
  return peaks.map(() => end);
}
