// The panel that writes a step's sum out: blocks of terms laid out like the window, the total, and all of it as a table.

import { isDense } from "./panel.js";

export class Terms {
  constructor(part) {
    Object.assign(this, { blocks: part("terms"), total: part("total"), table: part("table") });
    this.table.ontoggle = () => this.tabulate();
  }

  // Show what `describe` says, as far as this stage has come; the rest keeps its place. breaks: the blocks that begin a line;
  // widths: of the blocks, at least.
  show(told, stage, { breaks = [], widths = [] } = {}) {
    this.told = told;
    const form = [
      breaks,
      widths,
      ...told.blocks.map(({ part, columns, terms, sum }) => [part, columns, terms.length, !terms[0].left, !sum]),
    ].join(";");
    if (form !== this.form) this.build(told.blocks, breaks, widths);
    this.form = form;
    told.blocks.forEach((block, number) => {
      const { section, heading, cells, sum } = this.built[number];
      later(section, block.stage > stage);
      heading.textContent = block.title;
      block.terms.forEach((term, i) => {
        const [box, factors, product] = cells[i];
        if (factors) factors.data = `${block.shared ? "" : `${term.left} `}× ${term.right}`;
        product.data = term.product;
        const name = `term${term.mark && term.mark.stage <= stage ? " mark" : ""}${term.muted ? " muted" : ""}`;
        if (box.className !== name) box.className = name;
      });
      if (sum) {
        sum.textContent = block.sum.html;
        later(sum, block.sum.stage > stage);
      }
    });
    this.total.innerHTML = told.total
      .map(({ html, stage: from }) => `<span${from > stage ? ' class="later"' : ""}>${html}</span>`)
      .join("");
    this.follow(told.blocks.findIndex((block) => block.stage === stage));
    if (this.table.open) this.tabulate();
  }

  // Where the blocks have to be scrolled, as on a phone, the keyboard reaches them.
  reach() {
    const { blocks } = this;
    const bounded = blocks.style.height; // nothing else has to be measured
    this.scrolls =
      bounded && (blocks.scrollWidth > blocks.clientWidth + 1 || blocks.scrollHeight > blocks.clientHeight + 1);
    if (this.scrolls) Object.assign(blocks, { tabIndex: 0, role: "group", ariaLabel: "Terms of this step" });
    else for (const name of ["tabindex", "role", "aria-label"]) blocks.removeAttribute(name);
  }

  // Bring the first block of a stage into sight, without moving the page.
  follow(number) {
    if (number < 0 || number === this.followed) return;
    this.followed = number;
    if (!this.scrolls) return;
    const [first, { section }] = [this.built[0].section, this.built[number]];
    this.blocks.scrollTo(section.offsetLeft - first.offsetLeft, 0);
  }

  build(blocks, breaks, widths) {
    this.blocks.replaceChildren();
    this.blocks.classList.toggle("dense", isDense(blocks));
    this.built = blocks.map((block, number) => {
      if (breaks.includes(number)) this.blocks.append(document.createElement("hr"));
      const section = document.createElement("section");
      if (block.part && widths[number]) section.style.minWidth = `${widths[number]}px`;
      section.innerHTML = `<h5></h5>${block.part ? "<h6></h6>" : ""}<div class="block" style="--columns:${block.columns}"></div>`;
      if (block.part) section.children[1].textContent = block.part;
      const cells = block.terms.map((term) => {
        const box = document.createElement("span");
        box.innerHTML = `${term.left === undefined ? "" : "<i> </i>"}<b> </b>`;
        section.lastChild.append(box);
        return [box, box.querySelector("i")?.firstChild, box.querySelector("b").firstChild];
      });
      const sum = block.sum
        ? section.appendChild(Object.assign(document.createElement("p"), { className: "part" }))
        : null;
      this.blocks.append(section);
      return { section, heading: section.firstChild, cells, sum };
    });
    this.followed = undefined;
    this.reach();
  }

  tabulate() {
    if (!this.table.open) return;
    let title = "";
    const rows = this.told.blocks.flatMap((block) => {
      title = block.title || title;
      return block.terms.map(
        ({ name, left, right, product }) =>
          `<tr><td>${title}${block.part ? `, ${block.part}` : ""}</td><th scope="row">${name}</th><td>${left ?? ""}</td><td>${right ?? ""}</td><td>${product}</td></tr>`,
      );
    });
    const heads = ["part", "cell", "first factor", "second factor", "number"].map(
      (head) => `<th scope="col">${head}</th>`,
    );
    this.table.querySelector("div").innerHTML =
      `<table><thead><tr>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }
}

const later = (element, hidden) => element.classList.toggle("later", hidden);
