// The colour of text on a colour.

const LINEAR = Array.from({ length: 256 }, (_, level) =>
  level <= 10 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4,
);

// Black or white, whichever stands out more: 4.58 to 1 at the least (relative luminance as in WCAG 2.2).
export function ink([red, green, blue]) {
  const luminance = 0.2126 * LINEAR[red] + 0.7152 * LINEAR[green] + 0.0722 * LINEAR[blue];
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? "#000000" : "#ffffff";
}
