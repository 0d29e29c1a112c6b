// What the picture of the stack shows, in words and numbers.

const several = (count, word) => `${count || "no"} ${word}${count === 1 ? "" : "s"}`;
const stretch = (word, [first, last]) => (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`);

export const place = (row, column) => `[${row},\u00a0${column}]`; // in one line

// What the cell `name` sees of the input, along the rows and along the columns.
export function tellSeen(name, rows, columns) {
  if (!rows.seen || !columns.seen) return [`${name} sees nothing of the input, only padding.`];
  const [down, across] = [rows.paths, columns.paths];
  const sentences = [
    `${name} sees ${stretch("row", rows.seen)} and ${stretch("column", columns.seen)} of the input: ` +
      `${down.length}×${across.length} cells.`,
  ];
  const read = down.filter(Boolean).length * across.filter(Boolean).length;
  if (read < down.length * across.length) sentences.push(`It reads ${read} of them; the others fall through the gaps.`);
  const [most, corner] = [Math.max(...down) * Math.max(...across), down[0] * across[0]];
  const strongest = [rows, columns].map(({ cells }) => middle(indices(cells, (count) => count === Math.max(...cells))));
  sentences.push(
    most === corner
      ? `Each is reached on ${several(most, "path")}.`
      : `input${place(...strongest)} is reached on ${several(most, "path")}, ` +
          `the corner ${place(rows.seen[0], columns.seen[0])} on ${corner}.`,
  );
  const padding = [
    [rows.padding[0], "row", "at the top"],
    [rows.padding[1], "row", "at the bottom"],
    [columns.padding[0], "column", "on the left"],
    [columns.padding[1], "column", "on the right"],
  ]
    .filter(([count]) => count)
    .map(([count, word, side]) => `${several(count, word)} ${side}`);
  if (padding.length) {
    sentences.push(
      `Its whole field is ${rows.size}×${columns.size} cells, but this much of it is padding: ${padding.join(", ")}.`,
    );
  }
  return sentences;
}

// Whom the cell `name` influences: a list of [map, rows, columns].
export function tellInfluence(name, maps) {
  if (!maps.length) return [];
  return [
    `${name} influences ${maps
      .map(([map, rows, columns]) => `${several(rows.length * columns.length, "cell")} of ${map.name}`)
      .join(", ")}.`,
  ];
}

export const indices = (list, test) => list.flatMap((item, index) => (test(item) ? [index] : []));
const middle = (list) => list[Math.floor(list.length / 2)];
