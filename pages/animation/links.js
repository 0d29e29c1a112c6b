// Links: which cells belong to a cell. From a cell of the input to every output that uses it, and the weight through
// which; from an output to its window; from a weight to every product it was in. The gradient takes the same paths back.

import { bracket } from "./numbers.js";
import { text } from "./phrases.js";

export class Links {
  constructor(walk) {
    this.walk = walk;
    this.positionAt = new Map(Array.from(walk.origin, (origin, position) => [origin, position]));
  }

  // {marks: {grid: [{plane, index, note}]}, text} for cell `index` of a grid's plane.
  of(name, plane, index) {
    this.marks = {};
    this.add([name], plane, index);
    const { walk } = this;
    const kind = walk.fields.has(name)
      ? "field"
      : walk.isMatrix(name)
        ? name
        : walk.isKernel(name)
          ? "weight"
          : ["bias", "dbias"].includes(name)
            ? "bias"
            : "point";
    return { text: this[kind](name, plane, index), marks: this.marks };
  }

  add(names, plane, index, note) {
    for (const name of names) {
      if (this.walk.grids[name]) (this.marks[name] ??= []).push({ plane, index, note });
    }
  }

  // The windows over a cell of a padded plane: [{position, tap}].
  windows(index) {
    return Array.from(this.walk.taps, (offset, tap) => ({ position: this.positionAt.get(index - offset), tap })).filter(
      ({ position }) => position !== undefined,
    );
  }

  field(name, plane, index) {
    const { walk } = this;
    const { channels_in, channels_out, positions, taps, grids } = walk;
    this.add(
      [...walk.fields].filter((other) => other !== name),
      plane,
      index,
    );
    const [windows, group] = [this.windows(index), Math.floor(plane / channels_in)];
    const paths = [];
    for (let filter = group * channels_out; filter < (group + 1) * channels_out; filter++) {
      const kernel = filter * channels_in + (plane - group * channels_in);
      for (const { position, tap } of windows) {
        const won = walk.winner?.[filter * positions + position] === tap;
        const factor = grids.weight && text(grids.weight, grids.weight.counts[kernel * taps.length + tap]);
        const note = factor ? `×${bracket(factor)}` : walk.winner ? (won ? "★" : "–") : `÷${taps.length}`;
        this.add(walk.points, filter, position, note);
        this.add(["weight", "dweight"], kernel, tap);
        this.add(["columns"], 0, (plane * taps.length + tap) * positions + position);
        this.add(["product"], 0, filter * positions + position);
        const at = (grid) => walk.name(grid, filter, position);
        paths.push({ at, won, factor: factor && bracket(factor) });
      }
    }
    const padding = walk.blank[index] && walk.operation !== "conv_transpose2d";
    const forward = { dx: "x", dout: "out" }[name];
    const here = padding
      ? `This cell of the ${walk.filler}`
      : walk.name(walk.grids[forward] ? forward : name, plane, index);
    return sayField(walk, here, walk.grids.dx && !padding && walk.name("dx", plane, index), windows.length, paths);
  }

  weight(name, plane, tap) {
    const { walk } = this;
    const filter = Math.floor(plane / walk.channels_in);
    const field = Math.floor(filter / walk.channels_out) * walk.channels_in + (plane % walk.channels_in);
    this.add(
      ["weight", "dweight"].filter((other) => other !== name),
      plane,
      tap,
    );
    for (let position = 0; position < walk.positions; position++) {
      this.add(
        ["x", "out", "dout"].filter((grid) => walk.fields.has(grid)),
        field,
        walk.origin[position] + walk.taps[tap],
      );
      this.add(
        ["x", "out", "dout"].filter((grid) => walk.points.includes(grid)),
        filter,
        position,
      );
    }
    if (walk.operation === "im2col") {
      const k = (plane % walk.channels_in) * walk.taps.length + tap;
      this.add(["rows"], 0, filter * walk.grids.rows.columns + k);
      for (let position = 0; position < walk.positions; position++)
        this.add(["columns"], 0, k * walk.positions + position);
    }
    const [given, point] = walk.operation === "conv_transpose2d" ? ["dout", "x"] : ["x", "dout"];
    const both = (position) =>
      `${walk.name(point, filter, position)} × ${walk.name(given, field, walk.origin[position] + walk.taps[tap])}`;
    const back = walk.grids.dweight
      ? ` Its gradient adds up as many: ${walk.name("dweight", plane, tap)} = ${both(
          0,
        )}${walk.positions > 1 ? ` + ${both(1)}` : ""}${walk.positions > 2 ? " + …" : ""}.`
      : "";
    return `${walk.name("weight", plane, tap)} is in ${several(walk.positions, "product")}, one at each stop of the window.${back}`;
  }

  bias(name, filter) {
    const { walk } = this;
    for (let position = 0; position < walk.positions; position++) this.add(walk.points, filter, position);
    const back = walk.grids.dbias ? " Its gradient is the sum of theirs." : "";
    return `The bias is added to each of the ${walk.positions} numbers of its output.${back}`;
  }

