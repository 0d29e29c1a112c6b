// The decoded walk with its index arithmetic, and what its steps have made so far.
// Sizes, positions and results come from the core; here whole numbers are added and multiplied.

import { unpack } from "./numbers.js";
import { findSlips } from "./slips.js";

const CHANNELS = "add the channels";

// The stages of one action of a step; with the last of them its result is there.
function stagesOf(action, walk) {
  const { do: what, into, bias } = action;
  if (what === "dot" || what === "matmul") {
    return [
      "multiply",
      walk.channels_in > 1 ? "add up each channel" : "add up",
      ...(walk.channels_in > 1 ? [CHANNELS] : []),
      ...(bias ? ["add the bias"] : []),
      `write ${walk.called[into] ?? into}`,
    ];
  }
  if (what === "max") return ["compare", `write ${into}`];
  if (what === "mean") return ["add up", "divide", `write ${into}`];
  return [what === "copy" ? "copy" : `add to ${into}`];
}

export class Walk {
  constructor(data) {
    Object.assign(this, data);
    for (const grid of Object.values(this.grids)) {
      [grid.channels, grid.rows, grid.columns] = grid.shape;
      grid.size = grid.rows * grid.columns;
      grid.counts = grid.base64 ? unpack(grid) : new Float64Array(grid.channels * grid.size); // the latter: added up here
    }
    for (const name of ["origin", "taps", "blank", "unseen", "winner"]) if (this[name]) this[name] = unpack(this[name]);
    this.positions = this.origin.length;
    this.makers = {}; // by grid: the action that makes it, in which phase, and at which stage
    this.fields = new Set(this.fields);
    this.filler = this.apart && Math.max(...this.apart) > 1 ? "inserted zeros" : "padding";
    let first = 0;
    this.phases.forEach((phase, number) => {
      Object.assign(phase, { number, first, stages: [] });
      first += phase.steps;
      for (const action of phase.actions) {
        action.stages = stagesOf(action, this);
        action.begins = phase.stages.length;
        phase.stages.push(...action.stages);
        action.ends = phase.stages.length - 1;
        if (action.broken) this.grids[action.into].right = new Float64Array(this.grids[action.into].counts.length);
        this.makers[action.into] = { action, phase, done: 0 };
      }
    });
    this.count = first;
    const field = this.grids[[...this.fields][0]];
    [this.plane_rows, this.plane_columns, this.plane_size] = [field.rows, field.columns, field.size];
    const points = this.phases.flatMap((phase) =>
      phase.actions.map(({ point }) => (point === "product" ? "out" : point)),
    );
    this.points = [...new Set(points.filter(Boolean))];
    this.point = this.grids[this.points[0]];
    this.slips = findSlips(this);
  }

  // Everything about a step: its phase, its channel and position, its window.
  locate(step) {
    const phase = this.phases.findLast((candidate) => candidate.first <= step);
    const local = step - phase.first;
    const all = phase.name === "copy"; // one step for all channels
    const [channel, position] = [Math.floor(local / this.positions), local % this.positions];
    const origin = this.origin[position];
    const start = all ? 0 : Math.floor(channel / this.channels_out) * this.channels_in;
    return {
      step,
      phase,
      local,
      channel,
      position,
      all,
      row: Math.floor(position / this.point.columns),
      column: position % this.point.columns,
      top: Math.floor(origin / this.plane_columns),
      left: origin % this.plane_columns,
      cells: Array.from(this.taps, (tap) => origin + tap),
      planes: Array.from({ length: this.channels_in }, (_, i) => start + i),
      kernels: Array.from({ length: this.channels_in }, (_, i) => channel * this.channels_in + i),
    };
  }

  // The step that is closest to one of another walk: of the same phase, at the same place or the last one before it.
  nearest({ phase, channel, row, column }) {
    const { positions, point, phases } = this;
    const { first, steps } = phases.find(({ name }) => name === phase.name) ?? phases[0];
    const place = Math.min(row, point.rows - 1) * point.columns + Math.min(column, point.columns - 1);
    return first + Math.min(channel, Math.floor(steps / positions) - 1) * positions + place;
  }

  // How NumPy would write a cell of the layer's own arrays (they have no padding, and no zeros between their cells; their kernels
  // are not flipped); the channel only where there are several.
  name(grid, channel, index) {
    const { channels, rows, columns } = this.grids[grid];
    const { apart, channels_in, channels_out } = this;
    const called = this.called[grid] ?? grid;
    let [row, column, plane] = [Math.floor(index / columns), index % columns, channel];
    if (this.fields.has(grid)) {
      if (this.blank[index]) return `${called}’s ${this.filler}`;
      [row, column] = [row - this.corner[0], column - this.corner[1]];
      if (apart) [row, column] = [row / apart[0], column / apart[1]];
    }
    if (this.isKernel(grid)) {
      let [first, second] = [Math.floor(channel / channels_in), channel % channels_in];
      if (apart) {
        [row, column] = [rows - 1 - row, columns - 1 - column];
        [first, second] = [Math.floor(first / channels_out) * channels_in + second, first % channels_out];
      }
      plane = `${first}, ${second}`;
    }
    return channels > 1 ? `${called}[${plane}, ${row}, ${column}]` : `${called}[${row}, ${column}]`;
  }

