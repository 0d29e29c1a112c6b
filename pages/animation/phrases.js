// The phrases that the words of several kinds of steps share.

import { bracket, write } from "./numbers.js";

export const text = (grid, count) => write(count, grid.scale);
export const result = (value) => `<b class="result">${value}</b>`;
export const term = (name, left, right, product, muted) => ({ name, left, right: bracket(right), product, muted });

export function windowText(walk, at) {
  const padded = walk.padded ? " of the padded plane" : "";
  return `The window with its corner at row ${at.top}, column ${at.left}${padded}`;
}

export const pointName = (walk, grid, at) =>
  walk.isMatrix(grid) ? `${grid}[${at.channel}, ${at.position}]` : walk.name(grid, at.channel, at.position);

// Which channel (or filter, of what is scattered back) a block of terms belongs to, where there are several.
export function channelName(walk, grid, plane) {
  if (walk.channels_in === 1) return "";
  const name = walk.channel_names[grid]?.[plane];
  return `${walk.axes[1]} ${plane}${name ? ` (${name})` : ""}`;
}

export function tieNote(walk, at) {
  const { x } = walk.grids;
  const counts = at.cells.map((cell) => x.counts[at.channel * walk.plane_size + cell]);
  const equal = counts.filter((v, tap) => !walk.blank[at.cells[tap]] && v === counts[walk.winner[at.local]]).length;
  return equal > 1 ? ` (the first of ${equal} equal ones, as PyTorch does)` : "";
}
