// The keyboard's focus is not lost. Where the control that has it is disabled or goes away, most often because of what it did,
// the nearest one that works gets it: of those around it the main one, whose words are bold, or else the first.
// A page that is left for another runs this once more: all names stand inside.
window.convscopeFocus ??= (() => {
  const SOON = 500; // ms in which the key that was meant for the former control may be down, or come twice
  const around = (control) => {
    const places = [];
    for (let at = control.parentElement; at?.closest("[data-testid=stMain]"); at = at.parentElement) places.push(at);
    return places;
  };
  const works = (place) => {
    const found = [...place.querySelectorAll("button:enabled, input:enabled, a[href]")].filter((each) =>
      each.checkVisibility(),
    );
    return found.find((each) => each.querySelector("strong")) ?? found[0];
  };
  let [held, given] = [null, null];

  document.addEventListener("focusin", ({ target }) => {
    held = { control: target, places: around(target), path: location.pathname };
  });
  document.addEventListener("pointerdown", () => (held = given = null), true); // who points sees where it went
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.target === given?.control && (event.repeat || performance.now() < given.since + SOON))
        if (event.key === "Enter" || event.key === " ") event.preventDefault();
    },
    true,
  );
  // While the page's script runs, what is to come may not be there yet: the nearest of what is left would be far away.
  const running = () => document.querySelector('[data-test-script-state="running"]');
  new MutationObserver(() => {
    if (!held || (held.control.isConnected && !held.control.disabled) || running()) return;
    const { control, places, path } = held;
    held = null;
    if (path !== location.pathname || ![null, document.body, control].includes(document.activeElement)) return;
    const next = places
      .filter((place) => place.isConnected)
      .map(works)
      .find(Boolean);
    if (!next) return;
    given = { control: next, since: performance.now() };
    next.focus({ preventScroll: true });
  }).observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ["disabled", "data-test-script-state"],
  });
  return true;
})();
