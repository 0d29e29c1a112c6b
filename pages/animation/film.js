// Checkpoints as a film: a small picture of each, a larger one of the step that is shown, and a button that plays.

const PERIOD = 250; // ms a picture

class Film {
  constructor(place) {
    this.place = place;
    [this.preview, this.strip] = [place.querySelector("figure"), place.querySelector("ol")];
    this.button = place.querySelector(".play");
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    this.strip.addEventListener("click", ({ target }) => {
      const frame = target.closest("button");
      if (frame) this.stop(Number(frame.dataset.at));
    });
  }

  load({ frames, step }, choose) {
    this.choose = choose;
    if (JSON.stringify(frames) !== JSON.stringify(this.frames)) this.build(frames);
    if (this.timer || step === this.step) return; // what it plays is not torn away
    this.step = step;
    this.show(frames.findIndex(([iteration]) => iteration === step));
  }

  build(frames) {
    this.frames = frames;
    this.strip.replaceChildren(
      ...frames.map(([iteration, address], at) => {
        const [item, frame, picture] = ["li", "button", "img"].map((name) => document.createElement(name));
        [picture.src, picture.alt, frame.type, frame.dataset.at] = [address, "", "button", at];
        frame.append(picture, String(iteration));
        frame.setAttribute("aria-label", `step ${iteration}`);
        item.append(frame);
        return item;
      }),
    );
    this.show(this.at ?? frames.length - 1);
  }

  show(at) {
    this.at = Math.max(0, Math.min(at, this.frames.length - 1));
    const [iteration, address] = this.frames[this.at];
    this.preview.querySelector("img").src = address;
    this.preview.querySelector("figcaption").textContent = `step ${iteration}`;
    [...this.strip.querySelectorAll("button")].forEach((frame, k) => {
      if (k === this.at) frame.setAttribute("aria-current", "step");
      else frame.removeAttribute("aria-current");
    });
    const { offsetLeft, offsetWidth } = this.strip.children[this.at];
    this.strip.scrollLeft = offsetLeft - (this.strip.clientWidth - offsetWidth) / 2;
  }

  play() {
    if (this.at === this.frames.length - 1) this.show(0);
    this.button.textContent = "❚❚ Pause";
    this.timer = setInterval(() => {
      if (!this.place.isConnected) clearInterval(this.timer);
      else if (this.at < this.frames.length - 1) this.show(this.at + 1);
      else this.stop();
    }, PERIOD);
  }

  // Rest at a picture: the page shows the rest of that step.
  stop(at = this.at) {
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "▶ Play";
    this.show(at);
    this.step = this.frames[at][0];
    this.choose(this.step);
  }
}

export default function ({ data: [data], parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".film");
  place.film ??= new Film(place);
  place.film.load(data, (step) => setTriggerValue("step", step));
}
