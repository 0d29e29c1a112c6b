// The stage: all planes of a walk, laid out to the width at hand, showing one step.

import { titleOfPlane } from "./captions.js";
import { changedCells } from "./changes.js";
import { readColours, SCALES } from "./colours.js";
import { arrange, crowded, measurePanels, panelHeight } from "./panel.js";
import { phoneExtent, phoneView } from "./phone.js";
import { MINIMUM_FOR_NUMBERS, Plane } from "./plane.js";
import { roomFor } from "./room.js";
import { columnsOf, compose, groupCells } from "./sizes.js";

export class Stage {
  // part(name): an element of the page by its class.
  constructor(root, part) {
    Object.assign(this, { root, part });
    this.scale = Object.keys(SCALES)[0];
  }

  // Another walk. Where it has the same planes, which most changes of a setting leave alone, they stay: a browser takes long
  // to lay out new ones.
  load(walk) {
    this.walk = walk;
    this.panels = measurePanels(walk);
    const plans = [0, 1].flatMap((row) => (walk.rows[row] ?? []).map((names) => this.plan(row, names)));
    const form = JSON.stringify(
      plans.map(({ row, names, lines, lenses }) => [row, names, lines, lenses.map(([name]) => name)]),
    );
    if (form !== this.form) {
      for (const place of PLACES) this.part(place).replaceChildren();
      this.groups = plans.map((plan) => this.build(plan));
      this.planes = this.groups.flatMap((group) => [...group.planes, ...group.lenses]);
      this.form = form;
    }
    this.groups.forEach((group, number) => this.fill(group, plans[number]));
  }

  // Which planes stand in a group (of one grid, with the bias beside the weights), as [name, channel]: line by line, and a
  // lens, with its size, for each plane that a step looks at.
  plan(row, names) {
    const { walk } = this;
    const [name] = names;
    const { channels } = walk.grids[name];
    const kernels = walk.isKernel(name);
    const [filters, each] = kernels ? [channels / walk.channels_in, walk.channels_in] : [1, channels];
    const lines = Array.from({ length: filters }, (_, filter) => [
      ...Array.from({ length: each }, (__, i) => [name, filter * each + i]),
      ...(names[1] ? [[names[1], filter]] : []),
    ]);
    const most = (length, all) =>
      Math.min(all, Math.max(length + 2, kernels ? 1 : channels > 3 ? 3 : channels > 1 ? 5 : 7));
    const at = walk.locate(0);
    const lenses = names.flatMap((looked) =>
      walk.marks(looked, at).map(({ plane, rows, columns }) => {
        const grid = walk.grids[looked];
        const lens = [most(Math.min(rows, 10), grid.rows), most(Math.min(columns, 10), grid.columns)];
        return [looked, plane, lens, [rows, columns]];
      }),
    );
    return { row, names, lines, lenses };
  }

  build({ row, names, lines, lenses }) {
    const [name] = names;
    const section = Object.assign(document.createElement("section"), { className: `group ${name}` });
    const stacked = name === "out" || name === "dout";
    section.classList.toggle("stacked", stacked);
    section.dataset.grid = name;
    section.innerHTML = `<h4></h4><div class="planes"></div><div class="lenses"></div>`;
    const [title, planes, magnified] = section.children;
    this.part(PLACES[row]).append(section);
    const group = { name, names, row, section, stacked, title, planes: [] };
    for (const line of lines) {
      const box = Object.assign(document.createElement("div"), { className: "line" });
      planes.append(box);
      group.planes.push(...line.map(() => new Plane(box)));
    }
    group.lenses = lenses.map(() => new Plane(magnified));
    return group;
  }

  // Give a group what it has to show.
  fill(group, { lines, lenses }) {
    const { walk } = this;
    const { name } = group;
    group.title.textContent = walk.titles[name] ?? name;
    Object.assign(group, { grid: walk.grids[name], kernels: walk.isKernel(name), grouped: walk.grouped });
    // Its title may reach into the gap before the next group.
    group.least = group.title.textContent.length * TITLE_LETTER - (group.stacked ? 0 : TITLE_REACH);
    Object.assign(group, { filters: lines.length, each: lines[0].filter(([shown]) => shown === name).length });
    lines.flat().forEach((shown, number) => this.give(group.planes[number], ...shown));
    lenses.forEach((shown, number) => this.give(group.lenses[number], ...shown));
  }

  give(plane, name, channel, lens, span) {
    const { walk } = this;
    const grid = walk.grids[name];
    plane.span = span;
    const options = { lens };
    if (walk.fields.has(name)) {
      options.blank = (index) => walk.blank[index];
      options.unseen = (index) => walk.unseen[index];
      if (name === "x") options.blankText = walk.blank_text;
    }
    options.shown = (number, index) => walk.shown(name, number, index);
    plane.take(grid, channel, options);
    plane.name = name;
    plane.figure.dataset.grid = name;
    this.caption(plane);
  }

  caption(plane) {
    const { words, owner } = titleOfPlane(this.walk, plane.name, plane.channel);
    const { view, grid } = plane;
    const cut = this.fit?.form !== "phone" && (view.rows < grid.rows || view.columns < grid.columns);
    const size = `part: ${view.rows}×${view.columns} of ${grid.rows}×${grid.columns}`;
    plane.caption.textContent = !cut ? words : words ? `${words} (part)` : size;
    plane.figure.className = owner === null ? "" : `of-group group-${owner % 4}`;
    const title = this.walk.titles[plane.name] ?? plane.name;
    plane.canvas.setAttribute("aria-label", words && words !== title ? `${title} ${words}` : title);
  }

