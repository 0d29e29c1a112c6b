// The pictures of the three ways: which planes each has, how large their cells are, and what is framed and outlined.

import { outline } from "./outline.js";
import { MINIMUM_FOR_NUMBERS, Plane } from "./plane.js";

const [LARGEST, READABLE, SMALLEST] = [30, MINIMUM_FOR_NUMBERS, 2]; // pixels of a cell
const SMALL = [26, 23, READABLE, 14, 9, 5, SMALLEST]; // of the planes that are small: kernels, and a row of the matrix

export class Pictures {
  constructor(gradient, places) {
    this.gradient = gradient;
    this.planes = [];
    const { dout, spread, plane, matrix } = gradient.grids;
    const size = ({ rows, columns }) => `${rows}×${columns}`;
    const [first, second, third] = places;
    for (const place of places) place.replaceChildren();
    const given = first.appendChild(element("stack"));
    this.add(given, "dout", "dout", `dout ${size(dout)}`, { large: true });
    this.add(given, "weight", "dout", "kernel", { grid: "weight" });
    this.add(first, "dx", "spread", `dx ${size(spread)}: choose here`, { large: true });
    this.add(second, "flipped", "dout", "kernel, flipped", { grid: "flipped" });
    const zeros = (index) => gradient.blank[index];
    this.add(second, "plane", "plane", `dout drawn apart ${size(plane)}`, { large: true, blank: zeros });
    if (!matrix) {
      third.append(Object.assign(document.createElement("p"), { textContent: gradient.words.matrix }));
      return;
    }
    const unmet = (index) => !gradient.met[index];
    this.add(third, "matrix", "matrix", `Wᵀ ${size(matrix)}`, { large: true, blank: unmet });
    const beside = third.appendChild(element("stack"));
    this.add(beside, "row", "dout", "its row, laid out as dout", { grid: "row" });
    this.add(beside, "vector", "dout", "× dout", {});
    for (const each of this.planes.filter(({ kind }) => kind === "row"))
      each.plane.blank = (index) => !gradient.met[each.plane.channel * dout.size + index];
  }

  // A title, and a plane for each channel of `name`, out of the grid of that name or of another.
  add(parent, kind, name, title, { grid = name, large = false, blank }) {
    const { channels } = this.gradient.grids[name];
    const group = parent.appendChild(element("group"));
    group.append(Object.assign(document.createElement("p"), { textContent: title, className: "title" }));
    const line = group.appendChild(element("planes"));
    for (let number = 0; number < channels; number++) {
      const plane = new Plane(line);
      plane.take(this.gradient.grids[grid], number, { blank });
      plane.caption.textContent = channels > 1 ? `channel ${number}` : "";
      plane.canvas.setAttribute("aria-label", channels > 1 ? `${title}, channel ${number}` : title);
      plane.figure.dataset.kind = kind;
      this.planes.push({ plane, kind, number, large });
    }
  }

  of(kind) {
    return this.planes.filter((each) => each.kind === kind).map(({ plane }) => plane);
  }

  // The largest cells with which the pictures of a place are no wider than it, and no higher than `height`: where not all
  // numbers can be read, those of the small planes come first.
  fit(place, height) {
    const planes = this.planes.filter(({ plane }) => place.contains(plane.figure));
    const fits = (sizes) => {
      for (const { plane, large } of planes) {
        const cell = sizes[Number(large)];
        plane.box.style.width = `${plane.view.columns * cell + 1}px`;
        plane.box.style.height = `${plane.view.rows * cell + 1}px`;
      }
      return place.scrollWidth <= place.clientWidth && place.offsetHeight <= height;
    };
    const down = (from, to) => Array.from({ length: from - to + 1 }, (_, n) => from - n);
    const tried = [
      ...down(LARGEST, READABLE).flatMap((large) =>
        SMALL.filter((small) => READABLE <= small && small <= large).map((small) => [small, large]),
      ),
      ...SMALL.flatMap((small) => down(READABLE - 1, SMALLEST).map((large) => [small, large])),
    ];
    const sizes = tried.find(fits) ?? tried.at(-1);
    for (const { plane, large } of planes) plane.resize(sizes[Number(large)]);
  }

  // Draw all for a chosen cell of dx.
  draw(colours, cell) {
    const { grids, span, apart } = this.gradient;
    const [channel, row, column] = cell;
    const number = this.gradient.rowOf(cell);
    for (const { plane, kind, number: own } of this.planes) {
      if (kind === "weight" || kind === "flipped") plane.channel = own * grids.spread.channels + channel;
      if (kind === "row") plane.channel = number * grids.dout.channels + own;
      plane.draw(colours);
      const one = { top: row, left: column, rows: 1, columns: 1 };
      plane.mark(
        {
          dx: own === channel && one,
          plane: { ...one, rows: span[0], columns: span[1], gap: apart },
          matrix: { top: number, left: 0, rows: 1, columns: plane.grid.columns },
        }[kind] || null,
      );
    }
  }

  // Outline what is multiplied; of one product, its numbers are written over their cells.
  link(terms, cell, alone) {
    const { matrix } = this.gradient.grids;
    const row = this.gradient.rowOf(cell) * (matrix?.columns ?? 0);
    for (const { plane, kind, number } of this.planes) {
      const found = terms
        .filter(({ f }) => f === number || kind === "matrix")
        .map((term) => {
          const [index, note] = {
            dout: [term.cell, term.left],
            vector: [term.cell, term.left],
            plane: [term.apart, term.left],
            weight: [term.tap, term.right],
            flipped: [term.turned, term.right],
            row: [term.cell, term.right],
            matrix: [row + term.entry, term.right],
          }[kind] ?? [-1];
          return { index, note: alone ? note : undefined };
        });
      outline(plane, kind === "dx" ? [] : found);
    }
  }
}

function element(name) {
  return Object.assign(document.createElement("div"), { className: name });
}
