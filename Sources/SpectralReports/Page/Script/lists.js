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
  const kind = run.layers.length > 12 ? 'deep' : 'shallow';
  return [element('div', { class: kind }, element('h3', {}, cells.title), element('div', { class: 'scroll' }, table))];
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

/** The pairs and groups of a unit, which stand in one place. */
function lists(units) {
  const made = [];
  for (const unit of units) {
    if (unit.pairs) {
      made.push(numbersTable('Most redundant pairs', ['experts', 'mean cosine', 'floor', 'excess'],
        unit.pairs.map((pair) => [pair.experts.join(' and '), number(pair.value), number(pair.floor), number(pair.excess)]), 'No pair.'));
    }
    if (unit.groups) {
      made.push(numbersTable('Groups of alike experts', ['experts', 'mean cosine'],
        unit.groups.map((group) => [group.experts.join(', '), number(group.mean)]),
        'No expert is so alike to another that they form a group.'));
    }
  }
  return made.length ? [element('div', { class: 'lists' }, ...made)] : [];
}
