// How large a cell is drawn.

import { MINIMUM_FOR_NUMBERS } from "./plane.js";

const LARGEST_CELL = 44;
const SHORTEST_KERNEL = 26; // a kernel's cells do not shrink with the input's
const MOST_KERNEL_ROWS = 14; // of all filters together; beyond, kernels are small pictures with a lens
const GAP = 32; // between groups
const HIGHEST = 400; // pixels of a plane that does not stand beside the others
const MOST_LINES = 3; // that the planes of a grid may take before they become pictures

const kernelCell = (cell) => Math.max(SHORTEST_KERNEL, Math.min(cell, 40));

// Width and height of a group of planes drawn with this cell size, all in one line; outputs are stacked up to `tall`.
export function extent(group, cell, tall = 0) {
  const { grid, planes } = group;
  if (group.kernels) {
    const size = smallKernels(group) ? SHORTEST_KERNEL : kernelCell(cell);
    const each = group.lenses.length;
    return [(each - 1) * (grid.columns * size + 12) + (group.names[1] ? size : grid.columns * size), grid.rows * size];
  }
  const height = grid.rows * cell + 24;
  const stacked = group.section.classList.contains("stacked");
  const lines = stacked ? Math.min(planes.length, Math.max(1, Math.floor(tall / height))) : 1;
  const stripe = group.grouped ? 9 : 0; // that tells the groups of a convolution apart
  return [Math.ceil(planes.length / lines) * (grid.columns * cell + 12 + stripe), height, lines];
}

// How high the inputs and kernels of a row stand, so that outputs may be stacked beside them.
export function tallest(groups, row, cell) {
  const heights = groups
    .filter((group) => group.row === row)
    .map((group) => {
      if (!group.kernels) return extent(group, cell)[1];
      return smallKernels(group) ? 0 : filtersOf(group) * (group.grid.rows * kernelCell(cell) + 24);
    });
  return Math.max(0, ...heights);
}

const filtersOf = ({ grid, names, lenses }) => grid.channels / (lenses.length - (names[1] ? 1 : 0));
const smallKernels = (group) => filtersOf(group) * group.grid.rows > MOST_KERNEL_ROWS;

// The largest cell with which each row of groups fits into the width, beside each other if they can; 0 if only pictures do.
export function fitCell(groups, width) {
  const rows = [0, 1].map((row) => groups.filter((group) => group.row === row)).filter((row) => row.length);
  const oneLine = (cell) =>
    rows.every(
      (row) =>
        row.reduce((sum, group) => sum + extent(group, cell, tallest(groups, group.row, cell))[0] + GAP, -GAP) <= width,
    );
  const linesOf = (group, cell) => {
    const [each] = extent({ ...group, planes: [group.planes[0]] }, cell);
    return Math.ceil(group.planes.length / Math.floor((width + 12) / each));
  };
  const wrapped = (cell, lines) =>
    groups.every(
      (group) =>
        group.kernels ||
        (group.grid.columns * cell + 2 <= width && group.grid.rows * cell <= HIGHEST && linesOf(group, cell) <= lines),
    );
  for (let cell = LARGEST_CELL; cell >= 20; cell--) if (oneLine(cell)) return { cell, oneLine: true };
  for (let lines = 1; lines <= MOST_LINES; lines++) {
    // rather smaller cells than a long page
    for (let cell = 34; cell >= (lines === 1 ? MINIMUM_FOR_NUMBERS : 22); cell--) {
      if (wrapped(cell, lines)) return { cell, oneLine: false };
    }
  }
  return { cell: 0, oneLine: false };
}

// The cell sizes of one group: of its planes, and of its lenses where the planes are too small for numbers.
export function groupCells(group, cell, width) {
  const { grid, lenses, planes } = group;
  const widest = Math.max(...lenses.map((lens) => lens.view.columns));
  const lens = Math.max(MINIMUM_FOR_NUMBERS, Math.min(32, Math.floor((width - 4) / widest)));
  if (group.kernels) return { plane: smallKernels(group) ? 6 : kernelCell(cell), lens: kernelCell(32) };
  if (cell) return { plane: cell, lens };
  if (grid.columns * 32 <= width && grid.rows <= 7) return { plane: 32, lens }; // small enough for numbers all the same
  const stacked = group.section.classList.contains("stacked"); // these have their lens beside them
  const share = Math.min(width - 4, planes.length > 3 ? 104 : planes.length > 1 && stacked ? 148 : 7 * 32);
  return {
    plane: Math.max(1, Math.min(MINIMUM_FOR_NUMBERS - 1, Math.floor(share / Math.max(grid.columns, grid.rows)))),
    lens,
  };
}
