// A clock that ticks in time with the screen, at a rate that may change while it runs.

const LONGEST = 250; // milliseconds that count of a pause between two frames, as of a hidden tab
const EARLY = 0.98; // of a tick: a frame comes now and then a little early

export class Clock {
  // rate(): ticks a second; tick(ticks): so many are due.
  constructor(rate, tick) {
    Object.assign(this, { rate, tick, running: null });
  }

  start() {
    let [last, owed] = [performance.now(), 0];
    const frame = (now) => {
      this.running = requestAnimationFrame(frame);
      owed += (Math.min(now - last, LONGEST) / 1000) * this.rate();
      last = now;
      const ticks = owed >= EARLY ? Math.max(1, Math.floor(owed)) : 0;
      owed = Math.max(0, owed - ticks);
      this.tick(ticks);
    };
    this.running = requestAnimationFrame(frame);
  }

  stop() {
    cancelAnimationFrame(this.running);
    this.running = null;
  }
}
