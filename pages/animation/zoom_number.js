const RAISED = { "-": "⁻", ...Object.fromEntries(Array.from("⁰¹²³⁴⁵⁶⁷⁸⁹", (sign, digit) => [digit, sign])) };
const [TINY, HUGE] = [1e-3, 1e6]; // below and from here on, a number has a power of ten

// A number with four digits, as the server writes it.
export function brief(number) {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  const text = size && (size < TINY || size >= HUGE) ? number.toExponential(3) : String(Number(number.toPrecision(4)));
  return text.replace(/\.?0*e\+?/, "e").replaceAll("-", "−");
}

// For a small cell: two digits, or that it is next to nothing beside the others.
export function short(number) {
  if (!Number.isFinite(number)) return brief(number);
  if (number && Math.abs(number) < 5e-4) return "≈0";
  const text = Math.abs(number) < 0.01 ? number.toFixed(3) : String(Number(number.toPrecision(2)));
  return text.length > 6 ? brief(number) : text.replace("-", "−");
}

export const powerOfTen = (power) => `10${Array.from(String(power), (sign) => RAISED[sign]).join("")}`;
