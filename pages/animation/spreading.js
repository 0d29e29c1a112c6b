// The words of a step that adds a number, or its products, to others.

import { bracket, equalsSign } from "./numbers.js";
import { channelName, pointName, result, term, text, tieNote } from "./phrases.js";

// The title of a block: where there are several channels, with the factor that all of their terms have in common.
function titled(walk, number, sum, other, g) {
  if (walk.channels_in === 1) return { title: `${sum} × ${other}` };
  return { title: number ? "" : `${sum} × ${other}, ${g} × …`, shared: true };
}

// Where dx stands in its place, the input's numbers are to be read off the products.
const windowOf = ({ field }) => (field === "x" ? "the input's window (the second factors)" : "the window");

// dweight += point × window, one block for each plane.
export function sayOuter(walk, at, action) {
  const [field, point, into] = [action.field, action.point, action.into].map((name) => walk.grids[name]);
  const count = point.counts[at.local];
  const g = text(point, count);
  const source = pointName(walk, action.point, at);
  const blocks = at.planes.map((plane, number) => ({
    ...titled(walk, number, `${action.into} += ${action.point}`, "window", g),
    part: channelName(walk, action.field, plane),
    columns: walk.kernel_size[1],
    stage: action.begins,
    terms: at.cells.map((cell) => {
      const v = field.counts[plane * walk.plane_size + cell];
      return term(walk.name(action.field, plane, cell), g, text(field, v), text(into, count * v), walk.blank[cell]);
    }),
  }));
  return {
    blocks,
    total: [{ stage: action.begins, html: `${source} = ${result(g)} ` }],
    sentence: `${source} = ${g}. ${g} × ${windowOf(action)} is added to ${action.into}.`,
  };
}

// field[window] += point × weight; without a weight, the same share to every cell.
export function saySpread(walk, at, action) {
  const [point, into, weight] = [action.point, action.into, action.weight].map((name) => walk.grids[name]);
  const count = point.counts[at.local];
  const g = text(point, count);
  const [source, n] = [pointName(walk, action.point, at), walk.taps.length];
  const sign = action.broken ? "=" : "+=";
  if (!weight) {
    const [share, equals] = [text(into, count), equalsSign(count, into.scale)];
    const slip = tellSlip(walk, action, at);
    const terms = at.cells.map((cell) => ({
      name: walk.name(action.into, at.channel, cell),
      product: action.broken ? share : `+ ${bracket(share)}`,
      muted: walk.blank[cell],
    }));
    return {
      blocks: [{ title: `${action.into}[window] ${sign}`, columns: walk.kernel_size[1], stage: action.begins, terms }],
      total: [
        {
          stage: action.begins,
          html: `${source} = ${result(g)}, shared by ${n} cells: ${g} ÷ ${n} ${equals} <b>${share}</b> each${slip}`,
        },
      ],
      sentence: `${source} = ${g}. Each of the window's ${n} cells gets ${g} divided by ${n} ${equals} ${share}${slip}.`,
    };
  }
  const blocks = at.planes.map((plane, number) => ({
    ...titled(walk, number, `${action.into}[window] ${sign} ${action.point}`, "weight", g),
    part: channelName(walk, action.into, plane),
    columns: walk.kernel_size[1],
    stage: action.begins,
    terms: at.cells.map((cell, tap) => {
      const w = weight.counts[at.kernels[number] * n + tap];
      return term(walk.name(action.into, plane, cell), g, text(weight, w), text(into, count * w), walk.blank[cell]);
    }),
  }));
  const first = at.phase.actions[0] === action;
  const alone = {
    stage: action.begins,
    html: `${source} = ${result(g)}, times each weight, is added to the window of ${action.into}`,
  };
  return {
    blocks,
    total: first ? [alone] : [],
    sentence: `${first ? `${source} = ${g}. ` : ""}${g} × the kernel is added to this window of ${action.into}.`,
  };
}

// What a broken sum has just lost: of the first wrong cell, what stood there, what was written over it, and what += would make.
function tellSlip(walk, action, at) {
  const lost = walk.slips.get(at.step);
  if (!lost) return "";
  const into = walk.grids[action.into];
  const [{ cell, old, written, right }] = lost;
  const [channel, index] = [Math.floor(cell / walk.plane_size), cell % walk.plane_size];
  const [was, is, should] = [old, written, right].map((count) => text(into, count));
  const others = lost.length > 1 ? ` (and ${lost.length - 1} more like it)` : "";
  return `: wrong. ${walk.name(action.into, channel, index)} was ${was}, ${is} is written over it, and it should be ${should}${others}`;
}

export function sayRoute(walk, at, action) {
  const { dout, dx } = walk.grids;
  const [g, winner, tie] = [text(dout, dout.counts[at.local]), walk.winner[at.local], tieNote(walk, at)];
  const source = pointName(walk, action.point, at);
  const count = dx.counts[at.channel * walk.plane_size + at.cells[winner]];
  const now = text(dx, count);
  const was = action.broken ? "is now" : `is ${text(dx, count - dout.counts[at.local])} + ${bracket(g)} =`;
  const slip = tellSlip(walk, action, at);
  const terms = at.cells.map((cell, tap) => ({
    name: walk.name("dx", at.channel, cell),
    product: tap === winner ? (action.broken ? `= ${g}` : `+ ${bracket(g)}`) : action.broken ? "stays" : "0",
    mark: tap === winner && { stage: action.begins },
    muted: walk.blank[cell],
  }));
  return {
    blocks: [
      {
        title: action.broken ? "dx[winner] =" : "dx[window] +=",
        columns: walk.kernel_size[1],
        stage: action.begins,
        terms,
      },
    ],
    total: [
      {
        stage: action.begins,
        html: `${source} = ${result(g)} goes to the largest number of the window${tie}; its dx ${was} <b>${now}</b>${slip}`,
      },
    ],
    sentence: `${source} = ${g}. All of it goes to the cell that won the window${tie}, whose gradient is now ${now}${slip}.${action.broken ? " Only this cell is written." : ""}`,
  };
}

export function saySum(walk, at, action) {
  const { dout, dbias } = walk.grids;
  const [g, now] = [text(dout, dout.counts[at.local]), text(dbias, dbias.counts[at.channel])];
  return {
    blocks: [],
    total: [{ stage: action.begins, html: `; dbias += ${g}, now <b>${now}</b>` }],
    sentence: `${g} is added to dbias, now ${now}.`,
  };
}
