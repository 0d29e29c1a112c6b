// The colours of cells, lines and hatching.

import { ink } from "./ink.js";
import { write } from "./numbers.js";

// Diverging scales that people with any colour vision can tell apart; the page's background stands for zero.
export const SCALES = {
  blue_orange: {
    light: [
      [43, 108, 190],
      [217, 95, 2],
    ],
    dark: [
      [70, 140, 230],
      [240, 130, 40],
    ],
  },
  green_purple: {
    light: [
      [27, 120, 55],
      [118, 42, 131],
    ],
    dark: [
      [70, 170, 100],
      [178, 110, 200],
    ],
  },
  teal_red: {
    light: [
      [1, 133, 140],
      [180, 30, 50],
    ],
    dark: [
      [40, 170, 175],
      [225, 85, 95],
    ],
  },
};

export function readColours(root, scale) {
  const style = getComputedStyle(root);
  const base = rgb(style.getPropertyValue("--st-background-color").trim());
  const theme = base[0] < 128 ? "dark" : "light";
  const [negative, positive] = SCALES[scale][theme];
  root.style.setProperty("--positive", `rgb(${positive})`);
  root.style.setProperty("--negative", `rgb(${negative})`);
  const dark = theme === "dark";
  const link = dark ? "#18b68b" : "#00785a";
  root.style.setProperty("--link", link);
  return {
    base,
    positive,
    negative,
    font: style.fontFamily,
    link,
    onLink: ink(rgb(link)),
    line: dark ? "#4a5160" : "#c3c9d2",
    muted: dark ? "#aeb6c4" : "#505864",
    faint: dark ? [62, 68, 80] : [205, 210, 218],
    padding: hatching(dark ? "#596273" : "#b6bdc9", 6, 1),
    unseen: hatching("#cc79a7", 5, -1),
  };
}

// What tells one theme from another: whoever draws reads the colours anew where it has changed.
export function themeOf(root) {
  const style = getComputedStyle(root);
  return style.color + style.getPropertyValue("--st-background-color");
}

// The colours of maps and those of their gradients, which have names of their own: --more and --less.
export function readBoth(root) {
  const gradients = readColours(root, "green_purple");
  root.style.setProperty("--more", `rgb(${gradients.positive})`);
  root.style.setProperty("--less", `rgb(${gradients.negative})`);
  return { maps: readColours(root, "blue_orange"), gradients };
}

// Diagonal lines, rising (1) or falling (-1), as a fill.
function hatching(colour, gap, direction) {
  const tile = new OffscreenCanvas(gap, gap);
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = direction > 0 ? 1 : 1.6;
  pen.beginPath();
  for (const shift of [-gap, 0, gap]) {
    // the corners' lines reach in from the neighbouring tiles
    pen.moveTo(shift - 1, direction > 0 ? gap + 1 : -1);
    pen.lineTo(shift + gap + 1, direction > 0 ? -1 : gap + 1);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function rgb(colour) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = colour || "#ffffff";
  pen.fillRect(0, 0, 1, 1);
  return Array.from(pen.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

// A colour for a share of the largest number: images from black to white, signed numbers from one end of the scale over
// the page's own background (zero) to the other end.
export function shade(share, looks, colours) {
  if (looks === "image") {
    const level = Math.round(24 + 228 * Math.max(0, Math.min(1, share)));
    return [level, level, level];
  }
  const end = share < 0 ? colours.negative : colours.positive;
  const weight = Math.min(1, Math.abs(share)) ** 0.8;
  return colours.base.map((c, i) => Math.round(c + (end[i] - c) * weight));
}

// What colours and hatching mean, as far as they occur.
export function legend(walk) {
  const grids = Object.values(walk.grids);
  const { x } = walk.grids;
  return [
    x?.looks === "image" && `<i class="grey"></i> 0 to ${write(x.peak, x.scale)}`,
    grids.some((grid) => grid.looks === "signed") &&
      `<i class="negative"></i> below 0 <i class="scale"></i> above 0
      <i class="positive"></i> (strongest: the largest of its grid)`,
    walk.padded && `<i class="hatch"></i> ${walk.filler}`,
    walk.unseen.some((n) => n) && `<i class="unseen"></i> under no window`,
    grids.some((grid) => grid.right) && `<i class="wrong">◥</i> wrong: another window's gradient was overwritten`,
    `<i class="here"></i> this step`,
    walk.winner && "★ the largest of its window",
    `<i class="linked"></i> linked to the cell you point at`,
  ]
    .filter(Boolean)
    .map((entry) => `<span>${entry}</span>`)
    .join("");
}
