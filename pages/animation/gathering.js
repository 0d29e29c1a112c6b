// The words of a step that makes one number of many, and of one that copies them.

import { bracket, equalsSign } from "./numbers.js";
import { channelName, pointName, result, term, text, tieNote, windowText } from "./phrases.js";

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

export function sayDot(walk, at, action) {
  const out = walk.grids[action.into];
  const n = walk.taps.length;
  const target = pointName(walk, action.into, at);
  const matrix = action.do === "matmul";
  const rowTitle = matrix
    ? `row ${at.channel} of rows × column ${at.position} of columns`
    : "window × kernel = product";
  let stage = action.begins;
  const counted = [];
  const blocks = at.planes.map((plane, number) => {
    const { terms, sum } = products(walk, at, number, action, out);
    counted.push(sum);
    return {
      title: number ? "" : rowTitle,
      part: channelName(walk, action.field, plane),
      columns: walk.kernel_size[1],
      stage,
      terms,
    };
  });
  const all = text(
    out,
    counted.reduce((a, b) => a + b, 0),
  );
  const channels = counted.length > 1;
  blocks.forEach((block, number) => {
    if (channels) block.sum = { html: `sum ${text(out, counted[number])}`, stage: stage + 1 };
  });
  const value = text(out, out.counts[at.local]);
  stage += channels ? 2 : 1;
  const total = [
    {
      stage,
      html: `${action.begins ? "<br>" : ""}sum of ${n * counted.length} products: ${
        channels ? `${counted.map((c) => bracket(text(out, c))).join(" + ")} = ` : ""
      }${action.bias ? `<b>${all}</b>` : result(all)}`,
    },
  ];
  let bias = "";
  if (action.bias) {
    stage += 1;
    const b = text(walk.grids.bias, walk.grids.bias.counts[at.channel]);
    total.push({ stage, html: `, + bias ${bracket(b)} = ${result(value)}` });
    bias = `, plus bias ${b} is ${value}`;
  }
  total.push({ stage: action.ends, html: ` → <i>${target}</i>` });
  const what = matrix ? `Row ${at.channel} of rows times column ${at.position} of columns` : windowText(walk, at);
  return { blocks, total, sentence: `${what} gives ${target}: the products add up to ${all}${bias}.` };
}

export function sayMax(walk, at, action) {
  const { x } = walk.grids;
  const terms = at.cells.map((cell, tap) => ({
    name: walk.name("x", at.channel, cell),
    product: walk.blank[cell] ? "−∞" : text(x, x.counts[at.channel * walk.plane_size + cell]),
    mark: tap === walk.winner[at.local] && { stage: action.ends },
    muted: walk.blank[cell],
  }));
  const value = text(walk.grids.out, walk.grids.out.counts[at.local]);
  const [target, tie] = [pointName(walk, action.into, at), tieNote(walk, at)];
  return {
    blocks: [{ title: "the numbers in the window", columns: walk.kernel_size[1], stage: action.begins, terms }],
    total: [{ stage: action.ends, html: `the largest of ${terms.length}: ${result(value)}${tie} → <i>${target}</i>` }],
    sentence: `${windowText(walk, at)} gives ${target}: the largest of its ${terms.length} numbers is ${value}${tie}.`,
  };
}

export function sayMean(walk, at, action) {
  const { x, out } = walk.grids;
  const counts = at.cells.map((cell) => x.counts[at.channel * walk.plane_size + cell]);
  const terms = counts.map((count, tap) => ({
    name: walk.name("x", at.channel, at.cells[tap]),
    product: text(x, count),
    muted: walk.blank[at.cells[tap]],
  }));
  const [sum, equals] = [
    text(
      x,
      counts.reduce((a, b) => a + b, 0),
    ),
    equalsSign(out.counts[at.local], out.scale),
  ];
  const [value, target] = [text(out, out.counts[at.local]), pointName(walk, action.into, at)];
  return {
    blocks: [{ title: "the numbers in the window", columns: walk.kernel_size[1], stage: action.begins, terms }],
    total: [
      { stage: action.begins, html: `sum ${sum}` },
      { stage: action.begins + 1, html: `, ÷ ${terms.length} ${equals} ${result(value)}` },
      { stage: action.ends, html: ` → <i>${target}</i>` },
    ],
    sentence: `${windowText(walk, at)} gives ${target}: the sum ${sum} divided by ${terms.length} ${equals} ${value}.`,
  };
}

export function sayCopy(walk, at) {
  const { x } = walk.grids;
  const planes = Array.from({ length: x.channels }, (_, plane) => plane);
  const blocks = planes.map((plane) => ({
    title: plane ? "" : "the window, copied row by row",
    part: x.channels > 1 ? channelName(walk, "x", plane) : "",
    columns: walk.kernel_size[1],
    stage: 0,
    terms: at.cells.map((cell) => ({
      name: walk.name("x", plane, cell),
      product: text(x, x.counts[plane * walk.plane_size + cell]),
      muted: walk.blank[cell],
    })),
  }));
  const numbers = planes.length * at.cells.length;
  return {
    blocks,
    total: [{ stage: 0, html: `${numbers} numbers → column ${at.position} of columns` }],
    sentence: `${windowText(walk, at)} becomes column ${at.position}: its ${numbers} numbers one under the other.`,
  };
}
