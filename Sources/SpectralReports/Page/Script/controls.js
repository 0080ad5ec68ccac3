select('layer').append(...run.layers.map((layer) => element('option', { value: layer }, String(layer))));
select('projection').append(...run.projections.map((name) => element('option', { value: name }, name)));
select('layer').addEventListener('change', (event) => choose({ layer: Number(event.target.value) }));
select('projection').addEventListener('change', (event) => choose({ projection: event.target.value }));
select('order').addEventListener('change', (event) => choose({ order: event.target.value }));

addEventListener('hashchange', () => {
  const wanted = asked(location.hash);
  if (wanted) turn(wanted);
});

let resizing = 0;
let width = innerWidth;
const redraw = () => { drawProfiles(); render(); };
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(resizing);
  resizing = setTimeout(redraw, 150);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (!isPrinting()) redraw(); });

// A sheet of paper has its own width and no dark scheme: figures are drawn anew for it, at once.
const redrawDrawn = () => [...figures.whole, ...figures.chosen].filter((each) => each.isDrawn).forEach(draw);
addEventListener('beforeprint', () => { document.documentElement.dataset.printing = ''; redrawDrawn(); });
addEventListener('afterprint', () => { delete document.documentElement.dataset.printing; redrawDrawn(); });

document.querySelector('.controls').hidden = blocks.length === 0;
drawProfiles();
turn({}).then(() => document.getElementById(location.hash.slice(1))?.scrollIntoView());
