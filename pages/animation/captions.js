// Which channel or filter a plane of a walk is, and which group it belongs to, where there are several.

// {words, owner}: what stands above plane `channel` of a grid, and the number of its group; null where there is but one.
export function titleOfPlane(walk, name, channel) {
  const { channels } = walk.grids[name];
  const group = walk.grouped && walk.fields.has(name) ? Math.floor(channel / walk.channels_in) : null;
  const kernel = walk.isKernel(name);
  const names = walk.channel_names[kernel ? "x" : name] ?? [];
  const word = walk.weighted ? walk.axes[walk.points.includes(name) ? 0 : 1] : "channel";
  let words = channels > 1 ? (names[channel] ?? `${word} ${channel}`) : "";
  if (kernel && channels > 1) {
    const [first, second] = [Math.floor(channel / walk.channels_in), channel % walk.channels_in];
    const [outer, inner] = walk.axes;
    const own = `${outer} ${first}`;
    words = walk.channels_in === 1 ? own : `${second ? "" : `${own}, `}${names[second] ?? `${inner} ${second}`}`;
  }
  if (name === "bias" || name === "dbias") words = name;
  const owner = walk.grouped
    ? kernel
      ? Math.floor(channel / walk.channels_in / walk.channels_out)
      : (group ?? (walk.points.includes(name) ? Math.floor(channel / walk.channels_out) : null))
    : null;
  return { words: group !== null ? `${words} · group ${group}` : words, owner };
}
