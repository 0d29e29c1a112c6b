// Two fingers that part or come together, on a screen or (as a wheel with Ctrl) on a touchpad. A wheel alone scrolls the page.

const [PINCH, REST] = [1.35, 400]; // how far fingers part until it counts; ms until the wheel counts again

// act: called with whether one wants to be closer.
export function listenToPinches(root, act) {
  let apart = null;
  let again = 0;
  root.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      if (Date.now() < again) return;
      again = Date.now() + REST;
      act(event.deltaY < 0);
    },
    { passive: false },
  );
  root.addEventListener("touchstart", (event) => (apart = spread(event)), { passive: true });
  root.addEventListener(
    "touchmove",
    (event) => {
      const now = spread(event);
      if (!apart || !now || Math.max(now / apart, apart / now) < PINCH) return;
      const closer = now > apart;
      apart = null;
      act(closer);
    },
    { passive: true },
  );
}

// How far two fingers are apart.
function spread({ touches }) {
  if (touches.length !== 2) return null;
  return Math.hypot(touches[0].clientX - touches[1].clientX, touches[0].clientY - touches[1].clientY);
}
