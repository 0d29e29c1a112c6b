// What a step says: the terms of its sum, written out, and a sentence. All numbers are counts of the walk's grids.

// {blocks, total, sentence} of a step (at: Walk.locate). A block is laid out like the window: {title, columns, stage,
// terms: [{name, left, right, product, mark, muted}], sum}; total: [{html, stage}]. Whatever has a stage is shown from it on.
function describe(walk, at) {
  const parts = at.phase.actions.map((action) => ({ ...WORDS[action.do](walk, at, action), action }));
  return {
    blocks: parts.flatMap(({ blocks }) => blocks),
    total: parts.flatMap(({ total }) => total),
    sentence: parts.map(({ sentence }) => sentence).join(" "),
  };
}

const WORDS = { dot: sayDot, matmul: sayDot, max: sayMax, mean: sayMean, outer: sayOuter, spread: saySpread, route: sayRoute,
  sum: saySum, copy: sayCopy };

const text = (grid, count) => write(count, grid.scale);
const result = (value) => `<b class="result">${value}</b>`;
const term = (name, left, right, product, muted) => ({ name, left, right: bracket(right), product, muted });

function windowText(walk, at) {
  const padded = walk.padded ? " of the padded plane" : "";
  return `The window with its corner at row ${at.top}, column ${at.left}${padded}`;
}

const pointName = (walk, grid, at) =>
  walk.isMatrix(grid) ? `${grid}[${at.channel}, ${at.position}]` : walk.name(grid, at.channel, at.position);

function channelTitle(walk, grid, plane, otherwise) {
  if (walk.channels_in === 1) return otherwise;
  const name = walk.channel_names[grid]?.[plane];
  return `channel ${plane}${name ? ` (${name})` : ""}`;
}

// The products of one plane under the window with a filter's weights there: terms and their sum, in counts of `into`.
function products(walk, at, number, action, into) {
  const [field, weight] = [action.field, action.weight].map((name) => walk.grids[name]);
  const n = walk.taps.length;
  const matrix = action.do === "matmul";
  let sum = 0;
  const terms = at.cells.map((cell, tap) => {
    const k = number * n + tap;
    const w = weight.counts[matrix ? at.channel * weight.columns + k : at.kernels[number] * n + tap];
    const v = field.counts[matrix ? k * field.columns + at.position : at.planes[number] * walk.plane_size + cell];
    sum += v * w;
    const name = matrix ? `columns[${k}, ${at.position}]` : walk.name(action.field, at.planes[number], cell);
    return term(name, text(field, v), text(weight, w), text(into, v * w), walk.blank[cell]);
  });
  return { terms, sum };
}

function sayDot(walk, at, action) {
  const out = walk.grids[action.into];
  const n = walk.taps.length;
  const target = pointName(walk, action.into, at);
  const matrix = action.do === "matmul";
  const rowTitle = matrix ? `row ${at.channel} of rows × column ${at.position} of columns` : "window × kernel = product";
  let stage = action.begins;
  const counted = [];
  const blocks = at.planes.map((plane, number) => {
    const { terms, sum } = products(walk, at, number, action, out);
    counted.push(sum);
    return { title: channelTitle(walk, action.field, plane, rowTitle), columns: walk.kernel_size[1], stage, terms };
  });
  const all = text(out, counted.reduce((a, b) => a + b, 0));
  const channels = counted.length > 1;
  blocks.forEach((block, number) => {
    if (channels) block.sum = { html: `sum ${text(out, counted[number])}`, stage: stage + 1 };
  });
  const value = text(out, out.counts[at.local]);
  stage += channels ? 2 : 1;
  const total = [{ stage, html: `${action.begins ? "<br>" : ""}sum of ${n * counted.length} products: ${
    channels ? `${counted.map((c) => bracket(text(out, c))).join(" + ")} = ` : ""}${action.bias ? `<b>${all}</b>` : result(all)}` }];
  let bias = "";
  if (action.bias) {
    stage += 1;
    const b = text(walk.grids.bias, walk.grids.bias.counts[at.channel]);
    total.push({ stage, html: `, + bias ${bracket(b)} = ${result(value)}` });
    bias = `, plus bias ${b} is ${value}`;
  }
  total.push({ stage: action.ends, html: ` → ${target}` });
  const what = matrix ? `Row ${at.channel} of rows times column ${at.position} of columns` : windowText(walk, at);
  return { blocks, total, sentence: `${what} gives ${target}: the products add up to ${all}${bias}.` };
}

