// What the keys do, where no control has a use for them itself.

const ACTIONS = {
  " ": "play",
  ArrowLeft: "back",
  ArrowRight: "forward",
  Home: "first",
  End: "last",
  "+": "faster",
  "=": "faster",
  "-": "slower",
  Escape: "unpin",
};
const OWN_KEYS = [
  ["input[type=range]", ["ArrowLeft", "ArrowRight", "Home", "End"]],
  ["button, input, summary", [" ", "Enter"]],
  [".terms", ["ArrowLeft", "ArrowRight"]], // they have the focus only where they are scrolled
];

// The name of what a key is to do, if anything.
export function actionOf({ key, target, ctrlKey, metaKey, altKey }) {
  if (target.matches("select") || ctrlKey || metaKey || altKey) return undefined;
  const [, own] = OWN_KEYS.find(([kind]) => target.matches(kind)) ?? [null, []];
  return own.includes(key) ? undefined : ACTIONS[key];
}
