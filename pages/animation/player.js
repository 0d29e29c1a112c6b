// The player: walks a trace that the core computed. It adds and multiplies whole numbers that are on screen; sizes,
// positions and results come with the trace.

// Cell colours; the page's background stands for zero.
const ORANGE = { light: [217, 95, 2], dark: [240, 130, 40] };
const BLUE = { light: [43, 108, 190], dark: [70, 140, 230] };
const ICONS = {
  first: "M6 5v14M19 5l-9 7 9 7z", back: "M17 5l-10 7 10 7z", play: "M7 4l13 8-13 8z", pause: "M8 5v14M16 5v14",
  forward: "M7 5l10 7-10 7z", last: "M18 5v14M5 5l9 7-9 7z",
};

// The decoded trace with its index arithmetic, and the sums of the backward walk up to the current step.
class Trace {
  constructor(data) {
    Object.assign(this, data);
    for (const grid of Object.values(this.grids)) {
      grid.counts = unpack(grid);
      [grid.channels, grid.rows, grid.columns] = grid.shape;
      grid.peak = grid.counts.reduce((peak, count) => Math.max(peak, Math.abs(count)), 0) || 1;
    }
    for (const name of ["origin", "taps", "unseen", "winner"]) if (this[name]) this[name] = unpack(this[name]);
    [this.plane_rows, this.plane_columns] = this.grids.x.shape.slice(1);
    this.plane_size = this.plane_rows * this.plane_columns;
    this.positions = this.origin.length;
    this.steps = this.grids.out.counts.length;
    this.count = this.steps * this.phases.length;
    this.reset();
  }

  reset() {
    this.done = 0; // backward steps that are in the sums
    this.sums = {};
    for (const name of ["dx", "dweight", "dbias"]) {
      if (this.grids[name]) this.sums[name] = new Float64Array(this.grids[name].counts.length);
    }
  }

  locate(step) {
    const [channel, position] = [Math.floor(step / this.positions), step % this.positions];
    const origin = this.origin[position];
    const first = Math.floor(channel / this.channels_out) * this.channels_in;
    return {
      channel,
      position,
      row: Math.floor(position / this.grids.out.columns),
      column: position % this.grids.out.columns,
      top: Math.floor(origin / this.plane_columns),
      left: origin % this.plane_columns,
      cells: Array.from(this.taps, (tap) => origin + tap),
      planes: Array.from({ length: this.channels_in }, (_, i) => first + i),
    };
  }

  // How NumPy would write this cell; the channel only where there are several.
  name(grid, { channel, row, column }) {
    return this.grids[grid].channels > 1 ? `${grid}[${channel}, ${row}, ${column}]` : `${grid}[${row}, ${column}]`;
  }

  isPadding(cell) {
    const [row, column] = [Math.floor(cell / this.plane_columns), cell % this.plane_columns];
    const [[top, bottom], [left, right]] = this.padding;
    return row < top || row >= this.plane_rows - bottom || column < left || column >= this.plane_columns - right;
  }

  // Bring the backward sums to just after `step`; returns how many steps were added (null: started anew).
  accumulate(step) {
    const anew = step + 1 < this.done;
    if (anew) this.reset();
    const from = this.done;
    for (; this.done <= step; this.done++) this.add(this.done);
    return anew ? null : this.done - from;
  }

  add(step) {
    const { channel, cells, planes } = this.locate(step);
    const { x, weight, dout } = this.grids;
    const { dx, dweight, dbias } = this.sums;
    const g = dout.counts[step];
    const n = this.taps.length;
    if (this.operation === "max_pool2d") {
      dx[channel * this.plane_size + cells[this.winner[step]]] += g;
      return;
    }
    planes.forEach((plane, number) => {
      const kernel = (channel * this.channels_in + number) * n;
      cells.forEach((cell, tap) => {
        if (!weight) dx[plane * this.plane_size + cell] += g;
        else {
          dx[plane * this.plane_size + cell] += g * weight.counts[kernel + tap];
          dweight[kernel + tap] += g * x.counts[plane * this.plane_size + cell];
        }
      });
    });
    if (dbias) dbias[channel] += g;
  }
}

