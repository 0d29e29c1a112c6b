// Canvases: their size, and texts that fit into a cell.

export const SLIM = 30; // pixels: frames around smaller cells are slim
// What a frame around a cell takes of its width, in pixels, with the white line inside it (plane.css).
const framed = (cell) => (cell < SLIM ? 4 : 7);

const FITTED = new Map(); // by text, cell and font: what of a text fits, and in which size

// Give a canvas its size in pixels of the page; it is empty then.
export function prepare(canvas, pen, [width, height], ratio = window.devicePixelRatio || 1) {
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  Object.assign(pen, { textAlign: "center", textBaseline: "middle", written: null });
}

// Write a text into the middle of a cell of a size: in full if a smaller type makes it fit, else in one of the `shorter()`
// ways, which begin with it. Measuring takes longer than drawing, so each text is measured once for all planes.
// ink: its colour; ground: that of the patch behind it, if it needs one; most: the largest size of its type.
export function label(pen, full, shorter, { x, y, cell, family, ink, ground, most = 15 }) {
  const key = [full, cell, family, most].join();
  if (FITTED.size > 5000) FITTED.clear();
  if (!FITTED.has(key)) FITTED.set(key, fit(pen, shorter(), cell, family, most));
  const { words, font, size, width } = FITTED.get(key);
  if (pen.written !== font) pen.font = pen.written = font; // setting a font is slow
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(x - width / 2 - 1, y - size / 2, width + 2, size);
  }
  pen.fillStyle = ink;
  pen.fillText(words, x, y + 1);
}

function fit(pen, texts, cell, family, most) {
  let [size, words] = [Math.min(most, Math.round(cell * 0.55)), texts[0]];
  const font = () => `500 ${size}px ${family}`;
  const fits = () => {
    pen.font = pen.written = font();
    return pen.measureText(words).width <= cell - framed(cell);
  };
  while (!fits() && size > 11) size--;
  for (let next = 1; next < texts.length && !fits(); next++) words = texts[next];
  while (!fits() && size > 6) size--;
  return { words, font: font(), size, width: pen.measureText(words).width };
}
