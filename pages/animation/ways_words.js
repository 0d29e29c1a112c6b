// The words of a number of dx in three ways: its sum, written out, and each of its products.

import { bracket } from "./numbers.js";

const MOST = 12; // products of a sum whose values are written in a line of their own

// dx[1, 2], with its channel where there are several.
export const named = (name, grid, [channel, ...place]) =>
  `${name}[${(grid.channels > 1 ? [channel, ...place] : place).join(", ")}]`;

// The sum of `terms` ({left, right, product}: texts), and what a way made of it.
export function writeSum(name, terms, value) {
  const made = `= <b class="result">${value}</b>`;
  if (!terms.length) return `<span>${name} ${made}</span>`;
  const factors = terms.map(
    ({ left, right }, n) =>
      `<span class="term" data-term="${n}">${n ? bracket(left) : left} × ${bracket(right)}</span>`,
  );
  const products = terms.map(({ product }, n) => (n ? bracket(product) : product)).join(" + ");
  const added = terms.length > 1 && terms.length <= MOST ? `<span class="products">= ${products}</span>` : "";
  return `<span>${name} = ${factors.join(" + ")}</span>${added}<span>${made}</span>`;
}

// What is said of the chosen number above the three ways; reasons: why it has no product.
export function tellChosen(name, value, count, reasons) {
  if (!count) return `${name} = ${value}: no window reads it. ${reasons.join(". ")}.`;
  const what = count === 1 ? "one product, the same" : `the same ${count} products in the same order`;
  return `${name} = ${value} in all three ways: ${what}.`;
}

// What each way looks at for a number, and how much of it counts.
export function tellLooked(way, count, gradient, row) {
  const { dout, weight } = gradient.grids;
  const all = way === "convolved" ? dout.channels * weight.size : dout.counts.length;
  const rest = all - count;
  if (way === "spread")
    return `${count || "None"} of the ${all} numbers of dout ${count > 1 ? "reach" : "reaches"} it.`;
  const where = way === "convolved" ? "Under the kernel" : `Row ${row} of Wᵀ`;
  if (!count) return `${where}: zeros only.`;
  return `${where}: ${count} of ${all} numbers ${count > 1 ? "count" : "counts"}${rest ? `, the other ${rest} ${rest === 1 ? "is" : "are"} 0` : ""}.`;
}

// One product as a way has it: where its two numbers come from.
export function tellProduct(way, { f, cell, tap, turned, apart, entry, left, right, product }, gradient, row) {
  const { dout, weight, plane } = gradient.grids;
  const place = (grid, index) => [Math.floor(index / grid.columns), index % grid.columns];
  const sides = {
    spread: `${named("dout", dout, [f, ...place(dout, cell)])} × weight[${place(weight, tap).join(", ")}]`,
    convolved: `${named("apart", plane, [f, ...place(plane, apart)])} × flipped[${place(weight, turned).join(", ")}]`,
    multiplied: `dout[${entry}] of the column × Wᵀ[${row}, ${entry}]`,
  }[way];
  return `${sides} = ${left} × ${bracket(right)} = ${product}`;
}
