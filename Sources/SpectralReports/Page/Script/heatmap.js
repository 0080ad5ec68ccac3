function drawHeatmap(panel, plot, order, width) {
  const map = panel.heatmap;
  const { cells, floors } = decoded.get(map);
  const rowLabels = map.rows;
  const columnLabels = map.columns ?? map.rows;
  const rows = arranged(rowLabels, map.separated, order);
  const columns = arranged(columnLabels, map.separated, order);

  const labelWidth = Math.min(96, Math.max(...rowLabels.map(widthOf)));
  const left = 32 + labelWidth;
  const right = map.floor == null ? 74 : 122;
  const top = 20;
  const side = Math.max(120, Math.min(width - left - right, isPrinting() ? 230 : 560));
  const gapX = map.separated > 0 && map.separated < columns.length ? 4 : 0;
  const cell = (side - gapX) / columns.length;
  const height = cell * rows.length + gapX;
  const below = labelWidth > 30 && cell < labelWidth + 4 ? labelWidth + 8 : 18;
  const at = (place, count) => place * cell + (place >= count - map.separated ? gapX : 0);

  const whole = { width, height: top + height + below + 24 };
  const share = (part, of) => `${(100 * part) / of}%`;
  // Paper shows finer points than screens.
  const scale = Math.max(isPrinting() ? 4 : window.devicePixelRatio, columns.length / side);
  const canvas = element('canvas', {
    width: Math.round(side * scale), height: Math.round(height * scale), tabindex: 0, role: 'img',
    'aria-label': `${panel.title}. ${panel.subtitle}. `
      + `Mean ${number(map.mean)}, from ${number(map.least)} to ${number(map.most)}`
      + (map.floor == null ? '' : `, floor ${number(map.floor)}`)
      + '. Arrow keys move from cell to cell.',
    // In shares of the drawing, so that cells keep to their labels whatever its size becomes.
    style: `left:${share(left, whole.width)};top:${share(top, whole.height)};`
      + `width:${share(side, whole.width)};height:${share(height, whole.height)}`,
  });
  paint(canvas, cells, map, rows, columns, at, cell, scale);

  const svg = drawn('svg', { viewBox: `0 0 ${whole.width} ${whole.height}`, 'aria-hidden': true });
  // The names of shared experts always stand, and those before them leave them room.
  const isClear = (place, count) => place >= count - map.separated || map.separated === 0
    || at(count - map.separated, count) - at(place, count) >= 14;
  const showsRow = thinned(rows.length, 15, cell);
  rows.forEach((from, place) => {
    if ((!showsRow(place) && place < rows.length - map.separated) || !isClear(place, rows.length)) return;
    svg.append(text(shortened(rowLabels[from], labelWidth), left - 6, top + at(place, rows.length) + cell / 2 + 4, { 'text-anchor': 'end' }));
  });
  const upright = below > 18;
  const showsColumn = thinned(columns.length, upright ? 15 : Math.max(...columnLabels.map(widthOf)) + 8, cell);
  columns.forEach((from, place) => {
    if ((!showsColumn(place) && place < columns.length - map.separated) || !isClear(place, columns.length)) return;
    const x = left + at(place, columns.length) + cell / 2;
    const words = shortened(columnLabels[from], labelWidth);
    svg.append(upright
      ? text(words, 0, 0, { 'text-anchor': 'end', transform: `translate(${x + 4} ${top + height + 8}) rotate(-90)` })
      : text(words, x, top + height + 16, { 'text-anchor': 'middle' }));
  });
  svg.append(
    text(map.columnTitle, left + side / 2, top + height + below + 18, { 'text-anchor': 'middle', class: 'quiet' }),
    text(map.rowTitle, 0, 0, { 'text-anchor': 'middle', class: 'quiet', transform: `translate(12 ${top + height / 2}) rotate(-90)` }));
  appendColourBar(svg, panel.name, map, left + side + (map.floor == null ? 14 : 62), top, Math.max(height, 90));
  if (cell >= 36 && rows.length * columns.length <= 200) appendValues(svg, cells, map, rows, columns, at, cell, left, top);
  const cursor = drawn('rect', { class: 'cursor', width: cell, height: cell, visibility: 'hidden' });
  svg.append(cursor);
  plot.replaceChildren(canvas, svg);
  svg.style.position = 'relative';
  svg.style.pointerEvents = 'none';
  listen(canvas, cursor, { map, cells, floors, rows, columns, rowLabels, columnLabels, at, cell, left, top, side });
}

function appendValues(svg, cells, map, rows, columns, at, cell, left, top) {
  rows.forEach((row, y) => columns.forEach((column, x) => {
    const value = cells[row * columns.length + column];
    if (Number.isNaN(value)) return;
    const label = text(value.toFixed(map.scale < 0.02 ? 4 : map.scale < 0.2 ? 3 : 2),
      left + at(x, columns.length) + cell / 2, top + at(y, rows.length) + cell / 2 + 4, { 'text-anchor': 'middle' });
    label.style.fill = readable(colour(value, map.scale, map.diverging));
    svg.append(label);
  }));
}

function appendColourBar(svg, name, map, x, top, height) {
  const low = map.diverging ? -map.scale : 0;
  const y = (value) => top + height * (1 - (Math.min(Math.max(value, low), map.scale) - low) / (map.scale - low));
  const gradient = drawn('linearGradient', { id: `bar-${name}`, x1: 0, y1: 1, x2: 0, y2: 0 });
  (map.diverging ? run.redBlue : run.viridis).forEach((hex, place, all) => {
    gradient.append(drawn('stop', { offset: place / (all.length - 1), 'stop-color': hex }));
  });
  svg.append(gradient, drawn('rect', { x, y: top, width: 14, height, fill: `url(#bar-${name})` }),
    text(map.measure, x + 7, top - 8, { 'text-anchor': 'middle', class: 'quiet' }));
  for (const [value, label] of map.ticks) {
    const place = y(Number(value));
    svg.append(drawn('path', { class: 'axis', d: `M${x + 14} ${place}h4` }), text(label, x + 21, place + 4));
  }
  if (map.floor == null) return;
  const mark = y(map.floor);
  svg.append(
    drawn('path', { d: `M${x - 2} ${mark}h18`, stroke: '#fff', 'stroke-width': 4 }),
    drawn('path', { class: 'axis', d: `M${x - 2} ${mark}h18`, 'stroke-width': 2, style: 'stroke:#000' }),
    drawn('path', { class: 'mark', d: `M${x - 2} ${mark}l-7 -4v8z` }),
    text('floor', x - 12, mark - 2, { 'text-anchor': 'end', class: 'strong' }),
    text(number(map.floor), x - 12, mark + 11, { 'text-anchor': 'end', class: 'strong' }));
}
