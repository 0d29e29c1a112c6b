// Pictures side by side that stay where they are: another answer of the server changes those that differ.

const figure = () => {
  const made = document.createElement("figure");
  made.append(new Image(), document.createElement("figcaption"));
  return made;
};

export default function ({ data: [{ title, width, pictures }], parentElement }) {
  const place = parentElement.querySelector(".gallery");
  parentElement.querySelector("h3").textContent = title;
  place.style.setProperty("--width", `${width}px`);
  while (place.childElementCount > pictures.length) place.lastElementChild.remove();
  pictures.forEach(([words, address, rows, columns], number) => {
    const [picture, caption] = (place.children[number] ?? place.appendChild(figure())).children;
    [picture.width, picture.height] = [columns, rows]; // there is room before it is there
    if (picture.src !== address) picture.src = address;
    picture.alt = caption.textContent = words;
  });
}
