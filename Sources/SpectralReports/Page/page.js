(() => {
  'use strict';

  const run = JSON.parse(document.getElementById('run').textContent);
  const state = { layer: run.layers[0], projection: run.projections[0], order: 'index' };
  const tooltip = document.getElementById('tooltip');
  const select = (id) => document.getElementById(id);

  // MARK: Elements

  const svgNamespace = 'http://www.w3.org/2000/svg';

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes = {}, ...children) {
    const made = document.createElementNS(svgNamespace, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const text = (words, x, y, attributes = {}) => drawn('text', { x, y, ...attributes }, words);

  /** Three digits, as the numbers of the page carry. */
  function number(value) {
    if (value == null || !Number.isFinite(value)) return 'not measured';
    const size = Math.abs(value);
    if (size >= 1000) return String(Math.round(value));
    if (size >= 0.0995 || size === 0) return value.toFixed(size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
    return String(Number(value.toPrecision(3)));
  }

  const signed = (value) => (value > 0 ? '+' : '') + number(value);

  // MARK: Colours

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

  // MARK: Axes

  function niceTicks(low, high, count) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
    const ticks = [];
    for (let place = Math.ceil(low / step - 1e-6); place * step <= high + step * 1e-6; place += 1) {
      ticks.push([place * step, String(Number((place * step).toPrecision(6)))]);
    }
    return ticks;
  }

  function logTicks(low, high) {
    const ticks = [];
    const decades = Math.log10(high / low);
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += decades > 8 ? 2 : 1) {
      for (const factor of decades > 2.5 ? [1] : decades > 1 ? [1, 3] : [1, 2, 3, 5, 7]) {
        const value = factor * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) ticks.push([value, String(Number(value.toPrecision(2)))]);
      }
    }
    return ticks;
  }

  /** Labels so thin that they do not touch. */
  function thinned(count, room, size) {
    const step = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200].find((each) => each * size >= room) ?? 256;
    return (place) => place % step === 0;
  }

  /** The words in lines that fit. */
  function wrapped(words, room) {
    const lines = [''];
    for (const word of words.split(' ')) {
      const line = `${lines[lines.length - 1]} ${word}`.trim();
      if (widthOf(line) <= room) lines[lines.length - 1] = line;
      else lines.push(word);
    }
    return lines;
  }

  const widthOf = (words) => words.length * 7.2;

  // MARK: Heatmaps

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

  async function drawHeatmap(panel, plot, order, width) {
    const map = panel.heatmap;
    const cells = await numbers(map, map.cells);
    const floors = map.floors ? await numbers(map, map.floors) : null;
    const rowLabels = map.rows;
    const columnLabels = map.columns ?? map.rows;
    const rows = arranged(rowLabels, map.separated, order);
    const columns = arranged(columnLabels, map.separated, order);

    const labelWidth = Math.min(96, Math.max(...rowLabels.map(widthOf)));
    const left = 32 + labelWidth;
    const right = map.floor == null ? 74 : 122;
    const top = 20;
    const side = Math.max(120, Math.min(width - left - right, 560));
    const gapX = map.separated > 0 && map.separated < columns.length ? 4 : 0;
    const cell = (side - gapX) / columns.length;
    const height = cell * rows.length + gapX;
    const below = labelWidth > 30 && cell < labelWidth + 4 ? labelWidth + 8 : 18;
    const at = (place, count) => place * cell + (place >= count - map.separated ? gapX : 0);

    const scale = Math.max(window.devicePixelRatio, columns.length / side);
    const canvas = element('canvas', {
      width: Math.round(side * scale), height: Math.round(height * scale), tabindex: 0, role: 'img',
      'aria-label': `${panel.title}. ${panel.subtitle}. `
        + `Mean ${number(map.mean)}, from ${number(map.least)} to ${number(map.most)}`
        + (map.floor == null ? '' : `, floor ${number(map.floor)}`)
        + '. Arrow keys move from cell to cell.',
      style: `left:${left}px;top:${top}px;width:${side}px;height:${height}px`,
    });
    paint(canvas, cells, map, rows, columns, at, cell, scale);

    const svg = drawn('svg', { viewBox: `0 0 ${width} ${top + height + below + 24}`, 'aria-hidden': true });
    svg.style.height = `${top + height + below + 24}px`;
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
    listen(canvas, cursor, { map, cells, floors, rows, columns, rowLabels, columnLabels, at, cell, left, top });
  }

  function shortened(words, room) {
    const most = Math.max(3, Math.floor(room / 7.2 + 0.01));
    return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
  }

  function paint(canvas, cells, map, rows, columns, at, cell, scale) {
    const image = new ImageData(columns.length, rows.length);
    rows.forEach((row, y) => columns.forEach((column, x) => {
      if (map.symmetric && row === column) return;
      const value = cells[row * columns.length + column];
      if (Number.isNaN(value)) return;
      image.data.set([...colour(value, map.scale, map.diverging), 255], 4 * (y * columns.length + x));
    }));
    const small = element('canvas', { width: columns.length, height: rows.length });
    small.getContext('2d').putImageData(image, 0, 0);
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
        context.drawImage(small, left, top, right - left, bottom - top, x, y, width, height);
      }
    }
    if (map.symmetric) {
      context.fillStyle = styles.getPropertyValue('--neutral');
      rows.forEach((_, place) => {
        const start = at(place, rows.length) * scale;
        context.fillRect(start, start, cell * scale, cell * scale);
      });
    }
    if (cell < 12) return;
    context.strokeStyle = styles.getPropertyValue('--ground');
    context.lineWidth = scale;
    for (let place = 1; place < columns.length; place += 1) {
      context.strokeRect(at(place, columns.length) * scale, -9, 1e4, 1e5);
    }
    for (let place = 1; place < rows.length; place += 1) {
      context.strokeRect(-9, at(place, rows.length) * scale, 1e5, 1e4);
    }
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
    for (const [value, label] of niceTicks(low, map.scale, 6)) {
      svg.append(drawn('path', { class: 'axis', d: `M${x + 14} ${y(value)}h4` }), text(label, x + 21, y(value) + 4));
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

  function listen(canvas, cursor, drawing) {
    const { map, cells, floors, rows, columns, rowLabels, columnLabels, at, cell, left, top } = drawing;
    let place = null;

    function show(row, column, x, y) {
      place = [row, column];
      const value = cells[rows[row] * columns.length + columns[column]];
      const thing = map.thing.replace(/^an? /, '');
      const a = rowLabels[rows[row]];
      const b = columnLabels[columns[column]];
      const names = map.symmetric
        ? (a === b ? `${thing} ${a} with itself` : `${thing}s ${a} and ${b}`)
        : `${map.rowTitle} ${a}, ${map.columnTitle} ${b}`;
      const lines = [names];
      if (!(map.symmetric && a === b)) {
        lines.push(`${map.measure} ${number(value)}`);
        const floor = floors ? floors[rows[row] * columns.length + columns[column]] : map.floor;
        if (floor != null && !Number.isNaN(floor) && !Number.isNaN(value)) {
          lines.push(`floor ${number(floor)}, gap ${signed(value - floor)}`);
        }
      }
      tooltip.textContent = lines.join('\n');
      tooltip.hidden = false;
      const box = tooltip.getBoundingClientRect();
      tooltip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 4))}px`;
      tooltip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
      cursor.setAttribute('x', left + at(column, columns.length));
      cursor.setAttribute('y', top + at(row, rows.length));
      cursor.setAttribute('visibility', 'visible');
    }

    function hide() {
      tooltip.hidden = true;
      cursor.setAttribute('visibility', 'hidden');
    }

    const find = (offset, count) => {
      let found = Math.floor(offset / cell);
      if (found >= count - map.separated) found = Math.floor((offset - (at(count - 1, count) - (count - 1) * cell)) / cell);
      return Math.min(Math.max(found, 0), count - 1);
    };
    canvas.addEventListener('pointermove', (event) => {
      const box = canvas.getBoundingClientRect();
      show(find(event.clientY - box.top, rows.length), find(event.clientX - box.left, columns.length), event.clientX, event.clientY);
    });
    canvas.addEventListener('pointerleave', hide);
    canvas.addEventListener('blur', hide);
    canvas.addEventListener('keydown', (event) => {
      const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (event.key === 'Escape') hide();
      if (!move) return;
      event.preventDefault();
      const [row, column] = place ?? [0, 0];
      const next = [
        Math.min(Math.max(row + move[0], 0), rows.length - 1),
        Math.min(Math.max(column + move[1], 0), columns.length - 1),
      ];
      const box = canvas.getBoundingClientRect();
      show(...next, box.left + at(next[1], columns.length) + cell, box.top + at(next[0], rows.length) + cell);
    });
  }

  // MARK: Charts

  function drawChart(panel, plot, width) {
    const chart = panel.chart;
    plot.replaceChildren();
    chart.panels.forEach((each, place) => {
      plot.append(chartPanel(chart, each, panel, width, place === chart.panels.length - 1), legend(each));
    });
  }

  /** Colours that the dark scheme needs lighter come from the style sheet. */
  const inkOf = (name) => ({ ink: 'var(--ink)', '#31688e': 'var(--blue)' })[name] ?? name;

  function chartPanel(chart, panel, whole, width, isLast) {
    const left = 70;
    const right = 14;
    const top = 12;
    const height = 210;
    const room = width - left - right;
    const xTitle = wrapped(chart.xTitle, room);
    const bottom = isLast ? 30 + 15 * xTitle.length : 24;
    const ys = [
      ...panel.lines.flatMap((line) => [...line.points.map((point) => point[1]), ...(line.area ?? []).flatMap((row) => row.slice(1))]),
      ...panel.bars.flatMap((bars) => [...bars.values, ...(bars.spreads ?? []).flat()]),
      ...(panel.level ? [panel.level.value] : []),
    ].filter((value) => value !== null && Number.isFinite(value) && (!panel.yLog || value > 0));
    let low = ys.length ? Math.min(...ys) : 0;
    let high = ys.length ? Math.max(...ys) : 1;
    if (panel.yLog) {
      if (low === high) { low /= 2; high *= 2; }
      low *= 0.9;
      high *= 1.1;
    } else {
      if (panel.fromZero) { low = Math.min(low, 0); high = Math.max(high, 0); }
      if (low === high) { low = panel.fromZero ? 0 : low - 1; high += 1; }
      const margin = (high - low) * 0.06;
      high += high > 0 || !panel.fromZero ? margin : 0;
      low -= low < 0 || !panel.fromZero ? margin : 0;
    }
    const y = (value) => top + height * (1 - (panel.yLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
    const svg = drawn('svg', { viewBox: `0 0 ${width} ${top + height + bottom}`, role: 'img', 'aria-label': chartWords(whole, panel, ys) });
    svg.style.height = `${top + height + bottom}px`;
    for (const [value, label] of panel.yLog ? logTicks(low, high) : niceTicks(low, high, 5)) {
      svg.append(drawn('path', { class: 'grid', d: `M${left} ${y(value)}h${room}` }), text(label, left - 7, y(value) + 4, { 'text-anchor': 'end' }));
    }
    svg.append(text(panel.yTitle, 0, 0, { 'text-anchor': 'middle', class: 'quiet', transform: `translate(13 ${top + height / 2}) rotate(-90)` }));
    svg.append(drawn('path', { class: 'axis', d: `M${left} ${top + height}h${room}` }));
    if (chart.categories) appendBars(svg, chart, panel, { left, top, height, room, y, low });
    else appendLines(svg, chart, panel, { left, top, height, room, y });
    if (isLast) {
      xTitle.forEach((line, place) => svg.append(
        text(line, left + room / 2, top + height + 38 + 15 * place, { 'text-anchor': 'middle', class: 'quiet' })));
    }
    return svg;
  }

  function chartWords(whole, panel, ys) {
    const ends = ys.length ? `from ${number(Math.min(...ys))} to ${number(Math.max(...ys))}` : 'nothing measured';
    const names = [...panel.lines, ...panel.bars].map((each) => each.label).filter(Boolean);
    return `${whole.title}. ${panel.yTitle} over ${whole.chart.xTitle}: ${names.join(', ')}; ${ends}.`;
  }

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

  function legend(panel) {
    const list = element('ul', { class: 'legend' });
    const add = (label, sample) => {
      const svg = drawn('svg', { viewBox: '0 0 26 10', 'aria-hidden': true });
      svg.append(sample);
      list.append(element('li', {}, svg, label));
    };
    for (const line of panel.lines) {
      if (!line.label) continue;
      if (line.area) {
        add(`${line.label}: range and middle half`, drawn('rect', { width: 26, height: 10, style: `fill:${inkOf(line.colour)};opacity:.45` }));
      } else {
        add(line.label, drawn('path', { d: 'M0 5h26', style: `stroke:${inkOf(line.colour)};stroke-width:${Math.max(line.width, 1.5)};stroke-opacity:${Math.max(line.opacity, 0.4)};stroke-dasharray:${line.dashes || 'none'}` }));
      }
    }
    for (const bars of panel.bars) add(bars.label, drawn('rect', { width: 26, height: 10, style: `fill:${inkOf(bars.colour)}` }));
    if (panel.level) add(panel.level.label, drawn('path', { d: 'M0 5h26', style: 'stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 5' }));
    return list;
  }

  // MARK: Sections

  function figure(panel) {
    const plot = element('div', { class: 'plot' });
    const caption = element('figcaption', {}, ...panel.notes.map((note) => element('p', {}, note)));
    const links = element('p', {});
    links.append(
      element('a', { href: `figures/${encodeURIComponent(panel.name)}.svg` }, 'SVG'),
      element('a', { href: `tables/${encodeURI(panel.table)}.csv` }, 'CSV'));
    caption.append(links);
    const made = element('figure', { class: panel.kind, 'data-figure': panel.table },
      element('h3', {}, panel.title), element('p', { class: 'subtitle' }, panel.subtitle), plot, caption);
    return [made, plot];
  }

  async function draw(panel, plot, order) {
    const width = Math.max(260, plot.clientWidth);
    if (panel.kind === 'heatmap') {
      try {
        await drawHeatmap(panel, plot, order, width);
      } catch (error) {
        plot.replaceChildren(element('p', {}, `This figure cannot be drawn: ${error.message}. Open its SVG.`));
      }
    } else {
      drawChart(panel, plot, width);
    }
  }

  function overview() {
    const { overview: cells } = run;
    if (!cells) return [];
    const table = element('table', { class: 'overview' });
    table.append(element('thead', {}, element('tr', {}, element('th', {}, 'layer'), ...run.projections.map((name) => element('th', {}, name)))));
    const body = element('tbody');
    run.layers.forEach((layer, row) => {
      const line = element('tr', {}, element('th', {}, String(layer)));
      run.projections.forEach((projection, column) => {
        const value = cells.values[row][column];
        if (value === null) { line.append(element('td')); return; }
        const floor = cells.floors[row][column];
        const shade = colour(value, cells.scale, cells.diverging);
        const button = element('button', {
          type: 'button', 'data-layer': layer, 'data-projection': projection,
          style: `background:rgb(${shade});color:${readable(shade)}`,
          'aria-label': `layer ${layer}, ${projection}: ${number(value)}` + (floor === null ? '' : `, floor ${number(floor)}`),
          title: floor === null ? '' : `floor ${number(floor)}, gap ${signed(value - floor)}`,
        }, cells.diverging ? signed(value) : number(value));
        button.addEventListener('click', () => {
          choose({ layer, projection });
          (document.getElementById('similarity') ?? document.getElementById('maps'))?.scrollIntoView();
        });
        line.append(element('td', {}, button));
      });
      body.append(line);
    });
    table.append(body);
    return [element('div', {}, element('h3', {}, cells.title), element('div', { class: 'scroll' }, table))];
  }

  function numbersTable(title, columns, rows, none) {
    const block = element('div', {}, element('h3', {}, title));
    if (!rows.length) { block.append(element('p', { class: 'lead' }, none)); return block; }
    const table = element('table', { class: 'numbers' },
      element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', {}, name)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map((cell) => element('td', {}, cell))))));
    block.append(element('div', { class: 'scroll' }, table));
    return block;
  }

  function lists(unit) {
    const made = [];
    if (unit.pairs) {
      made.push(numbersTable('Most redundant pairs', ['experts', 'mean cosine', 'floor', 'excess'],
        unit.pairs.map((pair) => [pair.experts.join(' and '), number(pair.value), number(pair.floor), number(pair.excess)]), 'No pair.'));
    }
    if (unit.groups) {
      made.push(numbersTable('Groups of alike experts', ['experts', 'mean cosine'],
        unit.groups.map((group) => [group.experts.join(', '), number(group.mean)]),
        'No expert is so alike to another that they form a group.'));
    }
    return made;
  }

  const blocks = [...document.querySelectorAll('script.unit')];

  /** What is known of the chosen layer and projection. */
  function chosenUnits() {
    return [
      ...blocks.filter((block) => Number(block.dataset.layer) === state.layer
        && (block.dataset.projection === undefined || block.dataset.projection === state.projection))
        .map((block) => JSON.parse(block.textContent)),
      ...run.byProjection.filter((unit) => unit.projection === state.projection),
    ];
  }

  let drawing = 0;

  async function render() {
    drawing += 1;
    const mine = drawing;
    tooltip.hidden = true;
    for (const button of document.querySelectorAll('.overview button')) {
      button.setAttribute('aria-pressed', Number(button.dataset.layer) === state.layer && button.dataset.projection === state.projection);
    }
    const units = chosenUnits();
    const order = units.find((unit) => unit.order)?.order;
    select('order').disabled = !order;
    const waiting = [];
    for (const section of document.querySelectorAll('section[data-section]')) {
      const id = section.dataset.section;
      if (id === 'profiles') continue;
      const panels = units.flatMap((unit) => unit.sections[id] ?? []);
      section.querySelector('.unit').textContent = `layer ${state.layer}, ${state.projection}`;
      const figures = panels.map((panel) => [panel, ...figure(panel)]);
      const extras = id === 'similarity' ? units.flatMap(lists) : [];
      const none = panels.length ? [] : [element('p', { class: 'lead' }, 'Nothing was measured here for this layer and projection.')];
      section.querySelector('.panels').replaceChildren(...figures.map(([, made]) => made), ...extras, ...none);
      waiting.push(...figures.map(([panel, , plot]) => [panel, plot]));
    }
    // The first heatmap is what a reader waits for.
    waiting.sort(([a], [b]) => (a.kind === 'heatmap' ? 0 : 1) - (b.kind === 'heatmap' ? 0 : 1));
    for (const [panel, plot] of waiting) {
      if (mine !== drawing) return;
      await draw(panel, plot, order);
      ready();
    }
    ready();
    if (mine === drawing) document.documentElement.dataset.drawn = `${state.layer}/${state.projection}/${state.order}`;
  }

  function ready() {
    if (document.documentElement.dataset.ready) return;
    document.documentElement.dataset.ready = 'true';
    performance.mark('first-figure');
  }

  function choose(change) {
    Object.assign(state, change);
    select('layer').value = state.layer;
    select('projection').value = state.projection;
    return render();
  }

  async function drawProfiles() {
    const section = document.querySelector('section[data-section=profiles] .panels');
    if (!section) return;
    const figures = run.profiles.map((panel) => [panel, ...figure(panel)]);
    section.replaceChildren(...overview(), ...figures.map(([, made]) => made));
    for (const [panel, , plot] of figures) await draw(panel, plot);
  }

  select('layer').append(...run.layers.map((layer) => element('option', { value: layer }, String(layer))));
  select('projection').append(...run.projections.map((name) => element('option', { value: name }, name)));
  select('layer').addEventListener('change', (event) => choose({ layer: Number(event.target.value) }));
  select('projection').addEventListener('change', (event) => choose({ projection: event.target.value }));
  select('order').addEventListener('change', (event) => choose({ order: event.target.value }));

  let resizing = 0;
  let width = innerWidth;
  const redraw = () => { drawProfiles(); render(); };
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resizing);
    resizing = setTimeout(redraw, 150);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

  document.querySelector('.controls').hidden = blocks.length === 0;
  drawProfiles();
  render();
})();
