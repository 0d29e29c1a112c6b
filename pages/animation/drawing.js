// A drawing, whose links lead to other pages of the app.

// A link here would load all of the app anew, and what the reader has set on its pages would be gone. Streamlit's own links do
// not; so where the page has one to the same address, that is followed. Whoever wants a tab of its own gets it from this one.
function follow(event) {
  const link = event.target.closest("a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.getAttribute("href"), document.baseURI).href;
  const same = [...document.querySelectorAll('[data-testid="stPageLink-NavLink"]')].find(
    ({ href }) => href === address,
  );
  if (!same) return;
  event.preventDefault();
  same.click();
}

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".drawing");
  place.innerHTML = data.svg;
  place.onclick = follow;
}
