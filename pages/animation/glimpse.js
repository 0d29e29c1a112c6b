// A small walk that goes round by itself, in whole steps: what the player shows at length, at a glance.
import { Clock } from "./clock.js";
import { readColours } from "./colours.js";
import { sayDot } from "./gathering.js";
import { draw } from "./icons.js";
import { Plane } from "./plane.js";
import { Walk } from "./walk.js";

const PACE = 0.9; // steps a second
const REST = 2; // steps long, the finished output stays before all begins anew
const GRIDS = ["x", "weight", "out"];
const NARROW = 620; // pixels; in a narrower room the sum stands below
const [SMALLEST_CELL, LARGEST_CELL] = [20, 38];
const GAPS = { wide: 26, narrow: 14 };
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

class Glimpse {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(name);
    this.clock = new Clock(
      () => PACE,
      (ticks) => ticks && this.show((this.tick + 1) % (this.walk.count + REST)),
    );
    this.part("button").onclick = () => this.play(!this.clock.running);
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.layout());
    this.observer = new ResizeObserver(() => this.layout());
  }

  load(walk) {
    if (walk === this.sent) return; // an unrelated rerun: keep playing
    this.sent = walk;
    this.walk = new Walk(JSON.parse(walk));
    this.planes = GRIDS.map((name) => {
      const plane = new Plane(this.part(`.${name}`));
      plane.take(this.walk.grids[name], 0, { shown: (channel, index) => this.walk.shown(name, channel, index) });
      plane.caption.textContent = this.walk.titles[name];
      plane.canvas.setAttribute("aria-label", this.walk.titles[name]);
      return plane;
    });
    this.tick = STILL.matches ? Math.floor(this.walk.count / 2) : 0;
    this.observer.observe(this.root); // lays it out
    this.play(!STILL.matches);
  }

  play(on) {
    this.clock.stop();
    if (on) this.clock.start();
    const button = this.part("button");
    draw(button, on ? "pause" : "play");
    button.setAttribute("aria-label", on ? "Pause" : "Play");
  }

  layout() {
    const width = this.root.clientWidth;
    if (!width) return;
    this.root.classList.toggle("narrow", width < NARROW);
    this.colours = readColours(this.root, "blue_orange");
    const columns = this.planes.reduce((all, { grid }) => all + grid.columns, 0);
    const room = width - GAPS[width < NARROW ? "narrow" : "wide"] * (this.planes.length - 1) - this.planes.length;
    const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(room / columns)));
    for (const plane of this.planes) plane.resize(cell);
    this.show(this.tick);
  }

  show(tick) {
    this.tick = tick;
    const { walk } = this;
    const step = Math.min(tick, walk.count - 1);
    const at = walk.locate(step);
    walk.advance(step, Infinity);
    for (const [number, plane] of this.planes.entries()) {
      plane.draw(this.colours);
      plane.mark(walk.marks(GRIDS[number], at)[0]);
    }
    const { blocks, total } = sayDot(walk, at, at.phase.actions[0]);
    this.part(".terms").innerHTML = blocks[0].terms
      .map(({ left, right, product }) => `<span><i>${left} × ${right}</i><b>${product}</b></span>`)
      .join("");
    this.part(".total").innerHTML = total[0].html;
    this.part(".control span").textContent = `step ${step + 1} of ${walk.count}`;
    this.root.dataset.step = step;
  }

  close() {
    this.clock.stop();
    this.observer.disconnect();
  }
}

export default function ({ data: [walk], parentElement }) {
  const root = parentElement.querySelector(".glimpse");
  root.glimpse ??= new Glimpse(root);
  root.glimpse.load(walk);
  return () => root.isConnected || root.glimpse.close();
}
