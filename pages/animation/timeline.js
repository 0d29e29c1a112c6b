// A time axis over something that is walked step by step: buttons, keys, a scrubber, a clock, and what the address is told. What
// a step looks like is said by whoever extends it: `read` (what the server sent, decoded), `take` (another walk is there),
// `drawAll` (all of it, once the stage is laid out), `show` (the step it is at) and `say` (that step in words). `stage` draws the
// numbers, `pointer` keeps the pinned cell.
import { fillAxis } from "./axis.js";
import { Choices } from "./choices.js";
import { Clock } from "./clock.js";
import { draw } from "./icons.js";
import { actionOf } from "./keys.js";
const TICKS = { steps: 4, stages: 1.5 }; // a second at speed 1: a stage wants to be read
const READABLE = 250; // milliseconds that a step stays written out while steps fly by: nobody adds up faster
const QUIET = 400; // milliseconds without a change, after which the address is told
export class Timeline {
  constructor(root) {
    this.root = root;
    this.step = null;
    const part = (this.part = (name) => root.querySelector(`.${name}`));
    this.clock = new Clock(
      () => this.rate,
      (ticks) => this.tick(ticks),
    );
    for (const button of root.querySelectorAll(".transport > button")) draw(button, button.className);
    const act = (this.act = {
      first: () => this.go(0),
      back: () => this.move(-1),
      play: () => this.toggle(),
      forward: () => this.move(1),
      last: () => this.go(this.walk.count - 1),
      faster: () => this.faster(1),
      slower: () => this.faster(-1),
      unpin: () => this.pointer.unpin(),
    });
    for (const name of ["first", "back", "play", "forward", "last"]) part(name).onclick = act[name];
    part("scrub").oninput = (event) => this.go(Number(event.target.value));
    this.choices = new Choices(root, () => {
      if (this.scale !== this.choices.get("colours")) this.redraw();
      this.report();
    });
    root.addEventListener("keydown", (event) => this.key(event));
    this.anywhere = (event) => event.target === document.body && this.key(event); // nothing else has the focus
    document.addEventListener("keydown", this.anywhere);
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.redraw());
    this.resized = () => this.walk && this.outgrown && this.redraw();
    this.observer = new ResizeObserver(this.resized);
    this.observer.observe(root);
    window.addEventListener("resize", this.resized); // a window that is only as wide as before
  }

  key(event) {
    const name = actionOf(event);
    if (!name) return;
    event.preventDefault();
    event.stopPropagation();
    this.act[name]();
  }

  load({ walk, begin, options }, report) {
    this.send = report;
    if (begin.version !== this.version) this.begin(begin, options);
    else if (walk === this.sent) return; // an unrelated rerun: keep playing
    this.sent = walk;
    this.walk = this.read(JSON.parse(walk));
    const { count } = this.walk;
    fillAxis(this);
    const whole = !this.at || this.done >= this.at.phase.stages.length - 1; // it stays a whole step
    this.step = this.begun ? this.walk.nearest(this.at) : Math.max(0, Math.min(this.step, count - 1));
    this.begun = true;
    this.at = this.walk.locate(this.step);
    this.done = Math.min(whole ? Infinity : this.done, this.at.phase.stages.length - 1);
    this.take();
    this.redraw();
    this.tell();
    this.told ??= JSON.stringify({ ...this.place(), step: this.asked }); // a step that had to be cut is told
    this.report();
  }

  // What the address says of the player itself, when the page is opened or all is set anew.
  begin({ version, step, pinned, ...chosen }, options) {
    [this.version, this.told, this.asked] = [version, null, step];
    [this.step, this.done, this.begun] = [step, Infinity, false];
    if (this.clock.running) this.pause();
    this.choices.fill(options, chosen);
    this.pointer.pinned = pinned;
  }

  get outgrown() {
    return this.stage.outgrown;
  }

  get scale() {
    return this.stage.scale;
  }

  redraw() {
    if (!this.walk) return;
    this.stage.scale = this.choices.get("colours");
    if (this.stage.layout()) this.drawAll();
  }

  // Tell the page what belongs into its address: when things have come to rest, not while they move.
  report() {
    clearTimeout(this.telling);
    if (this.clock.running) return;
    this.telling = setTimeout(() => {
      const place = this.place();
      if (JSON.stringify(place) !== this.told) this.send({ ...place, number: (this.number = (this.number ?? 0) + 1) });
      this.told = JSON.stringify(place);
    }, QUIET);
  }

  place() {
    return { step: this.step, ...this.choices.all, pinned: this.pointer.pinned };
  }

  // To a stage of a step; by default the last, where all of the step is there.
  go(step, stage = Infinity) {
    step = Math.max(0, Math.min(step, this.walk.count - 1));
    const at = step === this.step ? this.at : this.walk.locate(step);
    stage = Math.min(stage, at.phase.stages.length - 1);
    if (step === this.step && stage === this.done) return;
    Object.assign(this, { step, at, done: stage });
    this.show();
    this.tell();
    this.report();
  }

  // On or back by so many ticks: stages, or whole steps.
  move(ticks) {
    if (!this.choices.get("stages")) return this.go(this.step + ticks);
    let [step, stage] = [this.step, this.done + ticks];
    for (;;) {
      const { length } = this.walk.locate(step).phase.stages;
      if (stage < 0 && step > 0) stage += this.walk.locate(--step).phase.stages.length;
      else if (stage >= length && step < this.walk.count - 1) [step, stage] = [step + 1, stage - length];
      else return this.go(step, Math.max(0, stage));
    }
  }

  // Where the walk is, and what this step says; the words follow at a pace that can be read.
  tell() {
    const { walk, step, at, done, root } = this;
    const place = `${step + 1} of ${walk.count}${walk.phases.length > 1 ? ` · ${at.phase.name}` : ""}`;
    this.part("where").textContent = `step ${place}`;
    this.part("scrub").value = step;
    Object.assign(root.dataset, { step, stage: done, count: walk.count, phase: at.phase.name });
    const now = performance.now();
    if (this.root.classList.contains("fast") && now - this.said < READABLE) return;
    this.said = now;
    this.say(place);
  }

  toggle() {
    if (this.clock.running) this.pause();
    else this.play();
  }

  // To the very beginning: of the first step, too, if steps are shown in stages.
  restart() {
    this.go(0, this.choices.get("stages") ? 0 : Infinity);
  }

  get atEnd() {
    return this.step === this.walk.count - 1 && this.done === this.at.phase.stages.length - 1;
  }

  play() {
    if (this.atEnd || this.step === 0) this.restart();
    this.face("pause", "Pause");
    this.clock.start();
    this.tell();
  }

  // Ticks a second.
  get rate() {
    return this.choices.get("speed") * TICKS[this.choices.get("stages") ? "stages" : "steps"];
  }

  tick(ticks) {
    this.root.classList.toggle("fast", this.rate > 8);
    if (ticks && this.atEnd) this.restart();
    else if (ticks) this.move(ticks);
    if (this.atEnd && !this.choices.get("loop")) this.pause();
  }

  pause() {
    this.clock.stop();
    this.root.classList.remove("fast");
    this.face("play", "Play");
    this.tell();
    this.report();
  }

  faster(by) {
    this.choices.move("speed", by);
    this.report();
  }

  face(icon, label) {
    const button = this.part("play");
    button.setAttribute("aria-label", label);
    button.title = `${label} (space)`;
    draw(button, icon);
    // Nobody can listen to sixty steps a second; of a cell that one points at while they play, one can.
    this.part("words").setAttribute("aria-live", icon === "pause" ? "off" : "polite");
  }

  close() {
    this.clock.stop();
    clearTimeout(this.telling);
    this.observer.disconnect();
    window.removeEventListener("resize", this.resized);
    document.removeEventListener("keydown", this.anywhere);
  }
}
