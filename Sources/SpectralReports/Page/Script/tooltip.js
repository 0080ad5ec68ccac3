function listen(canvas, cursor, drawing) {
  const { map, cells, floors, rows, columns, rowLabels, columnLabels, at, cell, left, top, side } = drawing;
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
    const zoom = side / box.width;
    show(find((event.clientY - box.top) * zoom, rows.length), find((event.clientX - box.left) * zoom, columns.length),
      event.clientX, event.clientY);
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
