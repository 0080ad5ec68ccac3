function drawChart(panel, plot, width) {
  const chart = panel.chart;
  plot.replaceChildren();
  const count = chart.panels.length;
  const isRow = getComputedStyle(plot).gridAutoFlow === 'column';
  const room = isRow ? (width - 36 * (count - 1)) / count : width;
  chart.panels.forEach((each, place) => {
    plot.append(chartPanel(chart, each, panel, room, isRow || place === count - 1), legend(chart, each));
  });
}

/** Colours that the dark scheme needs lighter come from the style sheet. */
const inkOf = (name) => ({ ink: 'var(--ink)', '#31688e': 'var(--blue)' })[name] ?? name;

function chartPanel(chart, panel, whole, width, isLast) {
  const marks = chart.panels.flatMap((each) => each.ticks.map(([, label]) => widthOf(label)));
  const left = Math.max(70, 30 + Math.max(...marks));
  const right = 14;
  const top = 12;
  const height = isPrinting() ? 150 : 210;
  const room = width - left - right;
  const xTitle = wrapped(chart.xTitle, room);
  const bottom = isLast ? 30 + 15 * xTitle.length : 24;
  const { low, high } = panel;
  const y = (value) => top + height * (1 - (panel.yLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
  const svg = drawn('svg', { viewBox: `0 0 ${width} ${top + height + bottom}`, role: 'img', 'aria-label': chartWords(whole, panel) });
  for (const [value, label] of panel.ticks) {
    const place = y(Number(value));
    svg.append(drawn('path', { class: 'grid', d: `M${left} ${place}h${room}` }), text(label, left - 7, place + 4, { 'text-anchor': 'end' }));
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

function chartWords(whole, panel) {
  const ends = panel.least === undefined ? 'nothing measured' : `from ${number(panel.least)} to ${number(panel.most)}`;
  const names = [...panel.lines, ...panel.bars].map((each) => each.label).filter(Boolean);
  return `${whole.title}. ${panel.yTitle} over ${whole.chart.xTitle}: ${names.join(', ')}; ${ends}.`;
}

function legend(chart, panel) {
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
  for (const [, label] of chart.uprights) add(label, drawn('path', { d: 'M0 5h26', style: 'stroke:var(--ink);stroke-dasharray:2 3' }));
  if (panel.level) add(panel.level.label, drawn('path', { d: 'M0 5h26', style: 'stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 5' }));
  return list;
}
