// How the figure is composed on a phone: the groups flow in lines, each as wide as it has to be, and the sum stands below them.
// The most generous look wins that leaves all of it, below the buttons and the words, on one screen.

import { phonePanel } from "./panel.js";

const LINE_AND_WORDS = 144; // pixels of the page's line, which stays in view, and of the words of the step
const SPACES = { lines: 10, groups: 14, planes: 10, rows: 6 };
const [HEADING, CAPTION_LINE, CAPTION_LETTER, HEADING_LETTER] = [24, 20, 6.3, 6.8]; // heights of lines above planes; widths of letters
const NUMBERS = 20; // pixels of a cell whose digits are 11 high
const KERNEL = { cells: [28, 24, 20], picture: 5 }; // pixels of a kernel's cells
const OWN_STRIPE = 9; // that tells the groups of a convolution apart
const FEW_NUMBERS = 150; // pixels: maps that are together no wider stay numbers among pictures
const PICTURE_SIZES = [1, 0.8, 0.65, 0.5, 0.4]; // of pictures
const ALONG = 0.46; // of the width: what the pictures of many maps take side by side
const LEAST_TERMS = 110; // pixels of the terms' height, where they have to be scrolled
const PHONE_CELLS = Array.from({ length: 15 }, (_, less) => 34 - less);
const PHONE_LOOKS = KERNEL.cells.flatMap((kernel) => [
  ...[false, true].flatMap((small) => PHONE_CELLS.map((cell) => ({ kernel, cell, small }))),
  // Pictures, with lenses that show so many cells around the window; at last none of the input's, as the sum has its numbers.
  ...[4, 2, 0, null].flatMap((around) =>
    PICTURE_SIZES.map((scale) => ({ kernel, cell: 0, small: true, scale, around })),
  ),
]);

// {form, kernel, cell, small, scale, around, swap, sums}; sums: by phase, how high its sum is, and its terms where they are scrolled.
// bars: how high the player's buttons are, which stay in view.
export function composePhone(groups, panels, { width, bars }, swap) {
  const room = window.innerHeight - LINE_AND_WORDS - bars - SPACES.lines;
  const matrices = groups.some(({ name }) => name === "columns"); // among them the kernels, as rows
  const seen = (group, phase) => (matrices ? !group.kernels : !swap || group.row === phase);
  const scenes = panels.map((panel, phase) => ({
    groups: groups.filter((group) => seen(group, phase)),
    ...phonePanel(panel, width),
  }));
  const high = (scene, look) => flowHeight(scene.groups, look, width);
  const fits = (look) => scenes.every((scene) => high(scene, look) + scene.blocks + scene.rest <= room);
  const look = PHONE_LOOKS.find(fits) ?? PHONE_LOOKS.at(-1);
  const sums = scenes.map((scene) => {
    const terms = Math.min(scene.blocks, Math.max(LEAST_TERMS, room - high(scene, look) - scene.rest));
    return { terms, height: terms + scene.rest };
  });
  return { form: "phone", ...look, swap, sums };
}

// The cell sizes of one group; lens: 0 where it has none.
export function phoneCells(
  { kernels, filters, stacked, grid, planes, lenses },
  { kernel, cell, small, scale, around },
) {
  if (kernels)
    return { plane: small && filters > 1 && lenses.length ? KERNEL.picture : Math.max(kernel, cell), lens: kernel };
  if (cell) return { plane: cell, lens: NUMBERS };
  if (planes.length * (grid.columns * NUMBERS + SPACES.planes) <= FEW_NUMBERS) return { plane: NUMBERS, lens: NUMBERS };
  const share = scale * (planes.length > 3 ? 64 : planes.length > 1 ? 104 : 160);
  const plane = Math.max(1, Math.min(NUMBERS - 2, Math.floor(share / Math.max(grid.rows, grid.columns))));
  return { plane, lens: around !== null || stacked ? NUMBERS : 0 };
}

// How many rows and columns a lens shows of a grid, of which a step looks at `span`.
export const phoneView = ({ grid, span }, { stacked }, { around }) =>
  [grid.rows, grid.columns].map((all, axis) => Math.min(all, span[axis] + (stacked ? 2 : (around ?? 0))));

// Width and height of a group.
export function phoneExtent(group, look, width) {
  const { grid, planes, lenses, kernels, filters, each, names, title } = group;
  const { plane, lens } = phoneCells(group, look);
  const captioned = grid.channels > 1;
  const stripe = group.grouped ? OWN_STRIPE : 0;
  // Planes of these [rows, columns], with their captions.
  const boxes = (sizes, cell) =>
    sizes.map(([rows, columns], number) => {
      const letters = planes[number].caption.textContent.length;
      const high = rows * cell + 2 + (captioned || letters ? CAPTION_LINE : 0);
      return [Math.max(columns * cell + 2, letters * CAPTION_LETTER) + stripe, high];
    });
  const pictures = (list, cell) => list.map(([rows, columns]) => [columns * cell + 1 + stripe, rows * cell + 1]);
  const done = ([wide, high]) => [
    Math.min(width, Math.max(wide, title.textContent.length * HEADING_LETTER)),
    HEADING + high,
  ];
  const sizes = planes.map((shown) => [shown.grid.rows, shown.grid.columns]);
  if (plane >= NUMBERS - 1 || !lens) {
    const line = sizes.slice(0, kernels ? each + names.length - 1 : planes.length);
    const [wide, high] = inRows(boxes(line, plane), width);
    return done([wide, filters * (high + SPACES.rows) - SPACES.rows]);
  }
  const views = lenses.map((shown) => phoneView(shown, group, look));
  const enlarged = inRows(boxes(views, lens), width);
  const below = ([wide, high]) => done([Math.max(enlarged[0], wide), enlarged[1] + SPACES.rows + high]);
  if (kernels && look.around === null) return done(enlarged);
  if (kernels) {
    const filter = each * (grid.columns * plane + 2) + (names[1] ? plane : 0);
    return below(
      inRows(
        planes.slice(0, filters).map(() => [filter, grid.rows * plane]),
        enlarged[0],
      ),
    );
  }
  const all = inRows(pictures(sizes, plane), planes.length > 3 ? ALONG * width : width);
  return planes.length > 1 ? below(all) : done([enlarged[0] + 16 + all[0], Math.max(enlarged[1], all[1])]);
}

// Width and height of boxes, [width, height] each, that stand in rows.
function inRows(boxes, room) {
  let [line, widest, high, total] = [0, 0, 0, 0];
  for (const [wide, tall] of boxes) {
    if (line && line + wide > room) [line, high, total] = [0, 0, total + high + SPACES.rows];
    widest = Math.max(widest, line + wide);
    line += wide + SPACES.planes;
    high = Math.max(high, tall);
  }
  return [widest, total + high];
}

const PHONE_ORDER = ["x", "dx", "out", "dout", "weight", "dweight", "rows", "columns", "product"]; // as in player.css

function flowHeight(groups, look, width) {
  let [line, high, total] = [0, 0, -SPACES.lines];
  for (const group of groups.toSorted((a, b) => PHONE_ORDER.indexOf(a.name) - PHONE_ORDER.indexOf(b.name))) {
    const [wide, tall] = phoneExtent(group, look, width);
    if (line && line + wide > width) {
      total += high + SPACES.lines;
      [line, high] = [0, 0];
    }
    line += wide + SPACES.groups;
    high = Math.max(high, tall);
  }
  return total + high + SPACES.lines;
}
