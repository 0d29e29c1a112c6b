// Where everything of a network stands: a column for the input, one for each layer, bars for the classes. Maps of layers that
// take each map by itself stand in the same places, so that a map is followed along its row. Where not all fit, the most
// active ones are shown, and the others are scrolled to.

export const [GAP, BETWEEN] = [4, 8]; // pixels between two maps, and between two layers that belong together
const LINK = { least: 28, most: 120 }; // between layers that mix: room for what links them
const MAP = { most: 72, folded: 40, paired: 26, least: 26, smallest: 22 }; // sides of a map, in pixels
const UNIT = { most: 14, least: 5, columns: 2 };
const CLASS = { width: 216, most: 44, least: 19 };
const FOOT = 16; // below maps of which some are folded away
const LETTER = 6.4; // pixels of a name's letter, about

// layers: from the input to the classes. room: {width, height, pairs (a gradient below each map), low (a strip)}.
// first: by group, how many of its maps are scrolled past. Returns {width, columns, folds (whether maps are folded away)}; a column: {layer, x, width, cells, hidden,
// first}, a cell: {place, x, y, size, under (where its gradient begins)}.
export function arrange(layers, room, first) {
  const groups = Map.groupBy(layers.slice(1, -1), ({ group }) => group);
  const flat = [...groups.values()].filter((group) => !group[0].isMaps);
  const maps = [...groups.values()].filter((group) => group[0].isMaps);
  const start = room.low ? 64 : 100;
  const units = new Map(flat.slice(0, -1).map((group) => [group[0].group, unitsOf(group, room)]));
  const gaps = LINK.least * groups.size;
  const taken = [...units.values()].reduce((sum, each) => sum + each.width, start + gaps + CLASS.width);
  const { side, rows, shown } = sideOf(maps, room, room.width - taken);
  const place = { side, rows, shown, room, first };
  const columns = [inputColumn(layers[0], room, start)];
  const wide = maps.reduce((sum, group) => sum + widthOf(shownOf(group, shown), side, rows), taken);
  const link = Math.min(LINK.most, LINK.least + Math.max(0, room.width - wide) / groups.size);
  let x = start;
  for (const group of groups.values()) {
    x += link;
    if (group === flat.at(-1)) {
      columns.push(...classColumns(group[0], layers.at(-1), x, room));
      x += CLASS.width;
    } else {
      const make = group[0].isMaps
        ? mapColumns(group, x, place)
        : unitColumns(group, x, units.get(group[0].group), room);
      columns.push(...make);
      x = make.at(-1).x + make.at(-1).width;
    }
  }
  return { width: x, columns, folds: columns.some(({ hidden, layer }) => hidden && layer.isMaps) };
}

const heightOf = (side, room) => (room.pairs ? 2 * side + 2 : side) + GAP;
const rowsFor = (side, room, foot) => Math.max(1, Math.floor((room.height - foot + GAP) / heightOf(side, room)));
const named = (layer, width) => Math.max(width, layer.name.length * LETTER);
const columnsOf = (group, rows) => Math.ceil(group[0].count / rows);
const widthOf = (group, side, rows) =>
  group.reduce((sum, layer) => sum + named(layer, columnsOf(group, rows) * (side + GAP)) + BETWEEN, -BETWEEN);

// The largest maps with which all fit; if those were too small, larger ones, as many of each layer as there is room for.
function sideOf(groups, room, width) {
  const fits = (side, rows) => groups.reduce((sum, group) => sum + widthOf(group, side, rows), 0) <= width;
  for (let side = MAP.most; side >= MAP.least; side--) {
    const rows = rowsFor(side, room, 0);
    if (fits(side, rows)) return { side, rows, shown: Infinity };
  }
  const folded = (side, shown) =>
    groups.reduce((sum, group) => sum + widthOf(shownOf(group, shown), side, rowsFor(side, room, FOOT)), 0) <= width;
  let side = room.pairs ? MAP.paired : MAP.folded;
  while (side > MAP.smallest && !folded(side, rowsFor(side, room, FOOT))) side--;
  const rows = rowsFor(side, room, FOOT);
  let across = 1;
  while (across < 9 && folded(side, rows * (across + 1))) across++;
  return { side, rows, shown: rows * across };
}

const shownOf = (group, shown) => group.map(({ name, count }) => ({ name, count: Math.min(count, shown) }));

