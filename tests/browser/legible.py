"""What can be read and hit on a page: the contrast of its texts and the size of its targets, in shadow roots as well."""

from __future__ import annotations

# Every visible text: [its contrast, how much it needs, the text, where it stands]. A colour may be see-through, and so may
# what is around it. A text in a drawing stands on the shapes before it; what explains is all that is no name of a control.
TEXTS = r"""() => {
  const OTHER = "button, a, label, select, summary, [role=group], [role=tab], .muted";
  const SKIPPED = "style, script, template, option, [disabled], [aria-disabled=true], .katex-mathml";
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((c, i) => c * a + ground[i] * (1 - a));
  const luminance = (rgb) => rgb
    .map((c) => (c <= 10.31 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const up = (el) => el.assignedSlot ?? el.parentElement ?? el.getRootNode().host;
  const lineage = (el) => (el ? [el, ...lineage(up(el))] : []);
  const covers = (el, { x, y, width, height }) => {
    const box = el.getBoundingClientRect(), [midX, midY] = [x + width / 2, y + height / 2];
    return box.left <= midX && midX <= box.right && box.top <= midY && midY <= box.bottom;
  };
  const shapes = (text, box) => [...text.ownerSVGElement.querySelectorAll("rect, circle, path, polygon")]
    .filter((shape) => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING && covers(shape, box))
    .map((shape) => [getComputedStyle(shape), shape]).filter(([style]) => style.fill !== "none")
    .map(([style]) => { const [r, g, b, a] = rgba(style.fill); return [r, g, b, a * style.fillOpacity * style.opacity] });
  const found = [];
  const look = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.shadowRoot) look(node.shadowRoot);
      const empty = node instanceof HTMLInputElement && node.matches(":placeholder-shown");
      const [el, text] = empty ? [node, node.placeholder] : [node.parentElement, node.nodeValue ?? ""];
      if (!/[\p{L}\p{N}]/u.test(text) || !el || el.closest(SKIPPED)) continue;
      if (!el.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const box = el.getBoundingClientRect();
      if (box.width <= 1 || box.height <= 1) continue; // for those who hear the page
      const around = lineage(el);
      // Icons are words of a font; the numbers on a heatmap stand on pixels, and have a test of their own.
      if (around.some((e) => e.matches("[data-testid=stIconMaterial], .heatmap-label"))) continue;
      const style = getComputedStyle(el, empty ? "::placeholder" : null), drawn = el instanceof SVGElement;
      let scrolled = false; // what is scrolled out of sight has the scrolling part behind it all the same
      const behind = around.filter((e) => (scrolled ||= /auto|scroll/.test(getComputedStyle(e).overflowY)) || covers(e, box));
      const grounds = behind.map((e) => rgba(getComputedStyle(e).backgroundColor)).reverse();
      const ground = [...grounds, ...(drawn ? shapes(el, box) : [])].reduce((below, c) => over(c, below), [255, 255, 255]);
      const ink = rgba(drawn ? style.fill : style.color);
      ink[3] *= around.reduce((all, e) => all * getComputedStyle(e).opacity, drawn ? style.fillOpacity : 1);
      const [dark, bright] = [luminance(ground), luminance(over(ink, ground))].sort((a, b) => a - b);
      const part = around.find((e) => e.dataset?.testid)?.dataset.testid;
      found.push([(bright + 0.05) / (dark + 0.05), empty || around.some((e) => e.matches(OTHER)) ? 4.5 : 7,
        text.trim().slice(0, 60), `${el.tagName} in ${part}: ${ink} on ${ground.map(Math.round)}`]);
    }
  };
  look(document);
  return found;
}"""

# The targets that a finger or a mouse would miss 12 pixels from their middle, or 11 where their box is 24 wide and high as it
# should be. What Streamlit hides for keys and screen readers stands for what is seen in its place. A link within a
# sentence is as high as its line. The cells of a grid are as large as there is room for: the time axis, the keys and the
# table below lead to them, too.
MISSED = r"""() => {
  const TARGETS = "a[href], button, input, select, textarea, summary, [role=button], [role=tab], [role=slider], [role=option]";
  const hidden = (el) => {
    const box = el.getBoundingClientRect();
    return box.width <= 1 || box.height <= 1 || getComputedStyle(el).clipPath === "inset(50%)";
  };
  const shown = (el) => (hidden(el) || hidden(el.parentElement) ? shown(el.parentElement) : el);
  const found = [];
  const look = (root) => {
    for (const el of root.querySelectorAll("*")) {
      if (el.shadowRoot) look(el.shadowRoot);
      if (!el.matches(TARGETS) || el.disabled || !el.checkVisibility({ visibilityProperty: true })) continue;
      // One has no size before it is reached with Tab; the other opens a list, as all of its field does.
      if (el.matches("[data-testid=stSkipToContent], button[aria-haspopup=listbox]")) continue;
      const linked = el.matches("a") && getComputedStyle(el).display === "inline";
      if (linked && el.parentElement.textContent.trim() !== el.textContent.trim()) continue;
      const target = (el.matches("input, select") && el.closest("label")) || shown(el);
      target.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      const box = target.getBoundingClientRect();
      const [x, y] = [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];
      if (x < 0 || x > innerWidth || y < 0 || y > innerHeight) continue; // in a drawer that is closed
      const hit = ([right, down]) => {
        const at = root.elementFromPoint(x + right, y + down);
        return at && (target.contains(at) || (at.contains(target) && at.matches(TARGETS)));
      };
      if (!hit([0, 0])) continue; // below another part of the page
      const reach = Math.min(box.width, box.height) >= 24 ? 11 : 12; // its edges are rounded to whole pixels
      const misses = [[-reach, 0], [reach, 0], [0, -reach], [0, reach]].filter((way) => !hit(way));
      const words = target.outerHTML.replace(/<svg.*/s, "").slice(0, 200);
      if (misses.length) found.push(`${Math.round(box.width)}x${Math.round(box.height)}, not at ${misses.join("; ")}: ${words}`);
    }
  };
  look(document);
  return found;
}"""
