// One gradient in three ways, as the core sent it: its numbers, and of which products each of them is made.

import { unpack, write } from "./numbers.js";

export class Gradient {
  constructor(data) {
    Object.assign(this, data);
    this.grids = Object.fromEntries(
      Object.entries(data.grids).map(([name, packed]) => {
        const [channels, rows, columns] = packed.shape;
        const { scale, peak } = packed;
        const size = rows * columns;
        return [name, { counts: unpack(packed), channels, rows, columns, size, scale, peak, looks: "signed" }];
      }),
    );
    this.blank = unpack(data.blank);
    const { dout, matrix } = this.grids;
    if (!matrix) return;
    // A row of the matrix has a number for each of dout: it may be laid out as dout is.
    this.grids.row = { ...matrix, channels: matrix.rows * dout.channels, ...pick(dout, ["rows", "columns", "size"]) };
    this.met = new Uint8Array(matrix.size); // which entries of the matrix are weights
    for (let row = 0; row < matrix.rows; row++)
      for (const { entry } of this.termsOf(this.cellOf(row))) this.met[row * matrix.columns + entry] = 1;
  }

  text(name, index) {
    return write(this.grids[name].counts[index], this.grids[name].scale);
  }

  // dx as a column of numbers, which is what the matrix makes: where a cell is in it, and back.
  rowOf([channel, row, column]) {
    const { size, columns } = this.grids.spread;
    return channel * size + row * columns + column;
  }

  cellOf(index) {
    const { size, columns } = this.grids.spread;
    return [Math.floor(index / size), Math.floor((index % size) / columns), index % columns];
  }

  // The products of a number of dx, in the order in which all three ways add them: of which channel of dout, from which
  // cells of each grid, and the texts of the two numbers and of their product.
  termsOf([channel, row, column]) {
    const { dout, weight, flipped, plane, spread } = this.grids;
    const terms = [];
    for (let f = 0; f < dout.channels; f++) {
      const kernel = f * spread.channels + channel;
      for (const [y, i] of this.meetings[0][row]) {
        for (const [x, j] of this.meetings[1][column]) {
          const [cell, tap] = [y * dout.columns + x, i * weight.columns + j];
          const [entry, w] = [f * dout.size + cell, kernel * weight.size + tap];
          terms.push({
            f,
            cell,
            tap,
            entry,
            turned: flipped.size - 1 - tap,
            apart: row * plane.columns + column + this.taps[tap],
            left: this.text("dout", entry),
            right: this.text("weight", w),
            product: write(dout.counts[entry] * weight.counts[w], spread.scale),
          });
        }
      }
    }
    return terms;
  }

  // A cell of which no other has more products.
  get fullest() {
    const longest = (lists) => lists.reduce((best, list, at) => (list.length > lists[best].length ? at : best), 0);
    return [0, ...this.meetings.map(longest)];
  }

  get gaps() {
    return this.unread.some((axis) => Object.keys(axis).length);
  }

  // Why no window reads a cell; empty where one does.
  reasons([, ...place]) {
    return place.map((at, axis) => this.unread[axis][at]).filter(Boolean);
  }
}

const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
