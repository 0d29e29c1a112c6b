// The kernel as a grid of text boxes; a change sends all cells back.
export default function ({ data, parentElement, setStateValue }) {
  const grid = parentElement.querySelector(".grid");
  const stamp = JSON.stringify(data);
  if (grid.dataset.stamp === stamp) return;
  grid.dataset.stamp = stamp;
  const rows = data.rows.length;
  grid.style.setProperty("--columns", data.rows[0].length);
  grid.setAttribute("aria-label", `${data.label}, ${rows} by ${data.rows[0].length}`);
  if (grid.children.length !== rows * data.rows[0].length) grid.replaceChildren();
  data.rows.flat().forEach((text, index) => {
    const [row, column] = [Math.floor(index / data.rows[0].length), index % data.rows[0].length];
    const box = grid.children[index] ?? grid.appendChild(document.createElement("input"));
    box.value = text.replace("-", "−");
    box.inputMode = "text";
    box.autocomplete = "off";
    box.setAttribute("aria-label", `${data.label} row ${row + 1}, column ${column + 1}`);
    box.setAttribute("aria-invalid", data.bad.some(([r, c]) => r === row && c === column));
    box.onfocus = () => box.select();
    box.onchange = () => {
      const texts = [...grid.children].map((cell) => cell.value.trim().replace("−", "-"));
      setStateValue("cells", data.rows.map((cells, r) => cells.map((_, c) => texts[r * cells.length + c])));
    };
  });
}
