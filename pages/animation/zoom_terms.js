// The written parts of a depth: sums that add up, formulas in steps, one product with where its factors come from.

import { make } from "./zoom_make.js";

const [MOST_WIDE, NARROW, FEW_WIDE] = [5, 700, 3]; // columns of a window that is laid out, in a wide and in a narrow room

const inUnits = (label, unit) => (unit ? `${label} (in ${unit})` : label);
const brackets = (text) => (text.startsWith("−") ? `(${text})` : text);

// sum: as figures/zoom_terms.py writes it; link(words, query): an anchor; room: pixels of width; here: the address of the number;
// opened(part): a part has been opened.
export function sumBlock(sum, { link, room, here, opened }) {
  const title = sum.name === "sum" ? "" : `${sum.name} = `;
  const block = make("section", { class: "sum", "data-name": sum.name });
  if (sum.broken) {
    block.append(make("p", { class: "total" }, `${title}${sum.total}`), make("p", {}, sum.broken));
    return block;
  }
  block.append(totalLine(sum, title, link));
  const [left, right, unit] = sum.units;
  const factors = inUnits(sum.left, left) + (sum.right ? ` × ${inUnits(sum.right, right)}` : "");
  const terms = `${sum.count} ${sum.right ? "products" : "numbers"}`;
  const parts = sum.by && sum.parts.length > 1 ? `, ${sum.by} by ${sum.by}, those that give most first` : "";
  const words = sum.chosen ? `the window of ${sum.count} numbers; ★ is the largest` : `${terms}, ${factors}${parts}`;
  block.append(make("p", { class: "words" }, words + (unit && sum.right ? `; products in ${unit}` : "")));
  const many = sum.parts.length > 1;
  const all = block.appendChild(make("div", { class: many ? "parts" : "" }));
  const inView = sum.parts.length - (sum.others?.[0] ?? 0);
  const rest = sum.others && others(sum.others);
  sum.parts.forEach((part, place) => {
    const inside = partTerms(sum, part, { link, room, here });
    if (!many) return all.append(inside);
    const fold = make("details", { class: "part" });
    fold.open = place === 0;
    fold.ontoggle = () => fold.open && opened(part);
    fold.append(make("summary", {}, make("span", {}, part.title), make("b", {}, part.sum)), inside);
    (place < inView ? all : rest.lastChild).append(fold);
  });
  if (rest) all.append(rest);
  return block;
}

// A fold for parts that give little each.
function others([count, together]) {
  const head = make("summary", {}, make("span", {}, `the other ${count} together`), make("b", {}, together));
  return make("details", { class: "others" }, head, make("div", { class: "parts" }));
}

function totalLine(sum, title, link) {
  const line = make("p", { class: "total" }, title);
  const unit = sum.units[2] ? ` · ${sum.units[2]}` : "";
  if (sum.chosen) line.append("the largest: ");
  else if (sum.divided) line.append(`${sum.before} / ${sum.divided} = `);
  else if (sum.constant !== null) {
    line.append(`${sum.before} + `, link(`bias ${brackets(sum.constant)}`, sum.constant_query), " = ");
  }
  line.append(make("output", {}, sum.total + unit));
  if (sum.total !== sum.shown || unit) line.append(" ≈ ", make("b", { class: "shown" }, sum.shown));
  if (sum.unrounded) line.append(`; with unrounded factors ${sum.unrounded}${unit}`);
  if (sum.noise) line.append(": what is left where the terms cancel out");
  return line;
}

function partTerms(sum, part, { link, room, here }) {
  const fits = sum.shape && sum.shape[1] <= (room < NARROW ? FEW_WIDE : MOST_WIDE);
  if (part.laid_out && fits) return laidOut(sum, part, link, here);
  const list = make("ol", { class: "terms" });
  for (const [place, [left, right, product, term, won, where]] of part.terms.entries()) {
    const [row, column] = sum.shape ? [Math.floor(place / sum.shape[1]), place % sum.shape[1]] : [0, 0];
    const words = where || (sum.shape ? `row ${row}, column ${column} of the window` : "");
    const said = right ? `${left} × ${brackets(right)} = ` : won ? "★ " : "";
    const number = link("", `${here}&term=${term}`);
    number.append(said, make("b", {}, product));
    list.append(make("li", { "data-term": term }, number, make("small", {}, words)));
  }
  const block = make("div", {}, list);
  if (part.rest) block.append(make("p", { class: "rest" }, `the other ${part.rest[0]} together: ${part.rest[1]}`));
  return block;
}

