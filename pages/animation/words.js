// What a step says: the terms of its sum, written out, and a sentence. All numbers are counts of the walk's grids.

import { sayCopy, sayDot, sayMax, sayMean } from "./gathering.js";
import { sayOuter, sayRoute, saySpread, saySum } from "./spreading.js";

const WORDS = {
  dot: sayDot,
  matmul: sayDot,
  max: sayMax,
  mean: sayMean,
  outer: sayOuter,
  spread: saySpread,
  route: sayRoute,
  sum: saySum,
  copy: sayCopy,
};

// {blocks, total, sentence} of a step (at: Walk.locate). A block is laid out like the window: {title, columns, stage,
// terms: [{name, left, right, product, mark, muted}], sum}; total: [{html, stage}]. Whatever has a stage is shown from it on.
export function describe(walk, at) {
  const parts = at.phase.actions.map((action) => ({ ...WORDS[action.do](walk, at, action), action }));
  return {
    blocks: parts.flatMap(({ blocks }) => blocks),
    total: parts.flatMap(({ total }) => total),
    sentence: parts.map(({ sentence }) => sentence).join(" "),
  };
}

// What each grid of the backward pass is, in a sentence, and why it is a sum.
export function introduce({ grids, called, operation }) {
  const shown = new Set(Object.keys(grids).map((name) => called[name] ?? name));
  if (!shown.has("dout")) return "";
  const made = ["dx", "dweight", "dbias"].filter((name) => shown.has(name));
  const of = { dx: "input number", dweight: "weight", dbias: "bias" };
  const last = made.length > 1 ? ` and ${made.at(-1)}` : made[0];
  const names = `${made.slice(0, -1).join(", ")}${last}`;
  const means = `dout is the upstream gradient: how fast the loss grows with each output. ${names} say${
    made.length > 1 ? "" : "s"
  } the same of each ${made.map((name) => of[name]).join(" and each ")}.`;
  return [means, !called.x && WHY[operation]].filter(Boolean).join(" ");
}

const WHY = {
  conv2d:
    "dweight is a sum because one kernel is used at every stop, dx because windows overlap; “dx as: gather” shows dx as a " +
    "convolution of dout.",
  conv_transpose2d: "dx is a convolution of dout, with the kernel not flipped.",
};
