// The decoded graph of a norm: every number of it by name, the steps of its time axis, and which cells make a set.
// All numbers come from the core; here they are looked up, and spread over the cells that share one.

import { unpack, write } from "./numbers.js";

export const ROWS = ["x", "mean", "centre", "square", "variance", "root", "divide", "scale", "shift"];
// What the tensor shows at a row's step, forward and backward.
const SHOWN = {
  forward: ["x", "mean", "centered", "squared", "variance", "std", "normalized", "scaled", "out"],
  backward: [
    "dx",
    "dx_by_mean",
    "dcentered",
    "dcentered_by_square",
    "dsquared",
    "dvariance",
    "dcentered_by_divide",
    "dnormalized",
    "dout",
  ],
};

export class NormWalk {
  constructor(data) {
    Object.assign(this, data);
    const [pictures, channels, rows, columns] = this.shape;
    Object.assign(this, { pictures, channels, rows, columns, size: rows * columns, points: [] });
    for (const number of Object.values(this.numbers)) number.counts = unpack(number);
    for (const name of ["set_of", "entry_of", "layer_out", "layer_dx"]) this[name] = unpack(this[name]);
    this.grids = { x: this.grid("x") }; // by which a cell is named
    let first = 0;
    this.phases = Object.entries(SHOWN).map(([name, shown], number) => {
      const taken = ROWS.filter((row, i) => this.numbers[shown[i]]);
      if (number) taken.reverse();
      const phase = { name, number, first, steps: taken.length, rows: taken, stages: [name] };
      first += taken.length;
      return phase;
    });
    this.count = first;
  }

  locate(step) {
    const phase = this.phases.findLast((candidate) => candidate.first <= step);
    const row = phase.rows[step - phase.first];
    return { step, phase, row, shown: SHOWN[phase.name][ROWS.indexOf(row)] };
  }

  nearest({ phase, row }) {
    const here = this.phases[phase.number];
    return here.first + Math.max(0, here.rows.indexOf(row));
  }

  // The step of a row in a phase; -1 if it has none there.
  stepOf(phase, row) {
    const local = phase.rows.indexOf(row);
    return local < 0 ? -1 : phase.first + local;
  }

  // The numbers of a name as planes of cells, one for each channel of each picture.
  grid(name) {
    const { each, counts } = this.numbers[name];
    const labels = { set: this.set_of, entry: this.entry_of }[each];
    const spread = labels ? Array.from(labels, (label) => counts[label]) : counts;
    return {
      counts: spread,
      scale: this.scale,
      looks: "signed",
      peak: spread.reduce((most, count) => Math.max(most, Math.abs(count)), 0) || 1,
      channels: this.pictures * this.channels,
      across: this.channels,
      rows: this.rows,
      columns: this.columns,
      size: this.size,
    };
  }

  at(plane, index) {
    return plane * this.size + index;
  }

  // The count of a name at a cell of x.
  countOf(name, cell) {
    const { each, counts } = this.numbers[name];
    return counts[{ cell, set: this.set_of[cell], entry: this.entry_of[cell] }[each]];
  }

  text(name, cell) {
    return write(this.countOf(name, cell), this.scale);
  }

  // How NumPy would write the cell.
  name(grid, cell) {
    const [plane, index] = [Math.floor(cell / this.size), cell % this.size];
    const place = [Math.floor(plane / this.channels), plane % this.channels];
    if (!this.flat) place.push(Math.floor(index / this.columns), index % this.columns);
    return `${grid}[${place.join(", ")}]`;
  }

  // The cells with the same mean and variance, by plane: {plane: [{index}]}.
  setOf(cell) {
    const found = {};
    for (const [other, label] of this.set_of.entries()) {
      if (label === this.set_of[cell]) (found[Math.floor(other / this.size)] ??= []).push({ index: other % this.size });
    }
    return found;
  }
}
