// How large a cell is drawn and what stands beside what: as large as lets the whole figure fit the room there is.

import { panelHeight, panelWidth, widestBlock } from "./panel.js";
import { composePhone, phoneCells } from "./phone.js";

const SMALLEST_CELL = 20; // its digits are 11 pixels high; where even these do not fit, planes become pictures with lenses
const EASY_CELL = 28; // read at a glance: rather than go below it, the backward grids stand in the place of the forward ones
const LARGEST_CELL = 44;
const RANGES = [
  [LARGEST_CELL, EASY_CELL],
  [EASY_CELL - 1, SMALLEST_CELL],
];
const PHONE = 600; // pixels; in a narrower room the parts stand below each other
const STRIPE = 9; // that tells the groups of a convolution apart
const [SMALLEST_KERNEL, LARGEST_KERNEL] = [26, 40]; // a kernel's cells do not shrink with the input's
const KERNEL_PICTURE = 6; // a cell of the small pictures that many kernels become, with a lens for the one at work
const FEW_KERNEL_ROWS = 6; // of all filters together: these stay kernels where planes become pictures
const [TITLE, CAPTION] = [24, 20]; // heights of lines above planes
const CAPTIONS = { kernel: 112, plane: 58 }; // widths: of "filter 0, channel 0", and of "channel 1"
const SCALES_OF_PICTURES = [1.5, 1.25, 1, 0.8, 0.65, 0.5]; // of their usual size
const WIDEST_OUTPUTS = { few: 370, many: 190 }; // pixels that the pictures of outputs take side by side
const GAPS = { columns: 28, rows: 14, planes: 12 };

// The figure's plan for a room {width, height}: {form, panel, cell, small, swap}.
// form: where the sum stands, "beside" the kernels, "below" the first row or "low", beside the matrices of im2col, or "phone";
// panel: how wide it is beside them;
// cell: 0 where planes become pictures; small: whether the kernels do; swap: whether what the backward pass collects stands
// where the forward grids stood, as there is no room for both.
// panels: what a step of each phase writes out.
export function compose(groups, panels, room) {
  const swaps = panels.length > 1; // a walk of one phase needs all of its grids at each step
  if (room.width < PHONE) return composePhone(groups, panels, room, swaps);
  const rows = [0, 1].map((row) => groups.filter((group) => group.row === row)).filter((row) => row.length);
  const matrices = groups.some(({ name }) => name === "columns"); // these stand below the sum wherever it stands
  const [below, widest] = [GAPS.rows + panelHeight(panels, room.width, false), widestBlock(panels)];
  const planWith = (cell, small, swap) => {
    const sizes = rows.map((row) => row.map((group) => extent(group, cell, small, tallest(row, cell, small))));
    const [widths, heights] = [0, 1].map((side) => sizes.map((row) => rowExtent(row)[side]));
    const across = matrices ? Math.max(...widths) : columnsWidth(rows.flat(), sizes.flat());
    if (across > room.width) return null;
    const high = swap ? Math.max(...heights) : sum(heights) + GAPS.rows * (heights.length - 1);
    const rest = room.width - GAPS.columns - (matrices ? widths[0] : across);
    if (rest >= widest) {
      const panel = panelWidth(panels, rest);
      const beside = panelHeight(panels, panel, true);
      const all = matrices ? Math.max(heights[0], beside) + high - heights[0] : Math.max(high, beside);
      if (all <= room.height) return { form: "beside", panel, cell, small, swap };
    }
    if (high + below <= room.height) return { form: "below", cell, small, swap };
    return matrices ? planLow(rows[1], heights[0], cell) : null;
  };
  // The product stands below the rows, both beside the columns, and the sum to the right of these.
  const planLow = (made, first, cell) => {
    const sizes = Object.fromEntries(made.map((group) => [group.name, extent(group, cell, false)]));
    const { rows: left, columns, product } = sizes;
    const rest = room.width - Math.max(left[0], product[0]) - columns[0] - 2 * GAPS.columns;
    if (rest < widest) return null;
    const panel = panelWidth(panels, rest);
    const high = Math.max(left[1] + GAPS.rows + product[1], columns[1], panelHeight(panels, panel, true));
    return first + GAPS.rows + high <= room.height ? { form: "low", panel, cell, small: false, swap: false } : null;
  };
  const largest = ([most, least], small, swap) => {
    for (let cell = most; cell >= least; cell--) {
      const plan = planWith(cell, small, swap);
      if (plan) return plan;
    }
    return null;
  };
  for (const small of [false, true]) {
    for (const cells of RANGES) {
      const plan = largest(cells, small, false) ?? (swaps && !matrices ? largest(cells, small, true) : null);
      if (plan) return plan;
    }
  }
  if (matrices) return { form: "below", cell: SMALLEST_CELL, small: false, swap: false }; // they are read as wholes
  const few = groups.every((group) => !group.kernels || group.filters * group.grid.rows <= FEW_KERNEL_ROWS);
  const pictures = (scale) => ({ form: "below", cell: 0, small: !few, swap: swaps, scale });
  const scale = SCALES_OF_PICTURES.find((each) => {
    const [width, height] = rowExtent(rows[0].map((group) => pictureExtent(group, pictures(each), room.width)));
    return width <= room.width && height + below <= room.height;
  });
  return pictures(scale ?? SCALES_OF_PICTURES.at(-1));
}

// Width of the columns that groups stand in, a gradient below what it is the gradient of.
function columnsWidth(groups, sizes) {
  const widths = {};
  groups.forEach(({ name }, i) => {
    const column = name.replace(/^d/, "");
    widths[column] = Math.max(widths[column] ?? 0, sizes[i][0] + GAPS.columns);
  });
  return sum(Object.values(widths)) - GAPS.columns;
}

