// The choices by the time axis: lists and boxes, each with the name of its setting as its class.

export class Choices {
  constructor(root, changed) {
    const controls = [...root.querySelectorAll(":is(.choices, .transport) :is(select, input:not(.scrub))")];
    this.controls = Object.fromEntries(controls.map((control) => [control.className, control]));
    for (const control of controls) control.onchange = changed;
  }

  // options: by the name of a list, its [value, words]; values: by name, what is chosen at first.
  fill(options, values) {
    this.options = options;
    for (const [name, control] of Object.entries(this.controls)) {
      const listed = options[name];
      if (listed) control.replaceChildren(...listed.map(([value, words]) => new Option(words, value)));
      control[listed ? "value" : "checked"] = values[name];
    }
  }

  get(name) {
    const control = this.controls[name];
    return this.options[name] ? this.options[name][control.selectedIndex][0] : control.checked;
  }

  get all() {
    return Object.fromEntries(Object.keys(this.controls).map((name) => [name, this.get(name)]));
  }

  // Choose the next option of a list (1) or the one before (-1).
  move(name, by) {
    const list = this.controls[name];
    list.selectedIndex = Math.max(0, Math.min(list.length - 1, list.selectedIndex + by));
  }
}
