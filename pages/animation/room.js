// The room that a figure has on the first screen.

import { scrollerOf } from "./scroller.js";

const [LEAST_HEIGHT, BELOW] = [340, 4]; // pixels that the figure takes in any case, and that stay free below it

// The room there is for a figure: as wide as the player, from where it begins, however far the page is scrolled, to the end of
// the first screen.
export function roomFor(root, figure) {
  const top = figure.getBoundingClientRect().top + scrollerOf(root).scrollTop;
  return { width: root.clientWidth, height: Math.max(LEAST_HEIGHT, window.innerHeight - top - BELOW) };
}
