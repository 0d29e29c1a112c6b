// The player: a time axis over a trace, with buttons, keys and a scrubber; the stage shows the step it is at.

const ICONS = {
  first: "M6 5v14M19 5l-9 7 9 7z", back: "M17 5l-10 7 10 7z", play: "M7 4l13 8-13 8z", pause: "M8 5v14M16 5v14",
  forward: "M7 5l10 7-10 7z", last: "M18 5v14M5 5l9 7-9 7z",
};

class Player {
  constructor(root) {
    this.root = root;
    this.step = null;
    this.part = (name) => root.querySelector(`.${name}`);
    this.stage = new Stage(root, this.part, (cell) => this.go(this.trace.sameWalk(this.step, cell)));
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
    this.anywhere = (event) => event.target === document.body && this.key(event, act); // nothing else has the focus
    document.addEventListener("keydown", this.anywhere);
    // The theme's text colour has a short transition: its end says that the theme changed.
    root.addEventListener("transitionend", (event) => event.target === root && this.stage.layout(this.step));
    this.observer = new ResizeObserver(() => this.trace && this.stage.resize(this.step));
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
    const { count } = this.trace;
    this.part("scrub").max = count - 1;
    this.step = Math.max(0, Math.min(this.step ?? 0, count - 1));
    this.stage.load(this.trace);
    this.stage.layout(this.step);
    this.tell();
  }

  go(step) {
    step = Math.max(0, Math.min(step, this.trace.count - 1));
    if (step === this.step) return;
    this.step = step;
    this.stage.show(step);
    this.tell();
  }

  // The current step in numbers and words.
  tell() {
    const { trace, step } = this;
    const { blocks, total, sentence } = describe(trace, ...trace.walk(step));
    this.part("terms").innerHTML = blocks.map((block) => `<section><h4>${block.title}</h4>
      <div class="block" style="--columns:${block.columns}">${block.terms.map((t) => `<span class="term${
        t.mark ? " mark" : ""}${t.muted ? " muted" : ""}">${t.left === undefined ? "" : `<i>${t.left} × ${t.right}</i>`
      }<b>${t.product}</b></span>`).join("")}</div></section>`).join("");
    this.part("total").innerHTML = total;
    this.part("where").textContent = `step ${step + 1} of ${trace.count}`;
    const scrub = this.part("scrub");
    scrub.value = step;
    scrub.setAttribute("aria-valuetext", `step ${step + 1} of ${trace.count}`);
    const words = this.part("words");
    words.setAttribute("aria-live", this.playing ? "off" : "polite"); // nobody can listen to sixty steps a second
    words.textContent = `Step ${step + 1} of ${trace.count}: ${sentence}`;
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
    this.tell();
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
    document.removeEventListener("keydown", this.anywhere);
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".player");
  root.player ??= new Player(root);
  root.player.load(data);
  return () => root.isConnected || root.player.close();
}