// Window, kernel and products as three grids, as they lie in the map.
function laidOut(sum, part, link, here) {
  const grid = (cells, label) =>
    make(
      "div",
      { class: "grid", role: "group", "aria-label": label, style: `--columns: ${sum.shape[1]}` },
      make("small", {}, label),
      ...cells,
    );
  const sized = Math.max(...part.terms.map(([, , product]) => Math.abs(toNumber(product)))) || 1;
  const coloured = (text, cell) => {
    const share = Math.round((38 * Math.min(1, Math.abs(toNumber(text)) / sized)) / 1) || 0;
    cell.style.setProperty("--share", `${share}%`);
    cell.classList.add(text.startsWith("−") ? "below" : "above");
    return cell;
  };
  const products = part.terms.map(([, , product, term, won, where]) => {
    const cell = coloured(product, link(won ? `★ ${product}` : product, `${here}&term=${term}`));
    cell.dataset.term = term;
    if (where === "padding") cell.title = "padding: a zero around the map";
    cell.classList.toggle("blank", where === "padding");
    return cell;
  });
  const block = make("div", { class: "row" });
  if (sum.right) {
    const [left, right, unit] = sum.units;
    const cells = (k) =>
      part.terms.map((term) => make("span", { class: !k && term[5] === "padding" ? "blank" : "" }, term[k]));
    block.append(grid(cells(0), inUnits(sum.left, left)), make("i", {}, "×"));
    block.append(grid(cells(1), inUnits(sum.right, right)), make("i", {}, "="));
    block.append(grid(products, inUnits("products", unit)));
  } else block.append(grid(products, inUnits(sum.left, sum.units[2])));
  if (part.title) block.append(make("p", {}, `Σ ${part.title}: `, make("b", {}, part.sum)));
  return block;
}

const toNumber = (text) => Number(text.replace("−", "-").replace("−", "-"));

export function stepsBlock({ knowns, steps, shown }, link) {
  const block = make("section", { class: "steps" });
  const list = make("ul", { class: "knowns" });
  for (const [name, text, where, query] of knowns) {
    const inside = [make("b", {}, `${name} = ${text}`), make("small", {}, where)];
    const number = query ? link("", query) : make("span", {});
    number.append(...inside);
    list.append(make("li", { "data-name": name }, number));
  }
  block.append(list);
  for (const [place, [name, formula, filled, value]] of steps.entries()) {
    const line = make("p", { class: "step", "data-name": name }, make("span", {}, `${name} = ${formula}`));
    const last = place === steps.length - 1;
    if (filled !== value) line.append(make("span", {}, `= ${filled}`));
    line.append(make("span", {}, "= ", make(last ? "output" : "b", {}, value)));
    if (last && value !== shown) line.append(make("span", {}, `≈ ${shown}`));
    block.append(line);
  }
  return block;
}

// One product: both factors with the way to where they stand, and what it is part of. sheets: takes the maps to be drawn.
export function productBlock(product, link, sheets) {
  const block = make("section", { class: "product" });
  const cards = product.factors.map((factor, place) => {
    const unit = product.units[place];
    const card = make("div", { class: "factor", "data-label": factor.label });
    card.append(make("small", {}, factor.label), make("output", {}, factor.text + (unit ? ` · ${unit}` : "")));
    card.append(factor.query ? link(factor.where, factor.query) : make("span", {}, factor.where));
    if (factor.sheet) card.append(sheets(factor.sheet));
    return card;
  });
  const unit = product.units[2] ? ` · ${product.units[2]}` : "";
  const part = product.takes_one
    ? product.chosen
      ? "It is the largest of its window, and goes on."
      : `It is not the largest of its window: ${product.shown} is, which goes on.`
    : `One of ${product.count} that make ${product.shown}.`;
  const result = make("div", { class: "factor", "data-label": "product" });
  const name = product.factors.length > 1 ? "product" : "number";
  result.append(make("small", {}, name), make("output", {}, product.product + unit), make("span", {}, part));
  cards.forEach((card, place) => block.append(...(place ? [make("i", {}, "×"), card] : [card])));
  block.append(make("i", {}, "="), result);
  return block;
}
