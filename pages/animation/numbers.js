// Exact numbers: a grid holds whole counts, each worth 1 / scale; text is written from the counts.
// How they are rounded is said in cnn_core/walks/rounding.py: to the nearest, and a half away from zero. Here is the same in
// whole numbers of any size, as a division in floating point would round a second time; a test compares the two.

const DIGITS = 3; // decimals, and digits, of a number without an end

const TYPES = {
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
  u1: Uint8Array,
};

export function unpack({ dtype, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // much faster than Uint8Array.from
  return new TYPES[dtype](bytes.buffer);
}

const ten = (places) => 10n ** BigInt(places);
const magnitude = (count) => BigInt(Math.abs(count));

// The decimals that numbers count / scale have at most, if they have an end: as many as scale's twos and fives ask for.
const DECIMALS = new Map();
function placesOf(scale) {
  if (!DECIMALS.has(scale)) {
    const places = [2n, 5n].map((factor) => {
      let times = 0;
      for (let rest = BigInt(scale); rest % factor === 0n; rest /= factor) times++;
      return times;
    });
    DECIMALS.set(scale, Math.max(...places));
  }
  return DECIMALS.get(scale);
}

// Whether count / scale has an end as a decimal number; `write` then writes it in full.
const ends = (count, scale) => (magnitude(count) * ten(placesOf(scale))) % BigInt(scale) === 0n;

export const equalsSign = (count, scale) => (ends(count, scale) ? "=" : "≈");

// The number with at most so many decimals, a true minus sign and no idle zeros. By default as many as it has; if it has no
// end, three, or so many that three digits are shown.
export function write(count, scale, places) {
  places ??= ends(count, scale) ? placesOf(scale) : Math.max(DIGITS, firstPlace(count, scale) + DIGITS - 1);
  const last = units(count, scale, places);
  let text = String(last).padStart(places + 1, "0");
  if (places) text = `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, "");
  return count < 0 && last ? `−${text}` : text;
}

// The ways to write a number into a small cell, each shorter than the one before: 0.0004, then 4e−4, then ≈0.
export function shortened(count, scale) {
  const texts = [write(count, scale)];
  const shorter = [3, 2, 1, 0].map((places) => write(count, scale, places)).filter((text) => text !== "0");
  if (count && Math.abs(count) < scale) shorter.push(power(count, scale), "≈0");
  for (const text of shorter) if (text.length < texts.at(-1).length) texts.push(text);
  return texts;
}

// Without its sign, in units of its last decimal.
const units = (count, scale, places) => (2n * magnitude(count) * ten(places) + BigInt(scale)) / (2n * BigInt(scale));

// Which decimal the first digit stands at: 1 for 0.5, 4 for 0.0004, and 0 for 1 or more.
function firstPlace(count, scale) {
  let places = 0;
  while (magnitude(count) * ten(places) < BigInt(scale)) places++;
  return places;
}

// A number below 1 as one digit and a power of ten.
function power(count, scale) {
  const place = firstPlace(count, scale);
  const digit = units(count, scale, place);
  return `${count < 0 ? "−" : ""}${digit < 10n ? `${digit}e−${place}` : `1e−${place - 1}`}`;
}

// As a factor or a summand after a sign: negative numbers in brackets.
export const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);