function sayMax(walk, at, action) {
  const { x } = walk.grids;
  const terms = at.cells.map((cell, tap) => ({
    name: walk.name("x", at.channel, cell),
    product: walk.blank[cell] ? "−∞" : text(x, x.counts[at.channel * walk.plane_size + cell]),
    mark: tap === walk.winner[at.local] && { stage: action.ends }, muted: walk.blank[cell] }));
  const value = text(walk.grids.out, walk.grids.out.counts[at.local]);
  const [target, tie] = [pointName(walk, action.into, at), tieNote(walk, at)];
  return {
    blocks: [{ title: "the numbers in the window", columns: walk.kernel_size[1], stage: action.begins, terms }],
    total: [{ stage: action.ends, html: `the largest of ${terms.length}: ${result(value)}${tie} → ${target}` }],
    sentence: `${windowText(walk, at)} gives ${target}: the largest of its ${terms.length} numbers is ${value}${tie}.`,
  };
}

function sayMean(walk, at, action) {
  const { x, out } = walk.grids;
  const counts = at.cells.map((cell) => x.counts[at.channel * walk.plane_size + cell]);
  const terms = counts.map((count, tap) => ({
    name: walk.name("x", at.channel, at.cells[tap]), product: text(x, count), muted: walk.blank[at.cells[tap]] }));
  const [sum, equals] = [text(x, counts.reduce((a, b) => a + b, 0)), equalsSign(out.counts[at.local], out.scale)];
  const [value, target] = [text(out, out.counts[at.local]), pointName(walk, action.into, at)];
  return {
    blocks: [{ title: "the numbers in the window", columns: walk.kernel_size[1], stage: action.begins, terms }],
    total: [{ stage: action.begins, html: `sum ${sum}` },
      { stage: action.begins + 1, html: `, ÷ ${terms.length} ${equals} ${result(value)}` },
      { stage: action.ends, html: ` → ${target}` }],
    sentence: `${windowText(walk, at)} gives ${target}: the sum ${sum} divided by ${terms.length} ${equals} ${value}.`,
  };
}

// dweight += point × window, one block for each plane.
function sayOuter(walk, at, action) {
  const [field, point, into] = [action.field, action.point, action.into].map((name) => walk.grids[name]);
  const count = point.counts[at.local];
  const g = text(point, count);
  const source = pointName(walk, action.point, at);
  const blocks = at.planes.map((plane) => ({
    title: `${action.into} += ${action.point} × window${walk.channels_in > 1 ? `, channel ${plane}` : ""}`,
    columns: walk.kernel_size[1], stage: action.begins,
    terms: at.cells.map((cell) => {
      const v = field.counts[plane * walk.plane_size + cell];
      return term(walk.name(action.field, plane, cell), g, text(field, v), text(into, count * v), walk.blank[cell]);
    }),
  }));
  return { blocks, total: [{ stage: action.begins, html: `${source} = ${result(g)} ` }],
    sentence: `${source} = ${g}. ${g} × the window is added to ${action.into}.` };
}

