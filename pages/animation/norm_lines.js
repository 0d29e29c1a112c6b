// The computation of one cell, written out line by line, forward and backward, with the numbers put in. Each line is made of the
// numbers that the lines before it have written; "≈" stands where the core has rounded the result, "=" where it is exact.

import { bracket, write } from "./numbers.js";

const product = (counts) => counts.reduce((total, count) => total * BigInt(count), 1n);

// A cell's numbers as they are written: as a summand or factor, as a result after "=" or "≈".
export class Numbers {
  constructor(walk, cell) {
    Object.assign(this, { walk, cell, m: walk.set_size, scale: walk.scale });
  }

  count(name) {
    return this.walk.countOf(name, this.cell);
  }

  text(name) {
    return this.walk.text(name, this.cell);
  }

  put(name) {
    return bracket(this.text(name));
  }

  // The result of a line; the product of the counts `made` is what `from` is, where nothing had to be rounded.
  is(name, made, from) {
    return `${product(made) === product(from) ? "=" : "≈"} ${this.result(name)}`;
  }

  result(name) {
    return `<b data-is="${name}">${this.text(name)}</b>`;
  }

  times(name, factors) {
    const counts = factors.map((factor) => this.count(factor));
    return this.is(name, [this.count(name), ...counts.slice(1).map(() => this.scale)], counts);
  }

  over(name, above, below) {
    return this.is(name, [this.count(name), this.count(below)], [this.count(above), this.scale]);
  }

  share(name, of) {
    return this.is(name, [this.count(name), this.m], [this.count(of)]);
  }

  // A sum over cells that is told by its result.
  sum(words, name, sign = "=") {
    return `${words} ${sign} <b data-is="${name}">${this.text(name)}</b>`;
  }
}

const GIVEN = "the running one, a constant here";

const FORWARD = {
  x: (n, { name }) => `${name} = ${n.result("x")}`,
  mean: (n, { training, m }) =>
    training
      ? `${n.sum(`sum of the ${m} numbers`, "sum")}, and ${n.put("sum")} ÷ ${m} ${n.share("mean", "sum")}`
      : `${n.result("mean")}, ${GIVEN}`,
  centre: (n) => `x − mean = ${n.text("x")} − ${n.put("mean")} = ${n.result("centered")}`,
  square: (n) => `${n.put("centered")}² ${n.times("squared", ["centered", "centered"])}`,
  variance: (n, { training, m }) =>
    training
      ? `${n.sum(`sum of the ${m} squares`, "sum_squared")}, and ${n.put("sum_squared")} ÷ ${m} ${n.share("variance", "sum_squared")}`
      : `${n.result("variance")}, ${GIVEN}`,
  root: (n, { eps }) => {
    const [std, under] = [n.count("std"), BigInt(n.count("variance")) + BigInt(eps)];
    const exact = BigInt(std) * BigInt(std) === under * BigInt(n.scale) ? "=" : "≈";
    return `std = √(variance + eps) = √(${n.text("variance")} + ${write(eps, n.scale)}) ${exact} ${n.result("std")}`;
  },
  divide: (n) => `x̂ = ${n.put("centered")} ÷ ${n.text("std")} ${n.over("normalized", "centered", "std")}`,
  scale: (n) => `γ × x̂ = ${n.put("gamma")} × ${n.put("normalized")} ${n.times("scaled", ["gamma", "normalized"])}`,
  shift: (n, { name }) =>
    `${name.replace("x", "out")} = … + β = ${n.text("scaled")} + ${n.put("beta")} = ${n.result("out")}`,
};

