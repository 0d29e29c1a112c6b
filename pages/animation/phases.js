// A button for each phase of a walk, as long as its part of the time axis, that goes to its first step.

export function buttonsOf(phases, go) {
  if (phases.length < 2) return [];
  return phases.map(({ name, first, steps }) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.style.flex = steps;
    button.onclick = () => go(first);
    return button;
  });
}
