// The backward pass layer by layer: a time axis, and in one fixed place the formula, the shapes and the numbers of the layer it is at.

import { Clock } from "./clock.js";
import { draw } from "./icons.js";

const PACE = 0.45; // layers a second: one is to be read

export class BackwardSteps {
  constructor(owner) {
    Object.assign(this, { owner, step: 0, all: [] });
    const { part } = owner;
    this.clock = new Clock(
      () => PACE,
      (ticks) => ticks && this.tick(ticks),
    );
    for (const button of owner.root.querySelectorAll(".transport > button")) draw(button, button.className);
    part("back").onclick = () => this.move(-1);
    part("forward").onclick = () => this.move(1);
    part("first").onclick = () => this.go(1);
    part("last").onclick = () => this.go(this.all.length);
    part("play").onclick = () => this.toggle();
    part("scrub").oninput = ({ target }) => this.go(Number(target.value));
  }

  // steps: of each {layer (its place, from the input on), title, lines}; begin: which one to show, null to stay.
  load(steps, begin) {
    const whole = !this.all.length || this.step === this.all.length;
    this.all = steps;
    if (begin === null) begin = whole ? steps.length : this.step;
    this.owner.part("scrub").max = steps.length;
    this.step = Math.max(1, Math.min(begin || steps.length, steps.length));
    if (!steps.length) this.stop();
    this.tell();
  }

  get running() {
    return Boolean(this.clock.running);
  }

  // What the address is told: null where all is shown.
  get told() {
    return this.step === this.all.length || !this.all.length ? null : this.step;
  }

  // The layer that the gradient goes through at this step.
  get layer() {
    return this.all[this.step - 1]?.layer;
  }

  // The layer that the gradient has come to.
  get farthest() {
    return Math.max(0, this.all.length - this.step);
  }

  // Whether the gradient of a layer's output is there yet.
  reached(index) {
    return index >= this.farthest;
  }

  go(step) {
    step = Math.max(1, Math.min(step, this.all.length));
    if (step === this.step) return;
    this.step = step;
    this.tell();
    this.owner.follow();
    this.owner.report();
  }

  move(by) {
    if (this.all.length) this.go(this.step + by);
  }

  toggle() {
    if (!this.all.length) return;
    if (this.running) return this.stop();
    if (this.step === this.all.length) this.go(1);
    this.clock.start();
    this.face("pause", "Pause");
  }

  tick(ticks) {
    this.go(this.step + ticks);
    if (this.step === this.all.length) this.stop();
  }

  stop() {
    if (!this.running) return; // nothing to report: a report meanwhile would carry an older address along
    this.clock.stop();
    this.face("play", "Play");
    this.owner.report();
  }

  face(icon, label) {
    const button = this.owner.part("play");
    button.setAttribute("aria-label", label);
    draw(button, icon);
  }

  tell() {
    const { part, root } = this.owner;
    const now = this.all[this.step - 1];
    root.dataset.back = now ? this.step : "";
    if (!now) return;
    const place = `${this.step} of ${this.all.length}`;
    part("scrub").value = this.step;
    part("scrub").setAttribute("aria-valuetext", `step ${place}: ${now.title}`);
    part("where").textContent = `step ${place}`;
    const lines = now.lines.map(([name, text]) => {
      const line = document.createElement("div");
      line.append(Object.assign(document.createElement("dt"), { textContent: name }));
      line.append(Object.assign(document.createElement("dd"), { textContent: text }));
      return line;
    });
    const title = Object.assign(document.createElement("h4"), { textContent: now.title });
    const list = document.createElement("dl");
    list.append(...lines);
    part("panel").replaceChildren(title, list);
  }

  close() {
    this.clock.stop();
  }
}
