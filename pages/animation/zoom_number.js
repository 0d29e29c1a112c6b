const [TINY, HUGE] = [1e-3, 1e6]; // below and from here on, a number has a power of ten

// A number with four digits, as the server writes it.
export function brief(number) {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  const text = size && (size < TINY || size >= HUGE) ? number.toExponential(3) : String(Number(number.toPrecision(4)));
  return text.replace(/\.?0*e\+?/, "e").replaceAll("-", "−");
}
