// A board to draw on, with mouse, finger, pen or keys. The strokes are told while they are drawn; what comes back is what the
// network gets of them and what it says.

import { prepare } from "./canvas.js";

const SIDE = 1000; // the board's width and height, in which points are told
const SIZE = 144; // the same in pixels of the page, as long as it is not seen
const PEN = 60; // how thick a stroke is shown
const NEAR = 6; // a point closer to the one before is left out
const STEP = 25; // what an arrow key moves, and with Shift four times as much
const PAUSE = 80; // ms between two messages
const LATE = 1000; // ms after which an answer is no longer waited for
const REST = 400; // ms without a change until all of the page is to follow
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const [BOARD, INK, FAINT, CURSOR] = ["#14171d", "#ffffff", "#9aa3b2", "#ff5fae"]; // light on dark, as the digits that networks learn from

class Pad {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.${name}`);
    this.board = this.part("board");
    this.pen = this.board.getContext("2d");
    Object.assign(this, { strokes: [], current: null, pointer: null, cursor: [SIDE / 2, SIDE / 2], held: new Set() });
    Object.assign(this, { count: 0, told: 0, answered: 0, when: 0, moved: 0, rested: true });
    this.board.addEventListener("pointerdown", (event) => this.press(event));
    this.board.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.board.addEventListener(end, (event) => this.release(event));
    this.board.addEventListener("keydown", (event) => this.key(event));
    this.board.addEventListener("keyup", ({ key }) => this.held.delete(key));
    this.board.addEventListener("focus", () => this.draw());
    this.board.addEventListener("blur", () => {
      this.held.clear();
      this.draw();
    });
    this.part("undo").addEventListener("click", () => this.undo());
    this.part("clear").addEventListener("click", () => this.clear());
  }

  load(data, send) {
    this.send = send;
    this.most = data.most;
    if (!this.loaded) [this.strokes, this.count, this.told] = [data.begin, data.count, data.count]; // as it was left
    this.loaded = true; // from now on what stands here counts
    this.answered = data.count;
    this.show(data);
    this.draw();
    this.tick();
  }

  // Where on the board an event is.
  at({ clientX, clientY }) {
    const box = this.board.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height].map(within);
  }

  press(event) {
    if (event.button || this.pointer !== null) return; // a second finger draws nothing
    this.pointer = event.pointerId;
    this.board.setPointerCapture(event.pointerId);
    this.keyed = false;
    this.begin(this.at(event));
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) this.add(this.at(each));
  }

  release(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.lift();
  }

  key(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    const undone = key === "Backspace" || ((ctrlKey || metaKey) && key.toLowerCase() === "z");
    if ((ctrlKey || metaKey || altKey) && !undone) return;
    if (ARROWS[key]) {
      this.held.add(key); // two at a time go aslant
      const step = STEP * (shiftKey ? 4 : 1);
      this.cursor = this.cursor.map((at, axis) =>
        within([...this.held].reduce((sum, name) => sum + ARROWS[name][axis] * step, at) / SIDE),
      );
      if (this.current) this.add(this.cursor);
    } else if (key === " " || key === "Enter") {
      if (event.repeat) return;
      if (this.current) this.lift();
      else this.begin(this.cursor);
    } else if (key === "Escape") this.lift();
    else if (key === "Delete") this.clear();
    else if (undone) this.undo();
    else return;
    event.preventDefault();
    this.keyed = true;
    this.draw();
  }

  begin(point) {
    this.lift();
    if (this.full()) return;
    this.current = [...point];
    this.strokes.push(this.current);
    this.changed();
  }

  add(point) {
    if (!this.current || this.full()) return;
    const [x, y] = this.current.slice(-2);
    if (Math.hypot(point[0] - x, point[1] - y) < NEAR) return;
    this.current.push(...point);
    this.cursor = point;
    this.changed();
  }

  lift() {
    this.current = null;
    this.draw();
    this.tick();
  }

  undo() {
    this.current = null;
    if (this.strokes.pop()) this.changed();
  }

  clear() {
    this.current = null;
    if (this.strokes.splice(0).length) this.changed();
  }

  // Whether no more is taken, since no more would be read.
  full() {
    const points = this.strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0);
    return points >= this.most.points || (!this.current && this.strokes.length >= this.most.strokes);
  }

  changed() {
    this.count++;
    this.rested = false;
    this.moved = performance.now();
    this.draw();
    this.tick();
  }

  // Tell what is new as soon as the last message is answered, but not too often; and once more when the pen has come to rest.
  tick() {
    clearTimeout(this.timer);
    const fresh = this.count !== this.told;
    if (!fresh && (this.rested || this.pointer !== null)) return;
    const due = fresh ? this.when + (this.answered === this.told ? PAUSE : LATE) : this.moved + REST;
    const wait = due - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.tick(), wait);
    else this.tell(!fresh);
  }

  tell(rested) {
    Object.assign(this, { when: performance.now(), told: this.count, rested });
    this.send({ strokes: this.strokes, count: this.count, rested });
    this.tick();
  }

  // What came back: the picture as the network gets it, what it says, and a sentence.
  show({ picture, bars, said, shown }) {
    this.root.dataset.shown = shown;
    const seen = this.part("seen");
    Object.assign(seen, { width: picture.columns, height: picture.rows });
    const pixels = new ImageData(picture.columns, picture.rows);
    pixels.data.set(Uint8Array.from(atob(picture.rgba), (letter) => letter.charCodeAt(0)));
    seen.getContext("2d").putImageData(pixels, 0, 0);
    this.part("size").textContent = `${picture.rows}×${picture.columns}`;
    const list = this.part("bars");
    while (list.childElementCount > bars.length) list.lastElementChild.remove();
    list.style.setProperty("--longest", `${Math.max(...bars.map(([name]) => name.length))}ch`);
    const largest = Math.max(...bars.map(([, share]) => share));
    bars.forEach(([name, share, percent], index) => {
      const entry = list.children[index] ?? list.appendChild(row());
      [entry.children[0].textContent, entry.children[2].textContent] = [name, percent];
      entry.style.setProperty("--share", share);
      entry.classList.toggle("most", share > 0 && share === largest);
    });
    const words = this.part("said");
    words.ariaLive = this.pointer === null ? "polite" : "off"; // not ten times a second
    if (words.textContent !== said) words.textContent = said;
  }

  draw() {
    const { pen, board } = this;
    const size = board.clientWidth || SIZE;
    prepare(board, pen, [size, size]);
    pen.scale(size / SIDE, size / SIDE);
    pen.fillStyle = BOARD;
    pen.fillRect(0, 0, SIDE, SIDE);
    if (!this.strokes.length) {
      Object.assign(pen, { fillStyle: FAINT, font: `80px ${getComputedStyle(board).fontFamily}` });
      pen.fillText("draw here", SIDE / 2, SIDE / 2);
    }
    Object.assign(pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: INK });
    for (const stroke of this.strokes) {
      pen.beginPath();
      pen.moveTo(stroke[0], stroke[1]);
      for (let k = 0; k < stroke.length; k += 2) pen.lineTo(stroke[k], stroke[k + 1]);
      pen.stroke();
    }
    if (this.keyed && board.getRootNode().activeElement === board) this.drawCursor();
    const strokes = this.strokes.length;
    const state = this.full()
      ? "The board is full: undo or clear."
      : `Pen ${this.current ? "down" : "up"}, ${strokes} stroke${strokes === 1 ? "" : "s"}.`;
    const words = this.part("state");
    if (words.textContent !== state) words.textContent = state;
    for (const name of ["undo", "clear"]) this.part(name).ariaDisabled = String(!strokes);
  }

  drawCursor() {
    const { pen } = this;
    const [x, y] = this.cursor;
    Object.assign(pen, { lineWidth: 12, strokeStyle: CURSOR, fillStyle: CURSOR });
    pen.beginPath();
    pen.arc(x, y, 28, 0, 2 * Math.PI);
    for (const [a, b] of Object.values(ARROWS)) {
      pen.moveTo(x + 28 * a, y + 28 * b);
      pen.lineTo(x + 62 * a, y + 62 * b);
    }
    pen.stroke();
    if (this.current) pen.fill();
  }
}

const row = () => {
  const made = document.createElement("li");
  made.append(...["span", "i", "b"].map((name) => document.createElement(name)));
  return made;
};
const within = (share) => Math.max(0, Math.min(SIDE, Math.round(share * SIDE)));

export default function ({ data: [data], parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  root.pad ??= new Pad(root);
  root.pad.load(data, (drawn) => setStateValue("drawn", drawn));
}
