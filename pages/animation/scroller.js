// What scrolls the page.
export const scrollerOf = (root) =>
  root.getRootNode().host?.closest('[data-testid="stMain"]') ?? document.documentElement;
