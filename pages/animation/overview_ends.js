// The ends of a network: the classes with their probabilities, or p − y; and below all layers how long their gradients are.

import { marksOf, percent, short } from "./overview_words.js";

export const NAME = 12.5; // size of a name's type, in pixels
const BARS = 20; // pixels of the longest bar of a norm
const TEXT = 13; // pixels of a line of text
const LINES = 38; // pixels of a row that has a line of its own for what a class is known to be

// A row for each class: its name, how likely it is, and what it is known to be.
export function drawClasses(painter) {
  const { scene, pen, colours, ink: text } = painter;
  const column = scene.columns.at(-1);
  const { classes } = scene.net;
  const { backward } = scene;
  const before = backward ? null : classes.before;
  for (const { place, x, y, width, height } of column.cells) {
    const p = classes.probabilities[place];
    const y1 = Number(place === classes.target);
    const marks = marksOf(classes, place, backward);
    const { below, thick, ...at } = rowOf(height);
    const [top, line] = [y + at.top, y + at.line];
    pen.fillStyle = scene.looks.faint;
    pen.fillRect(x, top, width, thick);
    if (backward) {
      const [end, middle] = [p - y1, x + width / 2];
      pen.fillStyle = `rgb(${end < 0 ? scene.looks.gradients.negative : scene.looks.gradients.positive})`;
      pen.fillRect(Math.min(middle, middle + (end * width) / 2), top, (Math.abs(end) * width) / 2, thick);
      pen.fillStyle = text;
      pen.fillRect(middle - 0.5, top - 1, 1, thick + 2);
    } else {
      pen.fillStyle = `rgb(${place === classes.guess ? colours.positive : scene.looks.grey})`;
      pen.fillRect(x, top, p * width, thick);
    }
    if (before) {
      pen.fillStyle = text;
      pen.fillRect(x + before[place] * width - 1, top - 2, 2, thick + 4);
    }
    const changed = before ? `${percent(before[place])} → ${percent(p)}` : percent(p);
    const number = backward ? short(p - y1) : changed;
    const weight = marks.length ? 700 : 500;
    const size = below ? NAME : Math.max(10, Math.min(11, top - y));
    painter.font(size, weight);
    const taken = pen.measureText(number).width;
    painter.write(number, x + width - 2, line, { align: "right", size, weight });
    const named = below ? [classes.names[place]] : [classes.names[place], ...marks];
    painter.write(named.join(" · "), x + 1, line, { align: "left", size, weight, most: width - taken - 10 });
    const about = { align: "left", size: 10.5, weight };
    if (below) painter.write(marks.join(" · "), x + 1, top + thick + 8, about);
  }
  if (column.hidden) {
    const { x, y, height } = column.cells.at(-1);
    painter.write(`and ${column.hidden} more`, x, y + height + 8, { align: "left" });
  }
}

// Where in a class's row its line of text, at its middle, and its bar stand; below: room for a line below the bar.
export function rowOf(height) {
  const below = height >= LINES ? 13 : 0;
  const thick = below ? 7 : Math.min(9, Math.max(3, height / 4));
  const top = below ? height - below - thick - 2 : Math.max(TEXT, height - thick - Math.min(6, height / 6));
  return { below, thick, top, line: Math.max(TEXT / 2, top - 9) };
}

// A bar for each layer's gradient, on a scale of powers of ten.
export function drawNorms(painter) {
  const { scene, view, pen } = painter;
  const floor = view.height - 4;
  const [low, high] = scene.decades;
  pen.fillStyle = scene.looks.ground;
  pen.fillRect(0, view.height - view.band, view.width, view.band);
  for (const column of scene.columns) {
    const { norm } = column.layer;
    if (norm === undefined || !scene.reached(column)) continue;
    const middle = (column.x + column.width / 2) * view.scale + view.left;
    const share = norm > 0 && norm !== null ? Math.max(0.04, (Math.log10(norm) - low) / (high - low)) : 0;
    const wide = Math.min(34, Math.max(10, column.width * view.scale - 6));
    pen.fillStyle = painter.colours.muted;
    pen.fillRect(middle - wide / 2, floor - share * BARS, wide, share * BARS);
    painter.write(short(norm), middle, floor - share * BARS - 8, { size: 10.5, weight: 650 });
  }
  const ends = `1e${low} to 1e${high}`.replaceAll("-", "−");
  const words = `norm (length) of each layer's gradient; bars on a logarithmic scale, ${ends}`;
  const at = { align: "left", colour: painter.colours.muted, most: view.width - 10 };
  painter.write(words, 0, view.height - view.band + 7, at);
}

// The ends of the scale of norms, as powers of ten: the whole decades around them.
export function decadesOf(norms) {
  const powers = norms.filter((norm) => norm > 0).map(Math.log10);
  if (!powers.length) return [-1, 0];
  const low = Math.floor(Math.min(...powers));
  return [low, Math.max(Math.ceil(Math.max(...powers)), low + 1)];
}