function mapColumns(group, x, { side, rows, room, first, shown }) {
  const { count, order, group: number } = group[0];
  const folds = count > shown;
  const past = folds ? Math.min(first[number] ?? 0, count - shown) : 0;
  const places = folds ? order.slice(past, past + shown) : order.toSorted((a, b) => a - b);
  const across = Math.ceil(places.length / rows);
  const down = Math.ceil(places.length / across);
  const top = Math.max(0, (room.height - (folds ? FOOT : 0) - down * heightOf(side, room)) / 2);
  return group.map((layer) => {
    const width = named(layer, across * (side + GAP) - GAP);
    const left = x + (width - across * (side + GAP) + GAP) / 2;
    const cells = places.map((place, index) => {
      const y = top + (index % down) * heightOf(side, room);
      const at = left + Math.floor(index / down) * (side + GAP);
      return { place, x: at, y, width: side, height: side, under: room.pairs ? [at, y + side + 2] : null };
    });
    const column = { layer, x, width, cells, hidden: count - places.length, first: past, shown: places.length };
    x += width + BETWEEN;
    return column;
  });
}

function unitsOf(group, room) {
  const { count } = group[0];
  let side = UNIT.most;
  const rows = () => Math.max(1, Math.floor(room.height / (side + 1)));
  while (side > UNIT.least && Math.ceil(count / rows()) > UNIT.columns) side--;
  const across = Math.ceil(count / rows());
  const cell = room.pairs ? 2 * side + 2 : side + 1;
  const width = group.reduce((sum, layer) => sum + named(layer, across * cell) + BETWEEN, -BETWEEN);
  return { side, across, cell, width };
}

function unitColumns(group, x, { side, across, cell }, room) {
  const down = Math.ceil(group[0].count / across);
  const top = Math.max(0, (room.height - down * (side + 1)) / 2);
  return group.map((layer) => {
    const width = named(layer, across * cell);
    const left = x + (width - across * cell) / 2;
    const cells = layer.numbers.map((_, place) => {
      const [at, y] = [left + Math.floor(place / down) * cell, top + (place % down) * (side + 1)];
      return { place, x: at, y, width: side, height: side, under: room.pairs ? [at + side, y] : null };
    });
    const column = { layer, x, width, cells, hidden: 0, first: 0, shown: cells.length };
    x += width + BETWEEN;
    return column;
  });
}

// The picture as it is, and below it the channels as the network takes them.
function inputColumn(layer, room, width) {
  const rows = room.pairs ? 3 : 2;
  const [label, spare] = [room.low ? 0 : 15, width - 10];
  const side = Math.min(spare, Math.floor(room.height / rows) - label - 2);
  const channel = Math.min(side, Math.floor((spare - GAP * (layer.count - 1)) / layer.count));
  const picture = { x: 0, y: label, width: side, height: side };
  const y = picture.y + side + label + 2;
  const cells = layer.numbers.map((_, place) => {
    const x = place * (channel + GAP);
    return { place, x, y, width: channel, height: channel, under: room.pairs ? [x, y + channel + 2] : null };
  });
  const end = y + channel * (rows - 1) + 4;
  const lens =
    !room.low && room.height - end > 70 ? { x: 0, y: end + 16, side: Math.min(spare, room.height - end - 18) } : null;
  return { layer, x: 0, width: spare, cells, picture, label, lens, hidden: 0, first: 0, shown: cells.length };
}

// The scores and, in the same rows, the bars: of many classes the likeliest, and those that are asked about.
function classColumns(scores, classes, x, room) {
  const most = Math.max(1, Math.floor(room.height / CLASS.least));
  let places = classes.numbers.map((_, place) => place);
  if (places.length > most) {
    const told = places.filter((place) => classes.asked.includes(place));
    const rest = classes.order.filter((place) => !told.includes(place));
    places = [...told, ...rest].slice(0, most).toSorted((a, b) => a - b);
  }
  const height = Math.min(CLASS.most, room.height / places.length);
  const top = (room.height - height * places.length) / 2;
  const side = Math.min(16, height - 3);
  const [at, wide] = [x + 2 * side + 14, CLASS.width - 2 * side - 14];
  const rows = places.map((place, index) => ({ place, y: top + index * height }));
  const hidden = classes.count - places.length;
  const cells = rows.map(({ place, y }) => {
    const middle = y + (height - side) / 2;
    return { place, x, y: middle, width: side, height: side, under: room.pairs ? [x + side, middle] : null };
  });
  const bars = rows.map(({ place, y }) => ({ place, x: at, y, width: wide, height, under: null }));
  return [
    { layer: scores, x, width: 2 * side, cells, hidden, first: 0, shown: cells.length },
    { layer: classes, x: at, width: wide, cells: bars, hidden, first: 0, shown: bars.length },
  ];
}