  get outgrown() {
    const { root, width, height, fit } = this; // the bars of a phone's browser come and go
    return root.clientWidth !== width || (window.innerHeight !== height && fit?.form !== "phone");
  }

  // Choose what fits the room there is: the width, and from the figure's top to the end of the first screen.
  layout() {
    if (!this.root.clientWidth) return false;
    [this.width, this.height] = [this.root.clientWidth, window.innerHeight];
    this.colours = readColours(this.root, this.scale);
    const [room, bars] = [roomFor(this.root, this.part("figure")), this.part("transport").offsetHeight];
    this.fit = compose(this.groups, this.panels, { ...room, bars });
    this.root.dataset.form = this.fit.form;
    this.root.classList.toggle("swap", this.fit.swap);
    this.root.classList.toggle("bare", this.fit.around === null);
    this.root.style.setProperty("--panel", `${this.fit.panel}px`);
    return true;
  }

  resize(group) {
    const { fit, groups, width } = this;
    const sizes = groupCells(group, fit, width);
    group.section.style.setProperty("--across", columnsOf(group, groups, fit, width));
    group.section.classList.toggle("magnified", sizes.plane < MINIMUM_FOR_NUMBERS && sizes.lens > 0);
    const phone = fit.form === "phone";
    group.section.style.width = phone ? `${phoneExtent(group, fit, width)[0]}px` : "";
    for (const lens of group.lenses) this.widen(lens, phone ? phoneView(lens, group, fit) : lens.lens);
    group.section.classList.toggle("many", group.planes.length > 1);
    for (const plane of group.planes) plane.resize(sizes.plane);
    if (sizes.plane < MINIMUM_FOR_NUMBERS) for (const lens of group.lenses) lens.resize(sizes.lens);
  }

  // Let a lens show so many rows and columns.
  widen(lens, [rows, columns]) {
    Object.assign(lens.view, { rows, columns });
    this.caption(lens);
  }

  // Show a stage of a step; `all` draws every cell, at its new size, otherwise only those that changed.
  show(at, stage, all = false) {
    if (!this.colours) return; // not laid out yet
    const moves = this.walk.advance(at.step, stage);
    if (all || at.phase !== this.phase) this.keepRoom((this.phase = at.phase));
    const focused = this.groups.find(({ section }) => section.contains(this.root.getRootNode().activeElement));
    for (const group of this.groups) {
      const rests = this.rests(group, at);
      const appears = group.rests && !rests;
      group.rests = rests;
      group.section.classList.toggle("rests", rests);
      if (!rests) this.showGroup(group, at, moves, all || appears);
    }
    if (focused?.rests) this.passFocus(focused);
  }

  // The grid that had the keyboard's focus is folded away: its gradient, or what that is the gradient of, gets it.
  passFocus({ name }) {
    const twin = this.groups.find((other) => !other.rests && (other.name === `d${name}` || `d${other.name}` === name));
    const stop = twin?.planes.find(({ canvas }) => canvas.tabIndex === 0)?.canvas ?? this.root;
    stop.focus({ preventScroll: true });
  }

  // The sum keeps its height at every step of a phase.
  keepRoom({ number }) {
    const { form, panel, sums } = this.fit;
    if (sums) {
      this.blocks = undefined;
      this.part("terms").style.height = `${sums[number].terms}px`;
      this.part("sum").style.minHeight = `${sums[number].height}px`;
      return;
    }
    this.part("terms").style.height = "";
    const [here, width, beside] = [this.panels[number], panel ?? this.width, form !== "below"];
    this.blocks = arrange(here, width);
    this.part("sum").classList.toggle("crowded", crowded(here, width, beside));
    this.part("sum").style.minHeight = `${panelHeight([here], width, beside)}px`;
  }

  // Whether a group has no part in this step, and takes no room: what the backward pass collects, while it goes forward;
  // the forward grids, where the others stand in their place.
  rests({ row }, { phase }) {
    return row ? phase.name === "forward" : phase.name === "backward" && this.fit.swap;
  }

  showGroup(group, at, moves, all) {
    const { walk, colours } = this;
    if (all) this.resize(group);
    const marks = Object.fromEntries(group.names.map((name) => [name, walk.marks(name, at)]));
    const changed = Object.fromEntries(group.names.map((name) => [name, all ? null : changedCells(walk, name, moves)]));
    for (const plane of group.planes) {
      if (changed[plane.name]) plane.drawCells(changed[plane.name][plane.channel] ?? []);
      else plane.draw(colours);
      plane.mark(marks[plane.name].find((mark) => mark.plane === plane.channel));
    }
    if (group.section.classList.contains("magnified")) this.magnify(group, marks, changed);
  }

  magnify(group, marks, changed) {
    const wanted = group.names.flatMap((name) => marks[name]);
    group.lenses.forEach((lens, number) => {
      const mark = wanted[number];
      lens.figure.style.visibility = mark ? "" : "hidden"; // its place is kept
      if (!mark) {
        lens.colours = undefined; // what it shows grows old
        return;
      }
      const { channel } = lens;
      const cells = changed[lens.name];
      const scrolled = lens.look(mark.plane, mark.top, mark.left, [mark.rows, mark.columns]);
      if (lens.channel !== channel) this.caption(lens);
      if (scrolled && cells) lens.drawCells(cells[lens.channel] ?? []);
      else lens.draw(this.colours);
      lens.mark(mark);
    });
  }
}

const PLACES = ["given", "made"]; // of the rows of groups
const [TITLE_LETTER, TITLE_REACH] = [7.1, 16]; // pixels
