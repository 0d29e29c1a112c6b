// Where a broken sum (= in place of +=) goes wrong.

// By step: the cells whose number is wrong once the step has written it, [{cell, old, written, right}] in counts.
export function findSlips(walk) {
  const found = new Map();
  for (const phase of walk.phases) {
    for (const action of phase.actions.filter(({ broken }) => broken)) {
      const size = walk.grids[action.into].counts.length;
      const [written, right] = [new Float64Array(size), new Float64Array(size)];
      for (let local = 0; local < phase.steps; local++) {
        const g = walk.grids[action.point].counts[local];
        const lost = [];
        for (const cell of cellsOf(walk, action, local)) {
          const old = written[cell];
          written[cell] = g;
          right[cell] += g;
          if (written[cell] !== right[cell]) lost.push({ cell, old, written: g, right: right[cell] });
        }
        if (lost.length) found.set(phase.first + local, lost);
      }
    }
  }
  return found;
}

function cellsOf(walk, action, local) {
  const channel = Math.floor(local / walk.positions);
  const start = channel * walk.plane_size + walk.origin[local % walk.positions];
  return action.do === "route" ? [start + walk.taps[walk.winner[local]]] : Array.from(walk.taps, (tap) => start + tap);
}
