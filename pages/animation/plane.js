// One plane of numbers: a captioned canvas of cells and a frame that marks where the window is.

const MINIMUM_FOR_NUMBERS = 19; // pixels; below, a cell shows its colour only

class Plane {
  // grid: {counts, rows, columns, scale, places, peak, looks: "image" | "signed"}; offset: first cell of this plane.
  constructor(parent, title, grid, offset, options = {}) {
    Object.assign(this, { grid, offset, ...options });
    this.shown = options.shown ?? (() => true); // is this cell's number known yet?
    this.figure = document.createElement("figure");
    this.figure.innerHTML = `<figcaption></figcaption><div class="plane"><canvas></canvas><div class="frame"></div></div>`;
    this.figure.querySelector("figcaption").innerHTML = title;
    this.canvas = this.figure.querySelector("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", this.figure.querySelector("figcaption").textContent);
    this.frame = this.figure.querySelector(".frame");
    this.pen = this.canvas.getContext("2d");
    parent.append(this.figure);
  }

  resize(cell) {
    const ratio = window.devicePixelRatio || 1;
    this.cell = cell;
    const [width, height] = [this.grid.columns * cell + 1, this.grid.rows * cell + 1];
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  draw(colours) {
    this.colours = colours;
    for (let index = 0; index < this.grid.rows * this.grid.columns; index++) this.drawCell(index);
  }

  drawCell(index) {
    const { pen, cell, grid, colours } = this;
    const [x, y] = [(index % grid.columns) * cell + 1, Math.floor(index / grid.columns) * cell + 1];
    const size = cell - 1;
    pen.clearRect(x - 1, y - 1, cell + 1, cell + 1);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.strokeRect(x - 0.5, y - 0.5, cell, cell);
    if (!this.shown(index)) return;
    const count = grid.counts[this.offset + index];
    const padding = this.isPadding?.(index);
    const [r, g, b] = padding ? colours.base : shade(count / grid.peak, grid.looks, colours);
    pen.fillStyle = `rgb(${r},${g},${b})`;
    pen.fillRect(x, y, size, size);
    let ink = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#15181d" : "#ffffff";
    if (padding) {
      this.hatch(x, y, size, 1);
      ink = colours.muted;
    }
    if (this.isUnseen?.(index)) this.hatch(x, y, size, -1);
    if (cell >= MINIMUM_FOR_NUMBERS) this.label(index, count, x + size / 2, y + size / 2, ink);
  }

  label(index, count, x, y, ink) {
    const { pen, grid, cell } = this;
    const padText = this.padText && this.isPadding?.(index) ? this.padText : null;
    let text = padText ?? write(count, grid.scale, grid.places);
    let font = Math.min(15, Math.round(cell * 0.42));
    const fits = () => {
      pen.font = `500 ${font}px ${this.colours.font}`;
      return pen.measureText(text).width <= cell - 5;
    };
    // The number in full if a smaller type makes it fit, else with fewer decimals; the sum below has all of them.
    while (!fits() && font > 10) font--;
    for (let places = Math.min(grid.places, 4) - 1; places >= 0 && !padText && !fits(); places--) {
      text = write(count, grid.scale, places);
    }
    while (!fits() && font > 6) font--;
    pen.fillStyle = ink;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, x, y + 1);
  }

  // Diagonal lines: rising (1) for padding, falling (-1) for cells that no window reaches.
  hatch(x, y, size, direction) {
    const { pen, colours } = this;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, size, size);
    pen.clip();
    pen.beginPath();
    for (let d = -size; d < 2 * size; d += direction > 0 ? 5 : 4) {
      pen.moveTo(x + d, direction > 0 ? y + size : y);
      pen.lineTo(x + d + size, direction > 0 ? y : y + size);
    }
    pen.strokeStyle = direction > 0 ? colours.hatch : colours.unseen;
    pen.lineWidth = direction > 0 ? 1 : 1.5;
    pen.stroke();
    pen.restore();
  }

  // Put the frame around rows x columns cells from (row, column) on; without arguments, hide it. Where only every
  // gap-th cell counts (dilation), each of those gets a frame of its own inside.
  mark(row, column, rows = 1, columns = 1, gap = [1, 1]) {
    const style = this.frame.style;
    style.visibility = row === undefined ? "hidden" : "visible";
    if (row === undefined) return;
    style.transform = `translate(${column * this.cell}px, ${row * this.cell}px)`;
    style.width = `${columns * this.cell + 1}px`;
    style.height = `${rows * this.cell + 1}px`;
    this.frame.classList.toggle("gaps", Math.max(...gap) > 1);
    style.backgroundSize = `${gap[1] * this.cell}px ${gap[0] * this.cell}px, 100%`;
    const side = this.cell - 2;
    style.backgroundImage = Math.max(...gap) > 1 ? `url("data:image/svg+xml,${encodeURIComponent(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${gap[1] * this.cell}" height="${gap[0] * this.cell}">
         <rect x="1.5" y="1.5" width="${side}" height="${side}" fill="none" stroke="#e6007a" stroke-width="3"/></svg>`)}")` : "";
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - 1) / this.cell);
    const row = Math.floor((event.clientY - box.top - 1) / this.cell);
    return Math.max(0, Math.min(row, this.grid.rows - 1)) * this.grid.columns +
      Math.max(0, Math.min(column, this.grid.columns - 1));
  }
}

// A colour for a share of the largest number: images from black to white, signed numbers from blue over the page's
// own background (zero) to orange, which people with any colour vision can tell apart.
function shade(share, looks, colours) {
  if (looks === "image") {
    const level = Math.round(24 + 228 * Math.max(0, Math.min(1, share)));
    return [level, level, level];
  }
  const end = share < 0 ? colours.negative : colours.positive;
  const weight = Math.min(1, Math.abs(share)) ** 0.8;
  return colours.base.map((c, i) => Math.round(c + (end[i] - c) * weight));
}
