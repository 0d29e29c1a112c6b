// The kernel as a grid of text boxes; a change sends all cells back, also where they are what was sent last.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const columns = data.rows[0].length;
  const anew = grid.children.length !== data.rows.length * columns || grid.columns !== columns;
  if (anew) grid.replaceChildren();
  const before = anew ? [] : grid.texts;
  Object.assign(grid, { columns, texts: data.rows.flat() });
  grid.style.setProperty("--columns", columns);
  grid.setAttribute("aria-label", `${data.label}, ${data.rows.length} by ${columns}`);
  grid.texts.forEach((text, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const box = grid.children[index] ?? grid.appendChild(document.createElement("input"));
    // Only what the server changed: another box may hold something newer, that has not been sent yet.
    if (text !== before[index]) box.value = text.replace("-", "−");
    box.autocomplete = "off";
    box.setAttribute("aria-label", `${data.label}[${row}, ${column}]`);
    box.setAttribute(
      "aria-invalid",
      data.bad.some(([r, c]) => r === row && c === column),
    );
    box.onfocus = () => box.select();
    box.onchange = () => {
      const texts = [...grid.children].map((cell) => cell.value.trim().replace("−", "-"));
      setTriggerValue(
        "cells",
        data.rows.map((cells, r) => cells.map((_, c) => texts[r * columns + c])),
      );
    };
  });
}
