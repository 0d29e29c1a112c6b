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
