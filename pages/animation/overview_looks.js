// What a network looks like: the colours of the page, and every map as a picture.

import { readBoth, themeOf } from "./colours.js";
import { endsOf, paintPicture, shadesOf, Sheet } from "./overview_sheets.js";

export class Looks {
  constructor(root) {
    Object.assign(this, { root, sheets: new Map(), picture: document.createElement("canvas") });
  }

  // Maps and gradients have a scale each; the latter's are told apart in the legend.
  read() {
    this.theme = themeOf(this.root);
    ({ maps: this.colours, gradients: this.gradients } = readBoth(this.root));
    const style = getComputedStyle(this.root);
    this.ink = style.color;
    this.ground = style.getPropertyValue("--st-background-color").trim();
    this.faint = style.getPropertyValue("--st-secondary-background-color").trim();
    const { base, faint } = this.colours;
    this.grey = faint.map((level) => level + (base[0] < 128 ? 60 : -60));
    this.shades = { maps: shadesOf(this.colours), grad: shadesOf(this.gradients) };
  }

  get stale() {
    return this.theme !== themeOf(this.root);
  }

  // Every map onto its sheet, once. range: what a colour scale is for, "map", "layer" or "net".
  paint(net, range) {
    for (const name of this.sheets.keys()) if (net.indexOf(name) < 0) this.sheets.delete(name);
    for (const layer of net.layers.slice(0, -1)) {
      if (!this.sheets.has(layer.name)) this.sheets.set(layer.name, { maps: new Sheet(), grad: new Sheet() });
      const sheets = this.sheets.get(layer.name);
      for (const kind of ["maps", "grad"]) {
        if (!layer[kind]) continue;
        const ends = endsOf(layer[kind].peaks, range, layer.isMaps, net.peaks[kind]);
        sheets[kind].paint(layer[kind], layer.size, ends, this.shades[kind]);
      }
    }
    paintPicture(this.picture, net.picture.levels, net.picture.shape);
  }
}