  point(name, channel, position) {
    const { walk } = this;
    const { operation, grids } = walk;
    const at = walk.locate(walk.phases.at(-1).first + channel * walk.positions + position);
    this.add(
      walk.points.filter((other) => other !== name),
      channel,
      position,
    );
    for (const [i, plane] of at.planes.entries()) {
      for (const [tap, cell] of at.cells.entries()) {
        this.add(walk.fields, plane, cell);
        this.add(["weight"], at.kernels[i], tap);
      }
    }
    this.add(["bias"], channel, 0);
    if (operation === "im2col") {
      this.add(["product"], 0, channel * walk.positions + position);
      for (let k = 0; k < grids.columns.rows; k++) {
        this.add(["rows"], 0, channel * grids.rows.columns + k);
        this.add(["columns"], 0, k * walk.positions + position);
      }
    }
    const cells = several(at.planes.length * at.cells.length, "number");
    const here = walk.name(name, channel, position);
    if (operation === "conv_transpose2d")
      return `${here} belongs to a window of ${cells} of the output. A click goes to its step.`;
    if (name === "dout")
      return `${here} is the gradient of an output that was made of the ${cells} in its window. A click goes to its step.`;
    const back = !grids.dx
      ? ""
      : walk.winner
        ? " Backward its gradient goes to the largest of them."
        : " Backward its gradient goes to them.";
    return `${here} is made of the ${cells} in its window.${back} A click goes to its step.`;
  }

  product(name, plane, index) {
    const [filter, position] = [Math.floor(index / this.walk.positions), index % this.walk.positions];
    this.point("out", filter, position);
    this.add(["out"], filter, position);
    return `product[${filter}, ${position}] is row ${filter} times column ${position}: the same number as ${this.walk.name(
      "out",
      filter,
      position,
    )}.`;
  }

  columns(name, plane, index) {
    const { positions, taps, origin, grids, channels_in } = this.walk;
    const [k, position] = [Math.floor(index / positions), index % positions];
    const [channel, tap] = [Math.floor(k / taps.length), k % taps.length];
    const cell = origin[position] + taps[tap];
    const copies = this.windows(cell);
    for (const copy of copies) this.add(["columns"], 0, (channel * taps.length + copy.tap) * positions + copy.position);
    this.add(["x"], channel, cell);
    for (let filter = 0; filter < grids.rows.rows; filter++) {
      this.add(["rows"], 0, filter * grids.rows.columns + k);
      this.add(["weight"], filter * channels_in + channel, tap);
      this.add(["product"], 0, filter * positions + position);
      this.add(["out"], filter, position);
    }
    return `columns[${k}, ${position}] is a copy of ${this.walk.name("x", channel, cell)}, which stands in ${several(
      copies.length,
      "column",
    )}: once for each window over it.`;
  }

  rows(name, plane, index) {
    const { grids, taps, channels_in } = this.walk;
    const [filter, k] = [Math.floor(index / grids.rows.columns), index % grids.rows.columns];
    const kernel = filter * channels_in + Math.floor(k / taps.length);
    this.add(["weight"], kernel, k % taps.length);
    this.weight("weight", kernel, k % taps.length);
    return `rows[${filter}, ${k}] is ${this.walk.name("weight", kernel, k % taps.length)}: it meets row ${
      k
    } of columns, all the numbers that this weight is multiplied with.`;
  }
}

// What the paths from a cell under the window to the points say: forward, and that the gradient takes them back.
function sayField(walk, here, gradient, windows, paths) {
  if (!paths.length) return `${here} is under no window: no output depends on it, and its gradient is 0.`;
  const under = `${here} is under ${several(windows, "window")}`;
  const into = ({ at }) => at(walk.points[0]).replace(/^dout/, "out"); // a walk of the backward pass alone shows no outputs
  if (walk.operation === "conv_transpose2d") {
    return `${under}: it adds up ${list(paths.map(({ at, factor }) => `${at("x")} × ${factor}`))}.`;
  }
  if (walk.operation === "max_pool2d") {
    const wins = paths.filter(({ won }) => won).map(into);
    return wins.length
      ? `${under} and is the largest of ${wins.length} (${list(wins)}). Backward it has to collect the gradient of each: hence +=.`
      : `${under} and the largest of none: it goes no further, and its gradient is 0.`;
  }
  if (walk.operation === "avg_pool2d") {
    return `${under}: it goes into ${list(paths.map(into))}. Backward each sends it the same share.`;
  }
  const forward = list(paths.map((path) => `${into(path)} (× ${path.factor})`));
  if (!gradient) return `${under}: it goes into ${forward}.`;
  const terms = paths
    .slice(0, MOST_NAMED)
    .map(({ at, factor }) => `${at("dout")} × ${factor}`)
    .join(" + ");
  return `${under}: it goes into ${forward}. Its gradient comes back on the same paths: ${gradient} = ${terms}${
    paths.length > MOST_NAMED ? " + …" : ""
  }.`;
}

const MOST_NAMED = 3; // of the linked cells; the others are counted
const several = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

// The first few, and how many more.
function list(names) {
  const more = names.length - MOST_NAMED;
  return more > 1 ? `${names.slice(0, MOST_NAMED).join(", ")} and ${more} more` : names.join(", ");
}
