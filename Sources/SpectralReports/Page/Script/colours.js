const colourTable = (anchors) => {
  const channels = anchors.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  return Array.from({ length: 256 }, (_, step) => {
    const place = (step / 255) * (channels.length - 1);
    const low = Math.min(Math.floor(place), channels.length - 2);
    return channels[low].map((value, at) =>
      Math.round(value + (channels[low + 1][at] - value) * (place - low)));
  });
};
const viridis = colourTable(run.viridis);
const redBlue = colourTable(run.redBlue);

function colour(value, scale, diverging) {
  const share = diverging ? (value + scale) / (2 * scale) : value / scale;
  const step = Math.round(Math.min(Math.max(share, 0), 1) * 255);
  return (diverging ? redBlue : viridis)[step];
}

/** Black or white, whichever stands out more: WCAG's relative luminance. */
function readable([red, green, blue]) {
  const light = [red, green, blue].map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] < 0.179 ? '#fff' : '#000';
}
