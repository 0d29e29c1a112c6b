// Exact numbers: a grid holds whole counts, each worth 1 / scale; text is written from the counts.

const TYPES = { i1: Int8Array, i2: Int16Array, i4: Int32Array, f8: Float64Array, u1: Uint8Array };

function unpack({ dtype, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // much faster than Uint8Array.from
  return new TYPES[dtype](bytes.buffer);
}

// The number in full: no decimals beyond the last that counts, and a true minus sign.
function write(count, scale, places) {
  let text = (count / scale).toFixed(places);
  if (places) text = text.replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text.replace("-", "−");
}

// As a factor or a summand after a sign: negative numbers in brackets.
const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);
