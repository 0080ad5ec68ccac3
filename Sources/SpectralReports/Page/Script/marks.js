function appendLines(svg, chart, panel, { left, top, height, room, y }) {
  const xs = panel.lines.flatMap((line) => [...line.points, ...(line.area ?? [])].map((point) => point[0]));
  let first = Math.min(...xs);
  let last = Math.max(...xs);
  if (first === last) { first -= 0.5; last += 0.5; }
  const isLog = chart.xLog && first > 0;
  const x = (value) => left + room * (isLog ? Math.log(value / first) / Math.log(last / first) : (value - first) / (last - first));
  let free = -Infinity;
  for (const [value, label] of chart.xTicks) {
    const place = x(Number(value));
    if (place < left - 1 || place > left + room + 1 || place - widthOf(label) / 2 < free) continue;
    free = place + widthOf(label) / 2 + 8;
    svg.append(drawn('path', { class: 'axis', d: `M${place} ${top + height}v4` }), text(label, place, top + height + 18, { 'text-anchor': 'middle' }));
  }
  for (const [value] of chart.uprights) {
    const place = x(Number(value));
    svg.append(drawn('path', { d: `M${place} ${top}v${height}`, style: 'stroke:var(--ink);stroke-dasharray:2 3' }));
  }
  const has = (value) => value !== null && (!panel.yLog || value > 0);
  for (const line of panel.lines) {
    const style = `fill:none;stroke:${inkOf(line.colour)};stroke-width:${line.width};stroke-opacity:${line.opacity};stroke-dasharray:${line.dashes || 'none'}`;
    if (line.area) {
      for (const [from, to, opacity] of [[1, 4, 0.22], [2, 3, 0.4]]) {
        const rows = line.area.filter((row) => has(row[from]) && has(row[to]));
        const there = rows.map((row) => `${x(row[0]).toFixed(1)} ${y(row[to]).toFixed(1)}`);
        const back = rows.map((row) => `${x(row[0]).toFixed(1)} ${y(row[from]).toFixed(1)}`).reverse();
        if (rows.length) svg.append(drawn('path', { d: `M${[...there, ...back].join('L')}z`, style: `fill:${inkOf(line.colour)};opacity:${opacity}` }));
      }
      continue;
    }
    let path = '';
    let isOpen = false;
    for (const [place, value] of line.points) {
      if (!has(value)) { isOpen = false; continue; }
      path += `${isOpen ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
      isOpen = true;
    }
    if (path) svg.append(drawn('path', { d: path, style }));
    if (line.points.length === 1 && has(line.points[0][1])) {
      svg.append(drawn('circle', { cx: x(line.points[0][0]), cy: y(line.points[0][1]), r: 4, style: `fill:${inkOf(line.colour)}` }));
    }
  }
}

function appendBars(svg, chart, panel, { left, top, height, room, y, low }) {
  const pitch = room / chart.categories.length;
  const count = panel.bars.length;
  const size = Math.min(40, (pitch * 0.8) / count);
  const shows = thinned(chart.categories.length, Math.max(...chart.categories.map(widthOf)) + 8, pitch);
  chart.categories.forEach((name, place) => {
    const middle = left + (place + 0.5) * pitch;
    if (shows(place)) svg.append(text(shortened(name, 96), middle, top + height + 18, { 'text-anchor': 'middle' }));
    panel.bars.forEach((bars, at) => {
      const value = bars.values[place];
      if (value === null) return;
      const start = middle + (at - count / 2) * size;
      const [upper, lower] = [y(Math.max(value, 0)), y(Math.max(Math.min(value, 0), low))];
      svg.append(drawn('rect', { x: start + size * 0.06, y: upper, width: size * 0.88, height: Math.max(lower - upper, 0.5), style: `fill:${inkOf(bars.colour)}` }));
      const spread = bars.spreads?.[place] ?? [];
      if (spread.length === 2 && size > 5) {
        svg.append(drawn('path', { class: 'axis', style: 'stroke:var(--ink)', d: `M${start + size / 2} ${y(spread[0])}V${y(spread[1])}` }));
      }
    });
  });
  if (panel.level && panel.level.value !== null) {
    svg.append(drawn('path', { d: `M${left} ${y(panel.level.value)}h${room}`, style: 'stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 5' }));
  }
}
