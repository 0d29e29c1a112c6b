// What is said of a pixel, and of the checks of a map.

import { bracket, write } from "./numbers.js";

const [VALUE, SLOPE] = [1e3, 1e4]; // what one of value and of slope is rounded to; their product is exact

const three = (number) => write(Math.round(number * 1e3), 1e3);

// What a pixel adds: its value times its slope, each as it is written, so that the product is what anybody gets.
export function tellPixel({ values, slopes, paths, counted, size, maps }, row, column, map) {
  const [rows, columns] = size;
  const cell = row * columns + column;
  const channels = values.length / (rows * columns);
  const names = channels === 3 ? ["red ", "green ", "blue "] : [""];
  const products = [];
  const ways = [];
  for (let channel = 0; channel < channels; channel++) {
    const at = channel * rows * columns + cell;
    const [value, slope] = [Math.round(values[at] * VALUE), Math.round(slopes[at] * SLOPE)];
    const factors = [write(value, VALUE), bracket(write(slope, SLOPE)), write(value * slope, VALUE * SLOPE)];
    products.push(
      channels === 1
        ? `value ${factors[0]} × slope ${factors[1]} = term ${factors[2]}`
        : `${names[channel] ?? `channel ${channel} `}${factors[0]} × ${factors[1]} = ${factors[2]}`,
    );
    ways.push(`${counted ? "" : "about "}${paths[at].toLocaleString("en-US")}`);
  }
  const what = channels === 1 ? "" : "value × slope = term: ";
  const same = new Set(ways).size === 1 ? ways.slice(0, 1) : ways;
  const here = map === maps[0] ? "" : ` ${map.title}: ${three(map.numbers[cell])}.`;
  return `Row ${row}, column ${column}: ${what}${products.join(", ")}. Paths from here to the score that no ReLU closes: ${same.join(", ")}.${here}`;
}

const line = (shares, numbers, dash) =>
  `<polyline fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="${dash}" points="${shares
    .map((share, k) => `${(100 * share).toFixed(2)},${(100 - 100 * numbers[k]).toFixed(2)}`)
    .join(" ")}" vector-effect="non-scaling-stroke"/>`;

// The curves of a map, from what the server has computed: numbers only.
export function drawCurves({ shares, gone, come }) {
  return `<div class="curves"><div class="up"><span>1</span><span>probability</span><span>0</span></div>
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="probability while pixels go (solid) or come (dashed)">
    <path d="M0 0V100H100" fill="none" stroke="currentColor" opacity=".4" vector-effect="non-scaling-stroke"/>
    ${line(shares, gone, "")}${line(shares, come, "5 4")}</svg>
    <div class="across"><span>0%</span><span>of the pixels, the map’s largest first</span><span>100%</span></div></div>`;
}
