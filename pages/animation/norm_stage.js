// The tensor of a norm's walk: a plane for each channel (across) of each picture (down), all drawn alike.

import { readColours } from "./colours.js";
import { typeOf } from "./digits.js";
import { outline } from "./outline.js";
import { MINIMUM_FOR_NUMBERS, Plane } from "./plane.js";
import { scrollerOf } from "./scroller.js";
import { titleOf } from "./norm_words.js";

const [SMALLEST_CELL, LARGEST_CELL, LARGEST_ALONE] = [9, 34, 52]; // pixels; alone: one number a channel
const [HEADS, SIDES, GAP, TITLE] = [20, 62, 8, 28]; // pixels: above and beside the planes, between them, and the title's line
const HEAD = 66; // pixels that "channel 0" takes
const SHARE = 0.57; // of the width, where the computation stands beside
const [NARROW, LEAST_HEIGHT, BELOW] = [760, 300, 34];

export class NormStage {
  constructor(root, part) {
    Object.assign(this, { root, part, scale: "blue_orange" });
  }

  load(walk) {
    this.walk = walk;
    const { pictures, channels } = walk;
    const maps = this.part("maps");
    const form = [walk.shape, walk.flat].join();
    if (form !== this.form) {
      maps.replaceChildren();
      const word = (html) => maps.append(Object.assign(document.createElement("span"), { innerHTML: html }));
      word("<i>channel</i>");
      for (let channel = 0; channel < channels; channel++) word(`<b>channel </b>${channel}`);
      this.planes = [];
      for (let picture = 0; picture < pictures; picture++) {
        word(`picture ${picture}`);
        for (let channel = 0; channel < channels; channel++) this.planes.push(new Plane(maps));
      }
      maps.style.setProperty("--channels", channels);
      this.form = form;
    }
    this.groups = [{ planes: this.planes, lenses: [] }];
    this.shown = undefined;
  }

  get outgrown() {
    return this.root.clientWidth !== this.width || window.innerHeight !== this.height;
  }

  layout() {
    const { root, walk } = this;
    [this.width, this.height] = [root.clientWidth, window.innerHeight];
    if (!this.width) return false;
    this.colours = readColours(root, this.scale);
    const narrow = this.width < NARROW;
    root.classList.toggle("narrow", narrow);
    const figure = this.part("figure");
    const top = figure.getBoundingClientRect().top + scrollerOf(root).scrollTop;
    const high = Math.max(LEAST_HEIGHT, this.height - top - BELOW) - TITLE - HEADS;
    const wide = this.width * (narrow ? 1 : SHARE) - SIDES;
    const fitting = Math.min(
      (wide / walk.channels - GAP) / walk.columns,
      narrow ? Infinity : (high / walk.pictures - GAP) / walk.rows,
    );
    this.cell = Math.max(SMALLEST_CELL, Math.min(walk.flat ? LARGEST_ALONE : LARGEST_CELL, Math.floor(fitting)));
    root.style.setProperty("--plane", `${walk.columns * this.cell + 1}px`);
    root.classList.toggle("tight", walk.columns * this.cell < HEAD);
    return true;
  }

  // Show what a step has made; all: at a new size, or in new colours.
  show(at, all = false) {
    if (!this.colours || (at.shown === this.shown && !all)) return;
    this.shown = at.shown;
    const title = (this.part("title").textContent = titleOf(this.walk, at.shown));
    const grid = this.walk.grid(at.shown);
    const { pen } = this.planes[0];
    if (this.cell >= MINIMUM_FOR_NUMBERS) grid.type = typeOf(pen, grid, this.cell, this.colours.font);
    this.planes.forEach((plane, number) => {
      plane.take(grid, number, {});
      plane.name = "x"; // whose cell it is, whatever is shown of it
      plane.resize(this.cell);
      plane.draw(this.colours);
      const place = `picture ${Math.floor(number / grid.across)}, channel ${number % grid.across}`;
      plane.canvas.setAttribute("aria-label", `${title}, ${place}`);
    });
    this.point();
  }

  // Frame the chosen cell, and outline those that share its mean and variance.
  point(chosen = this.chosen) {
    this.chosen = chosen;
    if (!chosen || !this.shown) return;
    const { size, columns } = this.walk;
    const set = this.walk.setOf(chosen.plane * size + chosen.index);
    this.planes.forEach((plane, number) => {
      outline(plane, set[number] ?? []);
      const [top, left] = [Math.floor(chosen.index / columns), chosen.index % columns];
      plane.mark(number === chosen.plane ? { top, left, rows: 1, columns: 1 } : undefined);
    });
  }
}