// Width and height of groups beside each other.
const rowExtent = (sizes) => [
  sum(sizes.map(([width]) => width + GAPS.columns)) - GAPS.columns,
  Math.max(...sizes.map(([, height]) => height)),
];

// Width and height of a group whose planes are pictures: a lens stands beside a single one, and above several.
function pictureExtent(group, plan, width) {
  if (group.kernels) return kernelExtent(group, 0, plan.small);
  const { grid, lenses, planes } = group;
  const { plane, lens } = groupCells(group, plan, width);
  const views =
    plane < SMALLEST_CELL ? lenses.map(({ view }) => [view.columns * lens + GAPS.planes, view.rows * lens]) : [];
  const [across, enlarged] = [sum(views.map(([wide]) => wide)), Math.max(0, ...views.map(([, high]) => high))];
  const [wide, high] = [grid.columns * plane + GAPS.planes, grid.rows * plane + 6];
  const words = lenses.some(({ view }) => view.rows < grid.rows || view.columns < grid.columns) ? CAPTION : 0; // a part, it says
  if (planes.length === 1) return [across + wide - GAPS.planes, TITLE + Math.max(enlarged && enlarged + words, high)];
  const each = group.stacked ? picturesAcross(group, wide) : planes.length;
  return [
    Math.max(across, Math.min(each, planes.length) * wide) - GAPS.planes,
    TITLE + CAPTION + enlarged + Math.ceil(planes.length / each) * high,
  ];
}

const picturesAcross = ({ planes }, wide) =>
  Math.max(1, Math.floor(WIDEST_OUTPUTS[planes.length > 3 ? "many" : "few"] / wide));

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const kernelCell = (cell) => Math.max(SMALLEST_KERNEL, Math.min(cell, LARGEST_KERNEL));
const captionOf = ({ grid, names }) => (grid.channels > 1 || names[1] ? CAPTION : 0);

// Width and height of a group of planes with this cell size, and in how many lines they stand: maps that the layer makes are
// stacked up to `tall`, other planes stand in one line.
function extent(group, cell, small, tall = 0) {
  const { grid, planes } = group;
  if (group.kernels) return kernelExtent(group, cell, small);
  const height = grid.rows * cell + captionOf(group) + 2;
  const lines = group.stacked ? Math.min(planes.length, Math.max(1, Math.floor((tall - TITLE) / height))) : 1;
  const stripe = group.grouped ? STRIPE : 0;
  const across = Math.ceil(planes.length / lines);
  const wide = Math.max(grid.columns * cell + 2, grid.channels > 1 ? CAPTIONS.plane : 0);
  return [Math.max(across * (wide + GAPS.planes + stripe) - GAPS.planes, group.least), TITLE + lines * height, lines];
}

// Of kernels: a line for each filter, or small pictures of all beside a lens.
function kernelExtent(group, cell, small) {
  const { grid, names, filters, each } = group;
  const size = kernelCell(small ? 0 : cell);
  const bias = names[1] ? Math.max(size, 32) + 2 + GAPS.planes : 0;
  const widths = Array.from({ length: each }, (_, i) =>
    Math.max(grid.columns * size + 2, each > 1 ? (i ? CAPTIONS.plane : CAPTIONS.kernel) : 0),
  );
  const line = Math.max(sum(widths) + GAPS.planes * (each - 1) + bias + (group.grouped ? 9 : 0), group.least);
  const high = grid.rows * size + captionOf(group) + 6;
  if (!small) return [line, TITLE + filters * high];
  const picture = grid.rows * KERNEL_PICTURE + 6;
  return [line, TITLE + high + Math.ceil(filters / Math.max(1, Math.floor(line / (each * picture + 6)))) * picture];
}

// How high the inputs and kernels of a row stand, so that outputs may be stacked beside them.
const tallest = (row, cell, small) =>
  Math.max(...row.map((group) => (group.stacked ? 0 : extent(group, cell, small)[1])));

// In how many columns the planes of a group stand.
export function columnsOf(group, groups, plan, width) {
  const { cell, small } = plan;
  if (!cell) return picturesAcross(group, group.grid.columns * groupCells(group, plan, width).plane + GAPS.planes);
  const row = groups.filter((other) => other.row === group.row);
  const lines = extent(group, cell, small, tallest(row, cell, small))[2] ?? 1;
  return Math.ceil(group.planes.length / lines);
}

// The cell sizes of one group: of its planes, and of its lenses where the planes are too small for numbers.
export function groupCells(group, plan, width) {
  if (plan.form === "phone") return phoneCells(group, plan);
  const { cell, small, scale = 1 } = plan;
  const { grid, lenses, planes } = group;
  if (group.kernels) return { plane: small ? KERNEL_PICTURE : kernelCell(cell), lens: SMALLEST_KERNEL };
  const widest = Math.max(...lenses.map((lens) => lens.view.columns));
  const lens = Math.max(SMALLEST_CELL, Math.min(planes.length > 1 ? 22 : 24, Math.floor((width - 4) / widest)));
  if (cell) return { plane: cell, lens };
  const longest = Math.max(grid.columns, grid.rows);
  if (longest <= 7) return { plane: 22, lens }; // small enough for numbers all the same
  const share = scale * (planes.length > 3 ? 48 : planes.length > 1 ? 104 : 160);
  return { plane: Math.max(1, Math.min(SMALLEST_CELL - 2, Math.floor(share / longest))), lens };
}
