// How much room a step needs that is written out. What is measured here is estimated from the longest texts, so that the room
// is known before anything is drawn, and stays the same at every step.

import { describe } from "./words.js";

const MOST = { blocks: 2, columns: 4, terms: 9 }; // beyond, terms stand closer
const LOOKS = 9; // steps of a phase
const EDGE = 28; // left and right of the blocks together
const BETWEEN = 12; // blocks
const RESULT = 18; // what the frame of a result takes in its line
const STAGE = 20; // the name of the stage, in a line of its own
const USUAL = 430; // width of a panel: most totals in a line
const LETTERS = { dense: 4.8, usual: 5.6, title: 6.6, stage: 7.2, total: 7.1 }; // pixels of a letter

// For each phase: its blocks and its total, as large as they are at some of its steps, and at one that goes wrong.
export function measurePanels(walk) {
  return walk.phases.map(({ first, steps, stages }) => {
    const looked = Array.from({ length: LOOKS }, (_, i) => first + Math.floor((i * (steps - 1)) / (LOOKS - 1)));
    const slip = [...walk.slips.keys()].find((step) => step >= first && step < first + steps);
    const told = [...looked, ...(slip === undefined ? [] : [slip])].map((step) => describe(walk, walk.locate(step)));
    const [{ blocks }] = told;
    const longest = Math.max(0, ...told.flatMap((each) => each.blocks.flatMap(lengths)));
    const lines = told.map(({ total }) =>
      total
        .map(({ html }) => html)
        .join("")
        .split("<br>")
        .map((line) => line.replace(/<[^>]*>/g, "").length),
    );
    const letters = lines[0].map((_, i) => Math.max(...lines.map((each) => each[i])));
    const titles = blocks.map((_, i) => Math.max(...told.map((each) => each.blocks[i].title.length)) * LETTERS.title);
    const stage = Math.max(...stages.map((name) => name.length + 5)) * LETTERS.stage; // "2/4: multiply"
    return { blocks, longest, letters, titles, stage, button: walk.slips.size > 0 };
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

// Widths of the blocks, what the title of each needs, and how high one is. A single channel's block is as wide as its title;
// where there are several, the title may reach over the next ones, up to the next title.
function blockSizes({ blocks, longest, titles }) {
  const [{ columns, terms, sum, part }] = blocks;
  const dense = isDense(blocks);
  const width = dense ? Math.max(38, longest * LETTERS.dense + 4) : Math.max(54, longest * LETTERS.usual + 14);
  const row = (terms[0].left === undefined ? 28 : dense ? 37.5 : 45.5) + 3;
  const needs = titles.map((title) => Math.max(columns * (width + 3), title));
  return {
    needs,
    widths: part ? apart(titles, columns * (width + 3)) : needs,
    high: 18 + (part ? 18 : 0) + Math.ceil(terms.length / columns) * row + (sum ? 26 : 0),
  };
}

// Widths of blocks that are so wide: the one before a title is wider where the title before that one needs it.
function apart(titles, width) {
  const widths = titles.map(() => width);
  let missing = 0;
  titles.forEach((title, i) => {
    if (title) {
      if (missing > 0) widths[i - 1] += missing;
      missing = title;
    }
    missing -= width + BETWEEN;
  });
  return widths;
}

// Where the blocks stand, if so many pixels are in a line: {line, left, forced}; forced: only its title does not fit any more.
function flow({ widths, needs }, room) {
  let [line, left] = [0, 0];
  return widths.map((width, i) => {
    const full = left && left + needs[i] > room;
    const forced = Boolean(full) && left + width <= room;
    if (full) [line, left] = [line + 1, 0];
    const at = { line, left, forced };
    left += width + BETWEEN;
    return at;
  });
}

// In a panel of this width: the blocks that have to begin a line, and how wide each is at least.
export function arrange(panel, width) {
  if (!panel.blocks.length) return {};
  const sizes = blockSizes(panel);
  return { breaks: flow(sizes, width - EDGE).flatMap(({ forced }, i) => (forced ? [i] : [])), widths: sizes.widths };
}

export const widestBlock = (panels) =>
  EDGE + Math.max(...panels.filter(({ blocks }) => blocks.length).flatMap((panel) => blockSizes(panel).needs));

// How wide the panel is that stands beside the grids, where there is so much room.
export const panelWidth = (panels, rest) => Math.min(rest, Math.max(USUAL, widestBlock(panels)));

// Whether the name of the stage needs a line of its own: beside a panel's first titles there is no room for it.
export function crowded(panel, width, beside) {
  if (beside || !panel.blocks.length) return beside;
  const room = width - EDGE;
  return flow(blockSizes(panel), room).some(
    ({ line, left }, i) => line === 0 && panel.titles[i] && left + panel.titles[i] + panel.stage > room,
  );
}

// The height of the total with its button, and of what is around it.
function totalHeight({ letters, button }, width) {
  const linesOf = (some) => Math.ceil((some * LETTERS.total + RESULT) / (width - EDGE));
  const lines = letters.reduce((all, some) => all + linesOf(some), 0);
  return Math.max(53, 24 + 22 * lines) + (button ? 28 : 0);
}

export function panelHeight(panels, width, beside) {
  return Math.max(
    ...panels.map((panel) => {
      const total = (crowded(panel, width, beside) ? STAGE : 0) + totalHeight(panel, width);
      if (!panel.blocks.length) return total;
      const sizes = blockSizes(panel);
      return total + (flow(sizes, width - EDGE).at(-1).line + 1) * (sizes.high + 6) - 6;
    }),
  );
}

// On a phone the blocks of a phase stand in one line: how high they are, and the rest of the panel.
export function phonePanel(panel, width) {
  const rest = STAGE + totalHeight(panel, width);
  if (!panel.blocks.length) return { blocks: 0, rest };
  const [{ columns, terms, sum, part }] = panel.blocks;
  const row = terms[0].left === undefined ? 28 : 40.5;
  const titles = part || panel.blocks.length > 1 ? 36 : 18;
  return { blocks: titles + 3 + Math.ceil(terms.length / columns) * row + (sum ? 26 : 0), rest };
}
