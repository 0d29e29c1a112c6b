// The walk of a norm: the same time axis as a layer's walk, over its staged computation. Beside the tensor stand the lines of the
// computation of one cell, joined as the graph is: a rail for what there is of each cell, a second one for the way through
// mean and variance.
import { markPhase } from "./axis.js";
import { closedOf, lineOf } from "./norm_lines.js";
import { NormStage } from "./norm_stage.js";
import { NormWalk, ROWS } from "./norm_walk.js";
import { legendOf, sentenceOf, setInWords } from "./norm_words.js";
import { Pointer } from "./pointer.js";
import { Timeline } from "./timeline.js";

// By row: the lines of its piece of the rails, as [from, to] of points "lane,height": the lanes are 0 and 1, heights 0 to 1.
const RAILS = {
  x: ["0,.5 0,1", "0,.5 1,1"],
  mean: ["0,0 0,1", "1,0 1,.5", "1,.5 0,1"],
  centre: ["0,0 0,1", "0,.5 1,1"],
  square: ["0,0 0,1", "1,0 1,1"],
  variance: ["0,0 0,1", "1,0 1,1"],
  root: ["0,0 0,1", "1,0 1,.5", "1,.5 0,1"],
  divide: ["0,0 0,1"],
  scale: ["0,0 0,1"],
  shift: ["0,0 0,.5"],
};
const WITHOUT = { x: ["0,.5 1,1"], centre: ["0,.5 1,1"], mean: ["1,0 1,.5"], variance: ["1,0 1,1"] }; // where both are given
const INSTEAD = { variance: ["1,.5 1,1"] };
const ONE_A_SET = new Set(["mean", "variance", "root"]);

class NormPointer extends Pointer {
  // The cell that is looked at: pointed at, else pinned, else one to begin with.
  get cell() {
    return this.hovered ?? this.cursor ?? this.pinned ?? { name: "x", ...this.walk.first };
  }

  start(plane) {
    const { cell } = this;
    return { name: "x", plane: plane.channel, index: plane.channel === cell.plane ? cell.index : 0 };
  }

  show() {
    const { pinned, root } = this;
    const text = (cell) => (cell ? `${cell.name},${cell.plane},${cell.index}` : "");
    Object.assign(root.dataset, { linked: text(this.cell), pinned: text(pinned) });
    this.looked();
  }
}

class NormPlayer extends Timeline {
  constructor(root) {
    super(root);
    root.classList.add("norm");
    this.part("figure").innerHTML =
      `<section class="tensor"><h4 class="title"></h4><div class="maps"></div></section>` +
      `<section class="graph"><p class="set" aria-live="polite"></p><ol></ol><div class="closed"></div></section>`;
    this.part("hint").textContent = "Point at any cell to see its number written out; click to keep it.";
    this.stage = new NormStage(root, this.part);
    const changed = () => this.report();
    this.pointer = new NormPointer(root, this.part, { pick: changed, changed });
    this.pointer.looked = () => this.look();
  }

  read(data) {
    return new NormWalk(data);
  }

  take() {
    const { walk } = this;
    this.stage.load(walk);
    const rows = ROWS.filter((row) => walk.phases[0].rows.includes(row));
    this.part("graph ol").replaceChildren(...rows.map((row) => this.row(row)));
    this.pointer.load(walk, this.stage);
  }

  row(row) {
    const item = document.createElement("li");
    item.dataset.row = row;
    const cut = this.walk.training ? [] : (WITHOUT[row] ?? []);
    const rails = [
      ...RAILS[row].filter((rail) => !cut.includes(rail)),
      ...(this.walk.training ? [] : (INSTEAD[row] ?? [])),
    ];
    const [lane, square] = [row === "square" || ONE_A_SET.has(row) ? 1 : 0, ONE_A_SET.has(row)];
    const place = (point) => point.split(",").map(Number);
    const lines = rails.map((rail) => {
      const [[x1, y1], [x2, y2]] = rail.split(" ").map(place);
      return `<line x1="${LANES[x1]}" x2="${LANES[x2]}" y1="${y1 * 100}%" y2="${y2 * 100}%"/>`;
    });
    const node = square
      ? `<rect x="${LANES[lane] - 6}" y="50%" width="12" height="12" transform="translate(0 -6)"/>`
      : `<circle cx="${LANES[lane]}" cy="50%" r="6.5"/>`;
    item.innerHTML = `<svg aria-hidden="true">${lines.join("")}${node}</svg><button type="button">${row}</button><span></span>`;
    item.querySelector("button").onclick = () => {
      const step = this.walk.stepOf(this.at.phase, row);
      if (step >= 0) this.go(step);
    };
    return item;
  }

  drawAll() {
    this.reserve();
    this.part("legend").innerHTML = legendOf(this.walk);
    this.stage.show(this.at, true);
    this.pointer.show();
  }

  show() {
    this.stage.show(this.at);
    this.look();
  }

  // Forward and backward take the same room, so that nothing moves from one to the other.
  reserve() {
    const parts = [...this.part("graph ol").children, this.part("closed")];
    for (const part of parts) part.style.minHeight = "";
    const heights = this.walk.phases.map((phase) => {
      this.look({ ...this.at, phase });
      return parts.map((part) => part.getBoundingClientRect().height);
    });
    for (const [i, part] of parts.entries()) part.style.minHeight = `${Math.max(...heights.map((each) => each[i]))}px`;
  }

  // All that is written of the cell that is looked at, in the phase that the walk is in.
  look(at = this.at) {
    const { walk } = this;
    const { cell, pinned } = this.pointer;
    const kept = pinned && pinned.plane === cell.plane && pinned.index === cell.index;
    const place = walk.at(cell.plane, cell.index);
    this.stage.point(cell);
    this.part("set").innerHTML =
      `<b>${walk.name("x", place)}</b>${kept ? " (kept: Escape lets go)" : ""}. ${setInWords(walk, place)}.`;
    for (const item of this.part("graph ol").children) {
      const { row } = item.dataset;
      const [button, text] = [item.querySelector("button"), item.querySelector("span")];
      const [step, line] = [walk.stepOf(at.phase, row), lineOf(walk, at.phase, row, place)];
      text.innerHTML = line || "a constant: no gradient comes here";
      button.disabled = step < 0;
      item.classList.toggle("ahead", step < 0 || step > at.step);
      if (row === at.row) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    const closed = closedOf(walk, at.phase, place);
    this.part("closed").innerHTML = `<p>In one formula: ${closed[0]}</p><p>${closed[1]}.</p>`;
    this.root.dataset.cell = place;
  }

  say(place) {
    markPhase(this, this.at.phase);
    this.part("scrub").setAttribute("aria-valuetext", `step ${place}: ${this.at.row}`);
    this.part("words").textContent = `Step ${place}: ${sentenceOf(this.walk, this.at)}`;
  }
}

const LANES = [12, 34]; // pixels

export default function ({ data: [data], parentElement, setStateValue }) {
  const root = parentElement.querySelector(".player");
  root.player ??= new NormPlayer(root);
  root.player.load(data, (state) => setStateValue("place", state));
  return () => root.isConnected || root.player.close();
}