const BACKWARD = {
  shift: (n, { sharing }) =>
    `dout = ${n.result("dout")} arrives; dβ = ${n.sum(`sum of dout over the ${sharing} cells with this β`, "dbeta")}`,
  scale: (n, { sharing }) =>
    `dx̂ = γ × dout = ${n.put("gamma")} × ${n.put("dout")} ${n.times("dnormalized", ["gamma", "dout"])}; dγ = ` +
    n.sum(`sum of dout × x̂ over the ${sharing} cells`, "dgamma", "≈"),
  divide: (n, { training }) =>
    `to centre: dx̂ ÷ std = ${n.put("dnormalized")} ÷ ${n.text("std")} ${n.over("dcentered_by_divide", "dnormalized", "std")}` +
    (training
      ? `; to root: S = ${n.sum("sum of dx̂ × (x − mean)", "slope", "≈")}, dstd = −S ÷ std² = −${n.put("slope")} ÷ ${n.text("std")}² ` +
        n.is("dstd", [-n.count("dstd"), n.count("std"), n.count("std")], [n.count("slope"), n.scale, n.scale])
      : ", and nothing to the variance, a constant"),
  root: (n) =>
    `dvariance = dstd ÷ (2 × std) = ${n.put("dstd")} ÷ (2 × ${n.text("std")}) ` +
    n.is("dvariance", [n.count("dvariance"), 2, n.count("std")], [n.count("dstd"), n.scale]),
  variance: (n, { m }) =>
    `dsquare = dvariance ÷ ${m} = ${n.put("dvariance")} ÷ ${m} ${n.share("dsquared", "dvariance")}`,
  square: (n) =>
    `to centre, the second path: 2 × (x − mean) × dsquare = 2 × ${n.put("centered")} × ${n.put("dsquared")} ` +
    `${n.is("dcentered_by_square", [n.count("dcentered_by_square"), n.scale], [2, n.count("centered"), n.count("dsquared")])}`,
  centre: (n, { training }) =>
    training
      ? `by divide + by square = ${n.text("dcentered_by_divide")} + ${n.put("dcentered_by_square")} = ${n.result("dcentered")}, ` +
        `on to x; ${n.sum("dmean = −(sum of these over the set)", "dmean")}`
      : `${n.result("dcentered")} goes on to x, and nothing to the mean, a constant`,
  mean: (n, { m }) =>
    `to x, the second path: dmean ÷ ${m} = ${n.put("dmean")} ÷ ${m} ${n.share("dx_by_mean", "dmean")}`,
  x: (n, { training }) =>
    training
      ? `dx = by centre + by mean = ${n.text("dcentered")} + ${n.put("dx_by_mean")} = ${n.result("dx")}`
      : `dx = ${n.result("dx")}`,
};

// The line of a row in a phase, as HTML; empty where the row has no part in it.
export function lineOf(walk, phase, row, cell) {
  const about = {
    name: walk.name("x", cell),
    training: walk.training,
    m: walk.set_size,
    eps: walk.eps_count,
    sharing: walk.entry_of.filter((entry) => entry === walk.entry_of[cell]).length,
  };
  if (!phase.rows.includes(row)) return "";
  return (phase.name === "forward" ? FORWARD : BACKWARD)[row](new Numbers(walk, cell), about);
}

// The same in one formula, and what the layer itself computes in float64.
export function closedOf(walk, phase, cell) {
  const n = new Numbers(walk, cell);
  const [scale, whole] = [BigInt(n.scale), (name) => BigInt(n.count(name))];
  if (phase.name === "forward") {
    const off = whole("closed_out") - whole("beta");
    const square = whole("gamma") ** 2n * whole("centered") ** 2n;
    const exact = off ** 2n * (whole("variance") + BigInt(walk.eps_count)) * scale === square;
    return [
      `out = γ × (x − mean) ÷ √(variance + eps) + β = ${n.put("gamma")} × (${n.text("x")} − ${n.put("mean")}) ÷ ` +
        `√(${n.text("variance")} + ${write(walk.eps_count, n.scale)}) + ${n.put("beta")} ${exact ? "=" : "≈"} ${n.result("closed_out")}`,
      `${ROUNDED} the layer itself gives ${plain(walk.layer_out[cell])}`,
    ];
  }
  let formula = `γ × dout ÷ std = ${n.put("dnormalized")} ÷ ${n.text("std")} ${n.over("closed_dx", "dnormalized", "std")}`;
  if (walk.training) {
    const rest = (whole("dnormalized") - whole("shift_part")) * scale - whole("normalized") * whole("stretch_part");
    formula =
      `(dx̂ − mean of dx̂ − x̂ × mean of dx̂ × x̂) ÷ std = (${n.text("dnormalized")} − ${n.put("shift_part")} − ` +
      `${n.put("normalized")} × ${n.put("stretch_part")}) ÷ ${n.text("std")} ` +
      `${whole("closed_dx") * whole("std") === rest ? "=" : "≈"} ${n.result("closed_dx")}`;
  }
  return [
    `dx = ${formula}`,
    `${ROUNDED} both ways give ${plain(walk.layer_dx[cell])}, ` +
      (walk.apart ? `at most ${walk.apart} apart in all of the tensor` : "to the last bit"),
  ];
}

// How the two can differ in the last digit.
const ROUNDED = "Each line goes on from the rounded numbers (≈) before it. Without rounding, in float64,";
const plain = (number) => String(Number(number.toPrecision(10))).replace("-", "−");
