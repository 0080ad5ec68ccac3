/** The numbers behind a picture; throws where the browser does not hand out what it was given. */
async function numbers(heatmap, source) {
  const image = new Image();
  image.src = `data:image/png;base64,${source.png}`;
  await image.decode();
  const rows = heatmap.rows.length;
  const columns = (heatmap.columns ?? heatmap.rows).length;
  const canvas = element('canvas', { width: columns, height: 2 * rows });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, columns, 2 * rows).data;
  const cells = new Float64Array(rows * columns).fill(NaN);
  let sum = 0;
  for (let at = 0; at < rows * columns; at += 1) {
    const stored = pixels[4 * at] * 256 + pixels[4 * (at + rows * columns)];
    if (stored === 0) continue;
    sum += stored;
    cells[at] = (stored - 20000) * source.step;
    if (heatmap.symmetric) cells[(at % columns) * columns + Math.floor(at / columns)] = cells[at];
  }
  if (sum !== source.sum) throw new Error('this browser changes the pixels of pictures');
  return cells;
}

const decoded = new WeakMap();

/** Reads the numbers of a heatmap, once, so that drawing needs not wait. */
async function decode(map) {
  if (decoded.has(map)) return;
  const cells = await numbers(map, map.cells);
  decoded.set(map, { cells, floors: map.floors ? await numbers(map, map.floors) : null });
}

/** Where each row or column comes from, in the chosen order. */
function arranged(labels, separated, order) {
  const places = labels.map((_, at) => at);
  if (state.order !== 'groups' || !order) return places;
  const rank = new Map(order.map((name, at) => [name, at]));
  const routed = places.slice(0, labels.length - separated);
  if (!routed.every((at) => rank.has(labels[at]))) return places;
  routed.sort((a, b) => rank.get(labels[a]) - rank.get(labels[b]));
  return [...routed, ...places.slice(labels.length - separated)];
}

/** The cells as a picture whose points are as fine as the canvas has them: printers smooth coarser ones. */
function pictured(cells, map, rows, columns, points) {
  const picture = element('canvas', { width: columns.length * points, height: rows.length * points });
  const image = new ImageData(picture.width, picture.height);
  const pixels = new Uint32Array(image.data.buffer);
  rows.forEach((row, y) => {
    const start = y * points * picture.width;
    columns.forEach((column, x) => {
      const value = cells[row * columns.length + column];
      if (Number.isNaN(value) || (map.symmetric && row === column)) return;
      const [red, green, blue] = colour(value, map.scale, map.diverging);
      // The bytes of a pixel stand in the order of little-endian machines, which all browsers run on.
      pixels.fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0, start + x * points, start + (x + 1) * points);
    });
    for (let line = 1; line < points; line += 1) pixels.copyWithin(start + line * picture.width, start, start + picture.width);
  });
  picture.getContext('2d').putImageData(image, 0, 0);
  return picture;
}

function paint(canvas, cells, map, rows, columns, at, cell, scale) {
  const points = Math.max(1, Math.round(cell * scale));
  const picture = pictured(cells, map, rows, columns, points);
  const context = canvas.getContext('2d');
  const styles = getComputedStyle(document.documentElement);
  context.fillStyle = styles.getPropertyValue('--missing');
  context.imageSmoothingEnabled = false;
  const parts = (count) => {
    const first = count - map.separated;
    return [[0, first], [first, count]].filter(([from, to]) => to > from);
  };
  for (const [top, bottom] of parts(rows.length)) {
    for (const [left, right] of parts(columns.length)) {
      const edges = [at(left, columns.length), at(top, rows.length), (right - left) * cell, (bottom - top) * cell];
      const [x, y, width, height] = edges.map((edge) => edge * scale);
      context.fillRect(x, y, width, height);
      const [from, down, across, along] = [left, top, right - left, bottom - top].map((count) => count * points);
      context.drawImage(picture, from, down, across, along, x, y, width, height);
    }
  }
  if (map.symmetric) {
    context.fillStyle = styles.getPropertyValue('--neutral');
    rows.forEach((_, place) => {
      const start = at(place, rows.length) * scale;
      context.fillRect(start, start, cell * scale, cell * scale);
    });
  }
  if (cell >= 12) {
    context.strokeStyle = styles.getPropertyValue('--ground');
    context.lineWidth = scale;
    for (let place = 1; place < columns.length; place += 1) {
      context.strokeRect(at(place, columns.length) * scale, -9, 1e4, 1e5);
    }
    for (let place = 1; place < rows.length; place += 1) {
      context.strokeRect(-9, at(place, rows.length) * scale, 1e5, 1e4);
    }
  }
  // Chromium prints strokes anew, a few per cent too small, but pixels as they are.
  if (isPrinting()) context.putImageData(context.getImageData(0, 0, canvas.width, canvas.height), 0, 0);
}
