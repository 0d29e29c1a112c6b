// How much room a step needs that is written out. What is measured here is estimated from the longest texts, so that the room
// is known before anything is drawn, and stays the same at every step.

import { describe } from "./words.js";

const MOST = { blocks: 2, columns: 4, terms: 9 }; // beyond, terms stand closer
const LOOKS = 9; // steps of a phase
const EDGE = 28; // left and right of the blocks together
const BETWEEN = 12; // blocks
const USUAL = 430; // width of a panel: most totals in a line
const LETTERS = { dense: 4.8, usual: 5.6 }; // pixels of a letter

// For each phase: its blocks and its total, as large as they are at some of its steps, and at one that goes wrong.
export function measurePanels(walk) {
  return walk.phases.map(({ first, steps }) => {
    const looked = Array.from({ length: LOOKS }, (_, i) => first + Math.floor((i * (steps - 1)) / (LOOKS - 1)));
    const slip = [...walk.slips.keys()].find((step) => step >= first && step < first + steps);
    const told = [...looked, ...(slip === undefined ? [] : [slip])].map((step) => describe(walk, walk.locate(step)));
    const [{ blocks }] = told;
    const longest = Math.max(0, ...told.flatMap((each) => each.blocks.flatMap(lengths)));
    const letters = Math.max(
      ...told.map(({ total }) => total.map(({ html }) => html.replace(/<[^>]*>/g, "")).join("").length),
    );
    return { blocks, longest, letters, button: walk.slips.size > 0 };
  });
}

// Of a block's texts, in letters of the factors: the products stand in larger ones.
const lengths = ({ shared, terms }) =>
  terms.flatMap(({ left = "", right = "", product }) => [
    (shared ? 0 : left.length + 1) + right.length + 2,
    product.length * 1.2,
  ]);

export const isDense = (blocks) =>
  blocks.length > MOST.blocks ||
  blocks.some(({ columns, terms }) => columns > MOST.columns || terms.length > MOST.terms);

function blockSize({ blocks, longest }) {
  const [{ columns, terms, sum, part }] = blocks;
  const dense = isDense(blocks);
  const width = dense ? Math.max(38, longest * LETTERS.dense + 4) : Math.max(54, longest * LETTERS.usual + 14);
  const row = (terms[0].left === undefined ? 26 : dense ? 38 : 44) + 3;
  return [columns * (width + 3), 21 + (part ? 18 : 0) + Math.ceil(terms.length / columns) * row + (sum ? 26 : 0)];
}

export const widestBlock = (panels) =>
  EDGE + Math.max(...panels.filter(({ blocks }) => blocks.length).map((panel) => blockSize(panel)[0]));

// How wide the panel is that stands beside the grids, where there is so much room.
export const panelWidth = (panels, rest) => Math.min(rest, Math.max(USUAL, widestBlock(panels)));

// beside: the name of the stage then has a line of its own.
export function panelHeight(panels, width, beside) {
  return Math.max(
    ...panels.map((panel) => {
      const lines = Math.ceil((panel.letters * 7.4) / (width - EDGE));
      const total = (beside ? 46 : 26) + 25 * lines + (panel.button ? 28 : 0);
      if (!panel.blocks.length) return total;
      const [across, high] = blockSize(panel);
      const each = Math.max(1, Math.floor((width - EDGE + BETWEEN) / (across + BETWEEN)));
      return total + Math.ceil(panel.blocks.length / each) * (high + 6);
    }),
  );
}
