// The player of a layer's walk: the stage shows the step it is at, and the sum is written out.
import { fillSlips, markPhase } from "./axis.js";
import { legend } from "./colours.js";
import { Links } from "./links.js";
import { Pointer } from "./pointer.js";
import { scrollerOf } from "./scroller.js";
import { Stage } from "./stage.js";
import { Terms } from "./terms.js";
import { Timeline } from "./timeline.js";
import { Walk } from "./walk.js";
import { describe, introduce } from "./words.js";

const STICKS = 58; // pixels from the top of the screen to where the buttons stay, as in player.css

class Player extends Timeline {
  constructor(root) {
    super(root);
    this.stage = new Stage(root, this.part);
    this.terms = new Terms(this.part);
    this.pointer = new Pointer(root, this.part, {
      pick: (channel, cell) => this.go(this.stepOf(channel, cell)),
      changed: () => this.report(),
    });
  }

  read(data) {
    return new Walk(data);
  }

  take() {
    fillSlips(this);
    this.part("note").textContent = introduce(this.walk);
    this.stage.load(this.walk);
    this.stage.at = this.at;
    this.pointer.load(this.walk, this.stage, new Links(this.walk)); // before it is laid out: what is said of a pinned cell takes room
  }

  drawAll() {
    this.part("legend").innerHTML = legend(this.walk);
    this.stage.show(this.at, this.done, true);
    this.terms.reach();
    if (this.pointer.walk === this.walk) this.pointer.show();
  }

  // On a phone, what plays comes into view, as far as the buttons stay there.
  play() {
    const [{ top }, { bottom }] = [this.root, this.part("sum")].map((part) => part.getBoundingClientRect());
    const over = Math.min(Math.ceil(bottom - window.innerHeight), top - STICKS);
    if (this.stage.fit?.form === "phone" && over > 0) scrollerOf(this.root).scrollTop += over;
    super.play();
  }

  stepOf(channel, cell) {
    const phase = this.at.all ? this.walk.phases.at(-1) : this.at.phase; // the copies of im2col make no outputs
    return phase.first + channel * this.walk.positions + cell;
  }

  show() {
    this.stage.at = this.at;
    this.stage.show(this.at, this.done);
    if (this.root.dataset.linked) this.pointer.show();
  }

  // The current step in numbers and words.
  say(place) {
    const { walk, at, done } = this;
    const [told, { stages }] = [describe(walk, at), at.phase];
    this.terms.show(told, done, this.stage.blocks);
    markPhase(this, at.phase);
    this.part("stage").textContent = stages.length > 1 ? `${done + 1}/${stages.length}: ${stages[done]}` : "";
    this.part("scrub").setAttribute("aria-valuetext", `step ${place}`);
    const sentence =
      done < stages.length - 1 ? `${stages[done]}. Then: ${stages.slice(done + 1).join(", ")}.` : told.sentence;
    this.part("words").textContent = `Step ${place}: ${sentence}`;
  }
}

export default function ({ data: [data], parentElement, setStateValue }) {
  const root = parentElement.querySelector(".player");
  root.player ??= new Player(root);
  root.player.load(data, (state) => setStateValue("place", state));
  return () => root.isConnected || root.player.close();
}
