// Pictures side by side that stay where they are: another answer of the server changes those that differ.

const SMALL = 100; // pixels: narrower ones stand close together

const figure = (picks) => {
  const made = document.createElement("figure");
  const inside = picks ? made.appendChild(document.createElement("button")) : made;
  if (picks) inside.type = "button";
  inside.append(new Image(), document.createElement("figcaption"));
  return made;
};

export default function ({ data: [{ title, width, pictures, picks, chosen }], parentElement, setStateValue }) {
  const place = parentElement.querySelector(".gallery");
  parentElement.querySelector("h3").textContent = title;
  place.style.setProperty("--width", `${width}px`);
  place.classList.toggle("small", width < SMALL);
  place.classList.toggle("picks", picks);
  while (place.childElementCount > pictures.length) place.lastElementChild.remove();
  pictures.forEach(([words, address, rows, columns], number) => {
    const made = place.children[number] ?? place.appendChild(figure(picks));
    const inside = picks ? made.firstElementChild : made;
    const [picture, caption] = inside.children;
    [picture.width, picture.height] = [columns, rows]; // there is room before it is there
    if (picture.src !== address) picture.src = address;
    caption.textContent = words;
    picture.alt = picks ? "" : words; // a button's name is its caption
    if (!picks) return;
    inside.setAttribute("aria-pressed", String(number === chosen));
    inside.onclick = () => setStateValue("choice", number);
  });
}
