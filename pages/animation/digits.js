// One type for all numbers of a grid, that none looks as if it mattered more: a size, and as many decimals as fit into every cell.
import { write } from "./numbers.js";

const MOST_DECIMALS = 3;
const FRAMED = 7; // pixels of a cell's width that a frame around it takes
const TYPE = { largest: 15, readable: 9, smallest: 6 }; // pixels; the smallest where else not even the largest number would show

// grid: {counts, scale, peak}. Returns {places, size}; size in pixels.
export function typeOf(pen, { counts, scale, peak }, cell, family) {
  const numbers = [...new Set(counts)];
  const has = Math.max(...numbers.map((count) => (write(count, scale, MOST_DECIMALS).split(".")[1] ?? "").length));
  const tenth = (places) => peak * 10 ** places < scale;
  const sizeAt = (places) => {
    pen.font = pen.written = `500 100px ${family}`;
    const width = Math.max(...numbers.map((count) => pen.measureText(aligned(count, scale, places)).width));
    return Math.min(TYPE.largest, Math.floor(((cell - FRAMED) / width) * 200) / 2);
  };
  let places = tenth(MOST_DECIMALS) ? MOST_DECIMALS : has;
  while (places && sizeAt(places) < (tenth(places - 1) ? TYPE.smallest : TYPE.readable)) places--;
  return { places, size: sizeAt(places) };
}

// With exactly so many decimals; what is not 0 is never written as if it were.
export function aligned(count, scale, places) {
  const [whole, decimals = ""] = write(count, scale, places).split(".");
  if (!decimals && whole === "0") return count ? "≈0" : "0";
  return places ? `${whole}.${decimals.padEnd(places, "0")}` : whole;
}
