// The cells of a heatmap by keyboard: arrow keys go from one to the next, Enter or the space bar picks it.

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Cells {
  // said: where the words on the cell are written for a screen reader.
  constructor(chart, said) {
    [this.chart, this.said, this.at] = [chart, said, null];
    chart.place.addEventListener("keydown", (event) => this.pressed(event));
    chart.place.addEventListener("blur", () => this.choose(null));
  }

  pressed(event) {
    if (!this.chart.picked || event.ctrlKey || event.metaKey || event.altKey) return;
    const [rows, move] = [this.chart.canvas.data?.[0].z, MOVES[event.key]];
    if (!rows || !(move || event.key === "Enter" || event.key === " ")) return;
    event.preventDefault(); // the page would scroll
    const within = (k, by, count) => Math.max(0, Math.min(count - 1, k + by));
    if (!this.at) this.choose([0, 0]);
    else if (move) this.choose([within(this.at[0], move[0], rows.length), within(this.at[1], move[1], rows[0].length)]);
    else this.chart.picked(this.at);
  }

  choose(at) {
    if (at === this.at) return;
    this.at = at;
    this.chart.draw();
  }

  // What the layout has besides: a frame around the cell.
  get frame() {
    const [row, column] = this.at;
    const [x0, x1, y0, y1] = [column - 0.5, column + 0.5, row - 0.5, row + 0.5];
    return [{ type: "rect", x0, x1, y0, y1, line: { color: getComputedStyle(this.chart.place).color, width: 3 } }];
  }

  // Once all is drawn: the words that a pointer would see, after the moment that Plotly may take for them.
  tell() {
    const { Plotly, canvas } = this.chart;
    clearTimeout(this.due);
    if (this.at) Plotly.Fx.hover(canvas, { xval: this.at[1], yval: this.at[0] }, "xy");
    else if (this.said.textContent) Plotly.Fx.unhover(canvas);
    this.due = setTimeout(() => {
      const words = this.at ? [...canvas.querySelectorAll(".hovertext text")].map((text) => text.textContent) : [];
      this.said.textContent = words.join(" ");
    }, 100);
  }
}
