// What a step says: the terms of its sum, written out, and a sentence. All numbers are counts of the trace's grids.

function describe(trace, step, backward) {
  return backward ? describeBackward(trace, step) : describeForward(trace, step);
}

// A block of terms is laid out like the window: {title, columns, terms: [{left, right, product, mark, muted}], total}.
function describeForward(trace, step) {
  const { grids, operation } = trace;
  const { x, out, weight, bias } = grids;
  const at = trace.locate(step);
  const text = (grid, count) => write(count, grid.scale, grid.places);
  const result = text(out, out.counts[step]);
  const target = trace.name("out", at);
  const padded = trace.padding.flat().some((n) => n) ? " of the padded input" : "";
  const window = `the window with its corner at row ${at.top}, column ${at.left}${padded}`;
  const n = trace.taps.length;

  if (operation === "conv2d") {
    const blocks = at.planes.map((plane, number) => {
      let sum = 0;
      const terms = at.cells.map((cell, tap) => {
        const w = weight.counts[(at.channel * trace.channels_in + number) * n + tap];
        const v = x.counts[plane * trace.plane_size + cell];
        sum += v * w;
        return term(text(x, v), text(weight, w), text(out, v * w), trace.isPadding(cell));
      });
      const title = trace.channels_in > 1 ? `channel ${plane}` : "window × kernel = product";
      return { title, columns: trace.kernel_size[1], terms, sum };
    });
    const sums = blocks.map((block) => text(out, block.sum));
    const b = text(out, bias.counts[at.channel]);
    const all = text(out, blocks.reduce((total, block) => total + block.sum, 0));
    const channels = sums.length > 1 ? `${sums.map(bracket).join(" + ")} = <b>${all}</b>` : `<b>${all}</b>`;
    return {
      blocks,
      total: `sum of ${n * sums.length} products: ${channels}, + bias ${bracket(b)} = <b class="result">${result}</b> → ${target}`,
      sentence: `${window} gives ${target}: the products add up to ${all}, plus bias ${b} is ${result}.`,
    };
  }

  const values = at.cells.map((cell) => x.counts[at.channel * trace.plane_size + cell]);
  const hidden = (cell) => operation === "max_pool2d" && trace.isPadding(cell);
  const winner = trace.winner?.[step];
  const tie = operation === "max_pool2d" ? tieNote(trace, step, at) : "";
  const terms = at.cells.map((cell, tap) => ({
    product: hidden(cell) ? "−∞" : text(x, values[tap]),
    mark: tap === winner,
    muted: trace.isPadding(cell),
  }));
  const blocks = [{ title: "the numbers in the window", columns: trace.kernel_size[1], terms }];
  if (operation === "max_pool2d") {
    return {
      blocks,
      total: `the largest of ${n}: <b class="result">${result}</b>${tie} → ${target}`,
      sentence: `${window} gives ${target}: the largest of its ${n} numbers is ${result}${tie}.`,
    };
  }
  const sum = text(x, values.reduce((a, b) => a + b, 0));
  const equals = equalsSign(out, out.counts[step]);
  return {
    blocks,
    total: `sum ${sum}, ÷ ${n} ${equals} <b class="result">${result}</b> → ${target}`,
    sentence: `${window} gives ${target}: the sum ${sum} divided by ${n} ${equals} ${result}.`,
  };
}

function describeBackward(trace, step) {
  const { grids, operation } = trace;
  const { x, weight, dout, dx, dweight, dbias } = grids;
  const at = trace.locate(step);
  const n = trace.taps.length;
  const text = (grid, count) => write(count, grid.scale, grid.places);
  const upstream = dout.counts[step];
  const g = text(dout, upstream);
  const source = trace.name("dout", at);

  if (operation === "conv2d") {
    const blocks = at.planes.flatMap((plane, number) => {
      const ordinal = at.channel * trace.channels_in + number;
      const suffix = trace.channels_in > 1 ? `, channel ${plane}` : "";
      const seen = at.cells.map((cell) => x.counts[plane * trace.plane_size + cell]);
      const weights = at.cells.map((_, tap) => weight.counts[ordinal * n + tap]);
      const muted = at.cells.map((cell) => trace.isPadding(cell));
      return [
        {
          title: `dweight += dout × window${suffix}`,
          columns: trace.kernel_size[1],
          terms: seen.map((v, tap) => term(g, text(x, v), text(dweight, upstream * v), muted[tap])),
        },
        {
          title: `dx[window] += dout × weight${suffix}`,
          columns: trace.kernel_size[1],
          terms: weights.map((w, tap) => term(g, text(weight, w), text(dx, upstream * w), muted[tap])),
        },
      ];
    });
    const bias = text(dbias, trace.sums.dbias[at.channel]);
    return {
      blocks,
      total: `upstream gradient ${source} = <b class="result">${g}</b>; dbias += ${g}, now <b>${bias}</b>`,
      sentence: `${source} is ${g}. It is added to dbias, now ${bias}; times the window to dweight; times the weights to dx.`,
    };
  }

  const before = (tap) => text(dx, trace.sums.dx[at.channel * trace.plane_size + at.cells[tap]]);
  if (operation === "max_pool2d") {
    const winner = trace.winner[step];
    const terms = at.cells.map((cell, tap) => ({
      product: tap === winner ? `+ ${bracket(g)}` : "0",
      mark: tap === winner,
      muted: tap !== winner,
    }));
    return {
      blocks: [{ title: "dx[window] +=", columns: trace.kernel_size[1], terms }],
      total: `${source} = <b class="result">${g}</b> goes to the largest number of the window${tieNote(trace, step, at)}; its dx is now <b>${before(winner)}</b>`,
      sentence: `${source} is ${g}. All of it goes to the cell that won the window${tieNote(trace, step, at)}, whose gradient is now ${before(winner)}.`,
    };
  }
  const share = text(dx, upstream);
  const equals = equalsSign(dx, upstream);
  const terms = at.cells.map((cell) => ({ product: `+ ${bracket(share)}`, muted: trace.isPadding(cell) }));
  return {
    blocks: [{ title: "dx[window] +=", columns: trace.kernel_size[1], terms }],
    total: `${source} = <b class="result">${g}</b>, shared by ${n} cells: ${g} ÷ ${n} ${equals} <b>${share}</b> each`,
    sentence: `${source} is ${g}. Each of the window's ${n} cells gets ${g} divided by ${n} ${equals} ${share}.`,
  };
}

const term = (left, right, product, muted) => ({ left, right: bracket(right), product, muted });

// "=" where the number has finitely many decimals and all are written, else "≈".
const equalsSign = (grid, count) => ((count * 10 ** grid.places) % grid.scale === 0 ? "=" : "≈");

function tieNote(trace, step, at) {
  const counts = at.cells.map((cell) => trace.grids.x.counts[at.channel * trace.plane_size + cell]);
  const equal = counts.filter((v, tap) => !trace.isPadding(at.cells[tap]) && v === counts[trace.winner[step]]).length;
  return equal > 1 ? ` (the first of ${equal} equal ones)` : "";
}