class Player {
  constructor(root) {
    this.root = root;
    this.step = null;
    this.part = (name) => root.querySelector(`.${name}`);
    for (const button of root.querySelectorAll("button")) {
      button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[button.className]}"/></svg>`;
    }
    const act = {
      first: () => this.go(0), back: () => this.go(this.step - 1), play: () => this.toggle(),
      forward: () => this.go(this.step + 1), last: () => this.go(this.trace.count - 1),
    };
    for (const [name, action] of Object.entries(act)) this.part(name).onclick = action;
    this.part("scrub").oninput = (event) => this.go(Number(event.target.value));
    root.addEventListener("keydown", (event) => this.key(event, act));
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.layout());
    this.observer = new ResizeObserver(() => root.clientWidth !== this.width && this.layout());
    this.observer.observe(root);
  }

  key(event, act) {
    if (event.target.matches("select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input") && event.key !== " ") return; // the scrubber has its own arrow keys
    if (event.target.matches("button") && (event.key === " " || event.key === "Enter")) return;
    const name = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last" }[event.key];
    if (!name) return;
    event.preventDefault();
    act[name]();
  }

  load(data) {
    if (data.id === this.id) return; // an unrelated rerun: keep playing
    this.id = data.id;
    this.trace = new Trace(data);
    this.build();
    const { count } = this.trace;
    this.part("scrub").max = count - 1;
    this.part("legend").innerHTML = this.legend();
    const start = this.step === null ? Math.floor(count * 0.45) : this.step;
    this.step = Math.max(0, Math.min(start, count - 1));
    this.layout();
  }

  // One canvas for each plane of each grid that the phases need.
  build() {
    const { trace } = this;
    this.part("given").replaceChildren();
    this.part("made").replaceChildren();
    this.planes = {};
    const backward = trace.phases.includes("backward");
    const forward = trace.phases.includes("forward");
    const rows = [
      ["given", backward ? ["x", "weight", "dout"] : ["x", "weight", "out"]],
      ["made", backward ? [...(forward ? ["out"] : []), "dx", "dweight", "dbias"] : []],
    ];
    for (const [place, names] of rows) {
      for (const name of names.filter((name) => trace.grids[name])) this.buildPlanes(this.part(place), name);
    }
  }

  buildPlanes(parent, name) {
    const { trace } = this;
    const source = trace.grids[name];
    const grid = this.trace.sums[name] ? { ...source, counts: this.trace.sums[name] } : source;
    const size = grid.rows * grid.columns;
    this.planes[name] = Array.from({ length: grid.channels }, (_, channel) => {
      const options = {};
      if (name === "x" || name === "dx") {
        options.isPadding = (index) => trace.isPadding(index);
        options.isUnseen = (index) => trace.unseen[index];
        if (name === "x" && trace.operation === "max_pool2d") options.padText = "−∞";
      }
      if (name === "out") options.shown = (index) => channel * size + index <= this.reached;
      const title = trace.titles[name] + (grid.channels > 1 ? ` <small>${channel}</small>` : "");
      const plane = new Plane(parent, title, grid, channel * size, options);
      plane.channel = channel;
      plane.figure.dataset.grid = name;
      if (name === "out" || name === "dout") {
        plane.canvas.style.cursor = "pointer";
        plane.canvas.onclick = (event) => this.go(this.base() + channel * size + plane.cellAt(event));
      }
      return plane;
    });
  }

  // What colours and hatching mean, as far as they occur.
  legend() {
    const { trace } = this;
    const grids = Object.values(trace.grids).filter((grid) => grid.looks === "signed");
    const some = (test) => grids.some((grid) => grid.counts.some(test));
    const padded = trace.padding.flat().some((n) => n);
    return [
      some((count) => count > 0) && `<i class="positive"></i> above 0`,
      some((count) => count < 0) && `<i class="negative"></i> below 0`,
      padded && `<i class="hatch"></i> padding`,
      trace.unseen.some((n) => n) && `<i class="unseen"></i> under no window`,
      `<i class="here"></i> this step`,
    ].filter(Boolean).map((entry) => `<span>${entry}</span>`).join("");
  }

  base() {
    return Math.floor(this.step / this.trace.steps) * this.trace.steps;
  }

  // Choose the cell size that fits the width, then draw everything.
  layout() {
    if (!this.trace || !this.root.clientWidth) return;
    this.width = this.root.clientWidth;
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const base = rgb(colour("--st-background-color"));
    const theme = base[0] < 128 ? "dark" : "light";
    this.colours = {
      base, positive: ORANGE[theme], negative: BLUE[theme], font: style.fontFamily,
      line: theme === "dark" ? "#4a5160" : "#c3c9d2", hatch: theme === "dark" ? "#596273" : "#b6bdc9",
      unseen: "#cc79a7", muted: theme === "dark" ? "#aeb6c4" : "#5b6470",
    };
    for (const place of ["given", "made"]) {
      const row = this.part(place);
      const planes = [...row.children].map((figure) => Object.values(this.planes).flat().find((p) => p.figure === figure));
      const big = planes.filter((p) => !p.grid.small);
      const columns = big.reduce((sum, p) => sum + p.grid.columns, 0) || 1;
      const small = planes.filter((p) => p.grid.small).reduce((sum, p) => sum + p.grid.columns * 36 + 40, 0);
      const widest = Math.max(...big.map((p) => p.grid.columns), 1);
      let cell = Math.floor((this.width - small - 44 * big.length) / columns);
      const tallest = Math.max(...big.map((p) => p.grid.rows), 1);
      if (cell < 24) { // wrap rather than shrink away, and keep in sight
        cell = Math.min(36, Math.floor((this.width - 8) / widest), Math.max(20, Math.floor(460 / tallest)));
      }
      cell = Math.max(7, Math.min(44, cell));
      for (const plane of planes) plane.resize(plane.grid.small ? Math.max(36, Math.min(cell, 44)) : cell);
    }
    this.render(true);
  }

  go(step) {
    step = Math.max(0, Math.min(step, this.trace.count - 1));
    if (step === this.step) return;
    this.step = step;
    this.render(false);
  }

  // Show the current step; `all` draws every cell, otherwise only those that changed.
  render(all) {
    const { trace, planes, colours, step } = this;
    const local = step % trace.steps;
    const backward = trace.phases[Math.floor(step / trace.steps)] === "backward";
    const at = trace.locate(local);
    const before = this.reached ?? -1;
    this.reached = backward ? trace.steps - 1 : local;
    if (backward) {
      const counted = trace.accumulate(local);
      const few = !all && counted !== null && counted <= 2;
      for (const name of Object.keys(trace.sums)) {
        for (const plane of planes[name]) {
          plane.grid.counts = trace.sums[name];
          if (!few) plane.draw(colours);
        }
      }
      if (few) for (let back = 0; back < counted; back++) this.redrawSums(local - back);
    }
    for (const [name, list] of Object.entries(planes)) {
      for (const plane of list) {
        if (all && !(backward && trace.sums[name])) plane.draw(colours);
        this.markPlane(plane, name, at);
      }
    }
    if (!all && planes.out) {
      const [low, high] = [Math.min(before, this.reached) + 1, Math.max(before, this.reached)];
      const size = trace.positions;
      for (let i = low; i <= high; i++) planes.out[Math.floor(i / size)].drawCell(i % size);
    }
    this.tell(local, backward);
  }

  redrawSums(step) {
    const { trace, planes } = this;
    const at = trace.locate(step);
    for (const plane of at.planes) for (const cell of at.cells) planes.dx[plane].drawCell(cell);
    if (!planes.dweight) return;
    for (let number = 0; number < trace.channels_in; number++) {
      const plane = planes.dweight[at.channel * trace.channels_in + number];
      for (let tap = 0; tap < trace.taps.length; tap++) plane.drawCell(tap);
    }
    planes.dbias[at.channel].drawCell(0);
  }

  markPlane(plane, name, at) {
    const { trace } = this;
    if (name === "x" || name === "dx") {
      if (at.planes.includes(plane.channel)) plane.mark(at.top, at.left, ...trace.span);
      else plane.mark();
    } else if (name === "out" || name === "dout") {
      if (plane.channel === at.channel) plane.mark(at.row, at.column);
      else plane.mark();
    } else {
      const used = name === "dbias" ? plane.channel === at.channel
        : Math.floor(plane.channel / trace.channels_in) === at.channel;
      if (used) plane.mark(0, 0, plane.grid.rows, plane.grid.columns);
      else plane.mark();
    }
  }

  tell(local, backward) {
    const { trace, step } = this;
    const { blocks, total, sentence } = describe(trace, local, backward);
    this.part("terms").innerHTML = blocks.map((block) => `<section><h4>${block.title}</h4>
      <div class="block" style="--columns:${block.columns}">${block.terms.map((t) => `<span class="term${
        t.mark ? " mark" : ""}${t.muted ? " muted" : ""}">${t.left === undefined ? "" : `<i>${t.left} × ${t.right}</i>`
      }<b>${t.product}</b></span>`).join("")}</div></section>`).join("");
    this.part("total").innerHTML = total;
    this.part("where").textContent = `step ${step + 1} of ${trace.count}`;
    const scrub = this.part("scrub");
    scrub.value = step;
    scrub.setAttribute("aria-valuetext", `step ${step + 1} of ${trace.count}`);
    if (!this.playing) this.part("words").textContent = `Step ${step + 1} of ${trace.count}: ${sentence}`;
    this.root.dataset.step = step;
    this.root.dataset.count = trace.count;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.step === this.trace.count - 1) this.go(0);
    this.face("pause", "Pause");
    let [last, owed] = [performance.now(), 0];
    const frame = (now) => {
      const rate = Number(this.part("speed").value);
      this.root.classList.toggle("fast", rate > 8);
      owed += (Math.min(now - last, 250) / 1000) * rate;
      last = now;
      if (owed >= 0.98) { // a frame comes now and then a little early
        this.go(this.step + Math.max(1, Math.floor(owed)));
        owed = Math.max(0, owed - Math.max(1, Math.floor(owed)));
      }
      if (this.step >= this.trace.count - 1) this.pause();
      else this.playing = requestAnimationFrame(frame);
    };
    this.playing = requestAnimationFrame(frame);
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.root.classList.remove("fast");
    this.face("play", "Play");
    this.tell(this.step % this.trace.steps, this.trace.phases[Math.floor(this.step / this.trace.steps)] === "backward");
  }

  face(icon, label) {
    const button = this.part("play");
    button.setAttribute("aria-label", label);
    button.title = label;
    button.querySelector("path").setAttribute("d", ICONS[icon]);
  }

  close() {
    cancelAnimationFrame(this.playing);
    this.observer.disconnect();
  }
}

function rgb(colour) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = colour || "#ffffff";
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".player");
  root.player ??= new Player(root);
  root.player.load(data);
  return () => root.isConnected || root.player.close();
}
