// Outline the linked cells of a plane: [{index, note}], neighbours together; a note is written over its cell (the weight
// through which it is linked).

import { prepare } from "./canvas.js";
import { MINIMUM_FOR_NUMBERS } from "./plane.js";

export function outline(plane, cells) {
  const { overPen: pen, cell, colours, grid, gap } = plane;
  if (!colours) return; // a lens that nobody needs
  if (!plane.over.width) prepare(plane.over, pen, plane.size);
  else if (plane.outlined) pen.clearRect(0, 0, plane.over.width, plane.over.height);
  plane.outlined = cells.length > 0;
  const linked = new Set(cells.filter(({ note }) => !note).map(({ index }) => index));
  const size = cell - gap;
  Object.assign(pen, { strokeStyle: colours.link, fillStyle: colours.link, lineWidth: cell < 6 ? 1 : 2.5 });
  pen.setLineDash(cell < 6 ? [] : [5, 2]);
  pen.beginPath();
  for (const { index, note } of cells) {
    const at = plane.place(index);
    if (!at) continue;
    const [x, y] = at;
    if (note || cell < 3) {
      pen.fillRect(x, y, Math.max(2, size), Math.max(2, size));
      if (note && cell >= MINIMUM_FOR_NUMBERS) plane.label(pen, note, () => [note], index, { ink: colours.onLink });
      pen.fillStyle = colours.link;
      continue;
    }
    const column = index % grid.columns;
    // By side: the neighbour there, and the line between the two, from and to.
    const edges = [
      [index - grid.columns, 0, 0, 1, 0],
      [index + grid.columns, 0, 1, 1, 1],
      [column ? index - 1 : -1, 0, 0, 0, 1],
      [column + 1 < grid.columns ? index + 1 : -1, 1, 0, 1, 1],
    ];
    for (const [neighbour, x0, y0, x1, y1] of edges) {
      if (linked.has(neighbour)) continue;
      const inside = (way) => (way ? size - 1 : 1);
      pen.moveTo(x + inside(x0), y + inside(y0));
      pen.lineTo(x + inside(x1), y + inside(y1));
    }
  }
  pen.stroke();
}
