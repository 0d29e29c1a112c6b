// What stands on the time axis of a walk: its length, a button for each phase, and marks where a broken sum goes wrong.

const MARKS = 200; // places on the axis; closer ones share a mark

// player: its walk and step, and go(step).
export function fillAxis(player) {
  const { walk, part } = player;
  part("scrub").max = walk.count - 1;
  part("phases").replaceChildren(
    ...(walk.phases.length > 1 ? walk.phases.map((phase) => phaseButton(phase, player)) : []),
  );
  const names = walk.phases.map(({ name }) => name);
  part("where").dataset.longest =
    `step ${walk.count} of ${walk.count}${names.length > 1 ? ` · ${longest(names)}` : ""}`;
}

// Where a broken sum goes wrong: marks, and a button to the next.
export function fillSlips(player) {
  const { walk, part } = player;
  const wrong = [...walk.slips.keys()];
  const places = new Set(wrong.map((step) => Math.round((step / Math.max(1, walk.count - 1)) * MARKS)));
  part("marks").replaceChildren(...Array.from(places, markAt));
  const next = part("slip");
  next.hidden = !wrong.length;
  next.textContent = wrong.length > 1 ? `◥ next of ${wrong.length} wrong steps` : "◥ the wrong step";
  next.onclick = () => player.go(wrong.find((step) => step > player.step) ?? wrong[0]);
}

const longest = (names) => names.reduce((found, name) => (name.length > found.length ? name : found));

// As long as its part of the axis; it goes to the phase's first step.
function phaseButton({ name, first, steps }, player) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
  button.style.flex = steps;
  button.onclick = () => player.go(first);
  return button;
}

// Say which phase a step belongs to, also to those who hear the buttons.
export function markPhase({ part }, { number }) {
  for (const [i, button] of [...part("phases").children].entries()) button.ariaCurrent = i === number ? "step" : null;
}

function markAt(place) {
  const mark = document.createElement("i");
  mark.style.left = `${(place / MARKS) * 100}%`;
  return mark;
}
