// What the picture of a network shows, in words.

const minus = (text) => text.replace("-", "−");

// A number with three digits, as short as it can be.
export function short(value) {
  if (value === null || !Number.isFinite(value)) return "not a number";
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 0.001 && size < 100000) return minus(String(Number(value.toPrecision(3))));
  const [digits, power] = value.toExponential(1).split("e");
  return minus(`${Number(digits)}e${Number(power)}`);
}

export const percent = (share) => {
  if (share === 0 || share >= 1) return `${Math.round(100 * share)}%`;
  if (share > 0 && share < 0.0005) return "<0.1%";
  return share >= 0.9995 ? ">99.9%" : `${(100 * share).toFixed(1)}%`;
};

export const sizeOf = ({ isMaps, size }) => (isMaps ? size.join("×") : "");

// A map, its size and range, and what it has most to do with.
export function mapInWords(net, { layer, place }, backward) {
  const it = net.layers[layer];
  if (it.kind === "softmax") return classInWords(net, place, backward);
  const [number, many] = [it.numbers[place], it.shape[0]];
  const name = it.isMaps ? `map ${number} of ${many}, ${sizeOf(it)}` : `unit ${number} of ${many}`;
  const low = it.maps.low[place];
  const value = it.isMaps ? `from ${short(low)} to ${short(it.maps.high[place])}` : `its value is ${short(low)}`;
  const parts = [`${it.name}, ${name} (${it.words}): ${value}`];
  if (backward && it.grad) {
    const ends = it.isMaps
      ? `from ${short(it.grad.low[place])} to ${short(it.grad.high[place])}`
      : short(it.grad.low[place]);
    parts.push(`its gradient: ${ends}`);
  }
  const next = net.layers[layer + (backward ? 1 : -1)];
  if (net.mixes(layer, backward) && next.shape[0] > 1) {
    const links = net.linksOf(layer, place, backward).slice(0, 3);
    const listed = links.map(([k, share]) => `${k} (${percent(share)})`).join(", ");
    const what = backward ? "its gradient comes most from" : "made most of";
    if (links.length) parts.push(`${what} ${next.name} ${next.isMaps ? "map" : "unit"} ${listed}`);
  }
  return parts.join("; ");
}

function classInWords({ classes }, k, backward) {
  const marks = marksOf(classes, k);
  const told = `${classes.names[k]}${marks.length ? ` (${marks.join(", ")})` : ""}`;
  const chance = `probability ${percent(classes.probabilities[k])}, score ${short(classes.scores[k])}`;
  if (!backward) return [`class ${told}: ${chance}`, ...(k === classes.guess ? broughtBy(classes, k) : [])].join("; ");
  const y = Number(k === classes.target);
  const sum = `${short(classes.probabilities[k])} − ${y} = ${short(classes.probabilities[k] - y)}`;
  return `class ${told}: ${chance}; the gradient of its score is p − y = ${sum}`;
}

// Which maps of the first layer the answer's score comes through.
function broughtBy({ through, scores }, k) {
  if (!through?.maps.length) return [];
  const share = (amount) => (scores[k] > 0 ? ` (${percent(amount / scores[k])})` : "");
  const maps = through.maps.map(([number, amount]) => `map ${number} brings ${short(amount)}${share(amount)}`);
  return [`of this score, ${through.layer}'s ${maps.join(", ")}`];
}

// What is said of a class beside its name.
export function marksOf({ truth, guess, target }, k, backward) {
  return [
    k === guess && "predicted",
    k === truth && "true",
    backward && k === target && k !== truth && "target",
  ].filter(Boolean);
}

// The whole picture as a table, for those who read it.
export function tableOf({ layers, classes }, backward) {
  const rows = layers.slice(0, -1).map((layer) => {
    const low = Math.min(...layer.maps.low.filter((value) => value !== null));
    const high = Math.max(...layer.maps.high.filter((value) => value !== null));
    const what = layer.isMaps
      ? `${layer.shape[0]} map${layer.shape[0] > 1 ? "s" : ""} of ${sizeOf(layer)}`
      : `${layer.shape[0]} units`;
    const cells = [layer.name, layer.words, what, `${short(low)} to ${short(high)}`, layer.numbers[layer.order[0]]];
    return backward ? [...cells, short(layer.norm)] : cells;
  });
  const head = ["layer", "what it does", "makes", "range", "most active"];
  const chances = classes.names.map((name, k) => {
    const cells = [name, marksOf(classes, k, backward).join(", "), short(classes.scores[k])];
    cells.push(percent(classes.probabilities[k]));
    return backward ? [...cells, short(classes.probabilities[k] - Number(k === classes.target))] : cells;
  });
  const ends = ["class", "is", "score", "probability"];
  return [
    [backward ? [...head, "gradient norm"] : head, rows],
    [backward ? [...ends, "p − y"] : ends, chances],
  ];
}