  isKernel(name) {
    return name === "weight" || name === "dweight";
  }

  isMatrix(name) {
    return ["columns", "rows", "product"].includes(name);
  }

  // Bring what the steps make to just after `stage` of `step`. Returns by grid how many of its steps changed from what to what.
  advance(step, stage) {
    const here = this.locate(step).phase;
    const moves = {};
    const entered = here !== this.phase; // its sums appear, or vanish
    this.phase = here;
    for (const [name, maker] of Object.entries(this.makers)) {
      const { action, phase } = maker;
      const target =
        phase.number < here.number
          ? phase.steps
          : phase.number > here.number
            ? 0
            : step - phase.first + (stage >= action.ends ? 1 : 0);
      if (entered && action.adds) moves[name] = [0, Infinity];
      if (target === maker.done) continue;
      moves[name] ??= [maker.done, target];
      if (action.adds && target < maker.done) {
        this.grids[name].counts.fill(0);
        this.grids[name].right?.fill(0);
        maker.done = 0;
      }
      if (action.adds) for (let local = maker.done; local < target; local++) this.add(action, local);
      maker.done = target;
    }
    return moves;
  }

  // Is this cell's number known yet?
  shown(name, channel, index) {
    const maker = this.makers[name === "out" && this.operation === "im2col" ? "product" : name];
    if (!maker) return true;
    if (maker.action.adds) return this.phase?.number >= maker.phase.number;
    const cell = name === "columns" ? index % this.positions : channel * this.grids[name].size + index;
    return cell < maker.done;
  }

  // One step of an adding action. All of it runs over flat arrays: a scrub may need a million of these.
  add(action, local) {
    const { grids, taps, channels_in, positions, plane_size } = this;
    const n = taps.length;
    const channel = Math.floor(local / positions);
    const position = local - channel * positions;
    const g = grids[action.point].counts[local];
    const into = grids[action.into].counts;
    const { right } = grids[action.into]; // beside a broken sum, what it should be
    const origin = this.origin[position];
    if (action.do === "sum") {
      into[channel] += g;
    } else if (action.do === "route") {
      const cell = channel * plane_size + origin + taps[this.winner[local]];
      into[cell] = action.broken ? g : into[cell] + g;
      if (right) right[cell] += g;
    } else {
      const first = Math.floor(channel / this.channels_out) * channels_in;
      for (let i = 0; i < channels_in; i++) {
        const plane = (first + i) * plane_size + origin;
        const kernel = (channel * channels_in + i) * n;
        if (action.do === "outer") {
          const field = grids[action.field].counts;
          for (let tap = 0; tap < n; tap++) into[kernel + tap] += g * field[plane + taps[tap]];
        } else if (action.weight) {
          const weight = grids[action.weight].counts;
          for (let tap = 0; tap < n; tap++) into[plane + taps[tap]] += g * weight[kernel + tap];
        } else {
          for (let tap = 0; tap < n; tap++) {
            const cell = plane + taps[tap];
            into[cell] = action.broken ? g : into[cell] + g;
            if (right) right[cell] += g;
          }
        }
      }
    }
  }

  // The cells of a grid that a step has to do with: [{plane, top, left, rows, columns, gap}]; empty for none.
  marks(name, at) {
    const grid = this.grids[name];
    const whole = (plane) => ({ plane, top: 0, left: 0, rows: grid.rows, columns: grid.columns });
    const cell = (plane, top, left) => ({ plane, top, left, rows: 1, columns: 1 });
    if (this.fields.has(name)) {
      const planes = at.all ? Array.from({ length: grid.channels }, (_, i) => i) : at.planes;
      return planes.map((plane) => ({
        plane,
        top: at.top,
        left: at.left,
        rows: this.span[0],
        columns: this.span[1],
        gap: this.dilation,
      }));
    }
    if (name === "columns") return [{ plane: 0, top: 0, left: at.position, rows: grid.rows, columns: 1 }];
    if (at.all) return [];
    if (name === "rows") return [{ plane: 0, top: at.channel, left: 0, rows: 1, columns: grid.columns }];
    if (name === "product") return [cell(0, at.channel, at.position)];
    if (name === "bias" || name === "dbias") return [cell(at.channel, 0, 0)];
    if (this.isKernel(name)) return at.kernels.map(whole);
    return [cell(at.channel, at.row, at.column)];
  }
}