// field[window] += point × weight; without a weight, the same share to every cell.
function saySpread(walk, at, action) {
  const [point, into, weight] = [action.point, action.into, action.weight].map((name) => walk.grids[name]);
  const count = point.counts[at.local];
  const g = text(point, count);
  const [source, n] = [pointName(walk, action.point, at), walk.taps.length];
  const sign = action.broken ? "=" : "+=";
  if (!weight) {
    const [share, equals] = [text(into, count), equalsSign(count, into.scale)];
    const terms = at.cells.map((cell) => ({ name: walk.name(action.into, at.channel, cell),
      product: action.broken ? share : `+ ${bracket(share)}`, muted: walk.blank[cell] }));
    return {
      blocks: [{ title: `${action.into}[window] ${sign}`, columns: walk.kernel_size[1], stage: action.begins, terms }],
      total: [{ stage: action.begins,
        html: `${source} = ${result(g)}, shared by ${n} cells: ${g} ÷ ${n} ${equals} <b>${share}</b> each` }],
      sentence: `${source} = ${g}. Each of the window's ${n} cells gets ${g} divided by ${n} ${equals} ${share}.`,
    };
  }
  const blocks = at.planes.map((plane, number) => ({
    title: `${action.into}[window] ${sign} ${action.point} × weight${walk.channels_in > 1 ? `, channel ${plane}` : ""}`,
    columns: walk.kernel_size[1], stage: action.begins,
    terms: at.cells.map((cell, tap) => {
      const w = weight.counts[at.kernels[number] * n + tap];
      return term(walk.name(action.into, plane, cell), g, text(weight, w), text(into, count * w), walk.blank[cell]);
    }),
  }));
  const first = at.phase.actions[0] === action;
  const alone = { stage: action.begins, html: `${source} = ${result(g)}, times each weight, is added to the window of ${action.into}` };
  return { blocks, total: first ? [alone] : [],
    sentence: `${first ? `${source} = ${g}. ` : ""}${g} × the kernel is added to this window of ${action.into}.` };
}

function sayRoute(walk, at, action) {
  const { dout, dx } = walk.grids;
  const [g, winner, tie] = [text(dout, dout.counts[at.local]), walk.winner[at.local], tieNote(walk, at)];
  const source = pointName(walk, action.point, at);
  const now = text(dx, dx.counts[at.channel * walk.plane_size + at.cells[winner]]);
  const terms = at.cells.map((cell, tap) => ({ name: walk.name("dx", at.channel, cell),
    product: tap !== winner ? "0" : action.broken ? `= ${g}` : `+ ${bracket(g)}`,
    mark: tap === winner && { stage: action.begins }, muted: walk.blank[cell] }));
  return {
    blocks: [{ title: `dx[window] ${action.broken ? "=" : "+="}`, columns: walk.kernel_size[1], stage: action.begins, terms }],
    total: [{ stage: action.begins,
      html: `${source} = ${result(g)} goes to the largest number of the window${tie}; its dx is now <b>${now}</b>` }],
    sentence: `${source} = ${g}. All of it goes to the cell that won the window${tie}, whose gradient is now ${now}.`,
  };
}

function saySum(walk, at, action) {
  const { dout, dbias } = walk.grids;
  const [g, now] = [text(dout, dout.counts[at.local]), text(dbias, dbias.counts[at.channel])];
  return { blocks: [], total: [{ stage: action.begins, html: `; dbias += ${g}, now <b>${now}</b>` }],
    sentence: `${g} is added to dbias, now ${now}.` };
}

function sayCopy(walk, at) {
  const { x } = walk.grids;
  const planes = Array.from({ length: x.channels }, (_, plane) => plane);
  const blocks = planes.map((plane) => ({
    title: x.channels > 1 ? channelTitle(walk, "x", plane) : "the window, copied row by row",
    columns: walk.kernel_size[1], stage: 0,
    terms: at.cells.map((cell) => ({ name: walk.name("x", plane, cell),
      product: text(x, x.counts[plane * walk.plane_size + cell]), muted: walk.blank[cell] })),
  }));
  const numbers = planes.length * at.cells.length;
  return { blocks, total: [{ stage: 0, html: `${numbers} numbers → column ${at.position} of columns` }],
    sentence: `${windowText(walk, at)} becomes column ${at.position}: its ${numbers} numbers one under the other.` };
}

function tieNote(walk, at) {
  const { x } = walk.grids;
  const counts = at.cells.map((cell) => x.counts[at.channel * walk.plane_size + cell]);
  const equal = counts.filter((v, tap) => !walk.blank[at.cells[tap]] && v === counts[walk.winner[at.local]]).length;
  return equal > 1 ? ` (the first of ${equal} equal ones)` : "";
}
