// A chart of Plotly's that stays where it is: another answer of the server changes what differs, or nothing at all.

import { Cells } from "./cells.js";

// Plotly itself, asked for once, by the first chart of the first page that has one.
const plotly = (address) =>
  (window.convscopePlotly ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => done(window.Plotly);
    script.onerror = () => {
      script.remove();
      delete window.convscopePlotly; // the next chart tries again
      failed();
    };
    document.head.append(script);
  }));

// What the page's theme says about text and lines; the figure's own words have the last say.
const template = (place) => {
  const style = getComputedStyle(place);
  const colour = style.color; // "rgb(49, 51, 63)"
  const ground = style.getPropertyValue("--st-background-color");
  const line = colour.replace("rgb(", "rgba(").replace(")", ", 0.14)");
  const axis = {
    gridcolor: line,
    zerolinecolor: line,
    linecolor: line,
    automargin: true,
    // "allow": measuring which labels would be cut off took half of the time of a drawing; automargin makes room for all.
    ticklabeloverflow: "allow",
    title: { standoff: 12 },
    ticks: "outside",
    ticklen: 6,
    tickcolor: "rgba(0,0,0,0)",
  };
  return {
    data: { heatmap: [{ colorbar: { outlinewidth: 0 } }] },
    layout: {
      font: { family: style.fontFamily, size: 12, color: colour },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: { ...axis, showgrid: false },
      yaxis: axis,
      // Plotly would write on each trace's own colour.
      hoverlabel: { bgcolor: ground, bordercolor: colour, font: { family: style.fontFamily, size: 12, color: colour } },
    },
  };
};

// A chart that is there already can wait until the page has drawn the rest of an answer: it costs more than all of that.
const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 1));
const later = (chart) => {
  if (chart.due) return; // it will draw what is newest then
  chart.due = true;
  setTimeout(() => idle(() => chart.due && chart.draw(), { timeout: 500 }), 60);
};

class Chart {
  constructor(place) {
    this.place = place;
    this.canvas = place.querySelector(".canvas");
    this.cells = new Cells(this, place.querySelector(".said"));
    this.observer = new ResizeObserver(() => this.width !== place.clientWidth && this.draw());
    this.observer.observe(place);
    // The theme's text colour has a short transition: its end says that the theme changed.
    place.addEventListener("transitionend", (event) => event.target === place && this.draw());
  }

  async load({ figure, address, alt, picks }, picked) {
    this.place.setAttribute("aria-label", alt);
    this.place.classList.toggle("picks", picks);
    if (picks) this.place.tabIndex = 0;
    else this.place.removeAttribute("tabindex");
    this.place.setAttribute("role", picks ? "application" : "figure");
    this.picked = picks ? picked : null;
    this.content = JSON.parse(figure);
    this.place.style.height = `${this.content.layout.height ?? 450}px`;
    try {
      this.Plotly = await plotly(address);
    } catch {
      this.canvas.textContent = "The chart could not be loaded from the server. Reload the page to try again.";
      return;
    }
    if (this.canvas.data) later(this);
    else this.draw();
  }

  draw() {
    this.due = false;
    const { place, content, Plotly } = this;
    this.width = place.clientWidth;
    if (!Plotly || !content || !this.width || !place.isConnected) return;
    if (!this.canvas.data) this.canvas.textContent = ""; // it may say that Plotly could not be loaded
    const layout = { ...content.layout, width: this.width, template: template(place) };
    const begins = !this.canvas.data;
    if (this.cells.at) layout.shapes = this.cells.frame; // else those that the figure has
    Plotly.react(this.canvas, content.data, layout, { displayModeBar: false });
    this.cells.tell();
    if (begins)
      this.canvas.on("plotly_click", ({ points: [point] }) => this.picked?.(point.pointIndex ?? point.pointNumber));
  }

  close() {
    this.observer.disconnect();
    this.Plotly?.purge(this.canvas);
  }
}

export default function ({ data: [data], parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".chart");
  place.chart ??= new Chart(place);
  place.chart.load(data, (cell) => setTriggerValue("cell", cell));
  return () => place.isConnected || place.chart.close();
}
