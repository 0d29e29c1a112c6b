// Which cells of a grid have to be drawn anew.

const MOST_REDRAWN = 60; // steps; beyond, all of a plane is drawn anew

// The cells of a grid that a few steps changed, {plane: [index]}; null after a leap: all of them.
export function changedCells(walk, name, moves) {
  const made = name === "out" && walk.operation === "im2col" ? "product" : name;
  const move = moves[made];
  if (!move) return {};
  const { action, phase } = walk.makers[made];
  const [low, high] = [Math.min(...move), Math.max(...move)];
  if (high - low > MOST_REDRAWN || (action.adds && move[1] < move[0])) return null;
  const changed = {};
  for (let local = low; local < high; local++) {
    const at = walk.locate(phase.first + local);
    for (const mark of walk.marks(name, at)) {
      (changed[mark.plane] ??= []).push(...(walk.fields.has(name) ? at.cells : markedCells(mark, walk.grids[name])));
    }
  }
  return changed;
}

function markedCells(mark, grid) {
  return Array.from(
    { length: mark.rows * mark.columns },
    (_, i) => (mark.top + Math.floor(i / mark.columns)) * grid.columns + mark.left + (i % mark.columns),
  );
}
