// The stage: all planes of a trace, laid out to the width at hand, showing one step.

// Cell colours; the page's background stands for zero.
const ORANGE = { light: [217, 95, 2], dark: [240, 130, 40] };
const BLUE = { light: [43, 108, 190], dark: [70, 140, 230] };

class Stage {
  // part(name): an element of the page by its class; pick(step): what a click on an output cell asks for.
  constructor(root, part, pick) {
    Object.assign(this, { root, part, pick });
  }

  load(trace) {
    this.trace = trace;
    this.reached = -1;
    this.build();
    this.part("legend").innerHTML = this.legend();
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
        plane.canvas.onclick = (event) => this.pick(channel * size + plane.cellAt(event));
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
    const { x } = trace.grids;
    return [
      x.looks === "image" && `<i class="grey"></i> 0 to ${write(x.peak, x.scale, x.places)}`,
      some((count) => count > 0) && `<i class="positive"></i> above 0`,
      some((count) => count < 0) && `<i class="negative"></i> below 0`,
      padded && `<i class="hatch"></i> padding`,
      trace.unseen.some((n) => n) && `<i class="unseen"></i> under no window`,
      `<i class="here"></i> this step`,
    ].filter(Boolean).map((entry) => `<span>${entry}</span>`).join("");
  }

  resize(step) {
    if (this.root.clientWidth !== this.width) this.layout(step);
  }

  // Choose the cell size that fits the width, then draw everything.
  layout(step) {
    if (!this.root.clientWidth) return;
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
    this.root.style.setProperty("--positive", `rgb(${ORANGE[theme]})`);
    this.root.style.setProperty("--negative", `rgb(${BLUE[theme]})`);
    const all = Object.values(this.planes).flat();
    const rows = ["given", "made"].map((place) => all.filter((plane) => plane.figure.parentNode === this.part(place)));
    const cell = Math.min(...rows.filter((row) => row.length).map((row) => this.fit(row)));
    for (const plane of all) plane.resize(plane.grid.small ? Math.max(36, Math.min(cell, 44)) : cell);
    this.show(step, true);
  }

  // The cell size with which a row of planes fits the width.
  fit(planes) {
    const big = planes.filter((plane) => !plane.grid.small);
    const columns = big.reduce((sum, plane) => sum + plane.grid.columns, 0) || 1;
    const small = planes.filter((plane) => plane.grid.small).reduce((sum, plane) => sum + plane.grid.columns * 36 + 40, 0);
    let cell = Math.floor((this.width - small - 44 * big.length) / columns);
    if (cell < 24) { // wrap rather than shrink away, and keep in sight
      const widest = Math.max(...big.map((plane) => plane.grid.columns), 1);
      const tallest = Math.max(...big.map((plane) => plane.grid.rows), 1);
      cell = Math.min(36, Math.floor((this.width - 8) / widest), Math.max(20, Math.floor(460 / tallest)));
    }
    return Math.max(7, Math.min(44, cell));
  }

  // Show a step; `all` draws every cell, otherwise only those that changed.
  show(step, all = false) {
    const { trace, planes, colours } = this;
    if (!colours) return; // not laid out yet
    const [local, backward] = trace.walk(step);
    const at = trace.locate(local);
    const before = this.reached;
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
      if (at.planes.includes(plane.channel)) plane.mark(at.top, at.left, ...trace.span, trace.dilation);
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
}

function rgb(colour) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = colour || "#ffffff";
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
