// The decoded trace with its index arithmetic, and the sums of the backward walk up to the current step.
// Sizes, positions and results come from the core; here whole numbers are added and multiplied.
class Trace {
  constructor(data) {
    Object.assign(this, data);
    for (const grid of Object.values(this.grids)) {
      grid.counts = unpack(grid);
      [grid.channels, grid.rows, grid.columns] = grid.shape;
      grid.peak = grid.counts.reduce((peak, count) => Math.max(peak, Math.abs(count)), 0) || 1;
    }
    for (const name of ["origin", "taps", "unseen", "winner"]) if (this[name]) this[name] = unpack(this[name]);
    [this.plane_rows, this.plane_columns] = this.grids.x.shape.slice(1);
    this.plane_size = this.plane_rows * this.plane_columns;
    this.positions = this.origin.length;
    this.steps = this.grids.out.counts.length;
    this.count = this.steps * this.phases.length;
    this.reset();
  }

  // The step within its walk, and whether that walk is the backward one.
  walk(step) {
    return [step % this.steps, this.phases[Math.floor(step / this.steps)] === "backward"];
  }

  // The step of output cell `cell` in the walk that `step` belongs to.
  sameWalk(step, cell) {
    return Math.floor(step / this.steps) * this.steps + cell;
  }

  reset() {
    this.done = 0; // backward steps that are in the sums
    this.sums = {};
    for (const name of ["dx", "dweight", "dbias"]) {
      if (this.grids[name]) this.sums[name] = new Float64Array(this.grids[name].counts.length);
    }
  }

  locate(step) {
    const [channel, position] = [Math.floor(step / this.positions), step % this.positions];
    const origin = this.origin[position];
    const first = Math.floor(channel / this.channels_out) * this.channels_in;
    return {
      channel,
      position,
      row: Math.floor(position / this.grids.out.columns),
      column: position % this.grids.out.columns,
      top: Math.floor(origin / this.plane_columns),
      left: origin % this.plane_columns,
      cells: Array.from(this.taps, (tap) => origin + tap),
      planes: Array.from({ length: this.channels_in }, (_, i) => first + i),
    };
  }

  // How NumPy would write this cell; the channel only where there are several.
  name(grid, { channel, row, column }) {
    return this.grids[grid].channels > 1 ? `${grid}[${channel}, ${row}, ${column}]` : `${grid}[${row}, ${column}]`;
  }

  isPadding(cell) {
    const [row, column] = [Math.floor(cell / this.plane_columns), cell % this.plane_columns];
    const [[top, bottom], [left, right]] = this.padding;
    return row < top || row >= this.plane_rows - bottom || column < left || column >= this.plane_columns - right;
  }

  // Bring the backward sums to just after `step`; returns how many steps were added (null: started anew).
  accumulate(step) {
    const anew = step + 1 < this.done;
    if (anew) this.reset();
    const from = this.done;
    for (; this.done <= step; this.done++) this.add(this.done);
    return anew ? null : this.done - from;
  }

  add(step) {
    const { channel, cells, planes } = this.locate(step);
    const { x, weight, dout } = this.grids;
    const { dx, dweight, dbias } = this.sums;
    const g = dout.counts[step];
    const n = this.taps.length;
    if (this.operation === "max_pool2d") {
      dx[channel * this.plane_size + cells[this.winner[step]]] += g;
      return;
    }
    planes.forEach((plane, number) => {
      const kernel = (channel * this.channels_in + number) * n;
      cells.forEach((cell, tap) => {
        if (!weight) dx[plane * this.plane_size + cell] += g;
        else {
          dx[plane * this.plane_size + cell] += g * weight.counts[kernel + tap];
          dweight[kernel + tap] += g * x.counts[plane * this.plane_size + cell];
        }
      });
    });
    if (dbias) dbias[channel] += g;
  }
}

