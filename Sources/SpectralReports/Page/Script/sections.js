function figure(panel) {
  const plot = element('div', { class: 'plot' });
  const caption = element('figcaption', {}, ...panel.notes.map((note) => element('p', {}, note)));
  const links = element('p', {});
  links.append(
    element('a', { href: `figures/${encodeURIComponent(panel.name)}.svg` }, 'SVG'),
    element('a', { href: `tables/${encodeURI(panel.table)}.csv` }, 'CSV'));
  caption.append(links);
  // Charts above one another take the room of two.
  const kind = panel.chart?.panels.length > 1 ? `${panel.kind} tall` : panel.kind;
  const made = element('figure', { class: kind, 'data-figure': panel.table },
    element('h3', {}, panel.title), element('p', { class: 'subtitle' }, panel.subtitle), plot, caption);
  return [made, plot];
}

/** Gives the last ones rows of their own where two columns would not end together. */
function balanced(blocks) {
  const endTogether = (count) => {
    const ends = [0, 0];
    for (const block of blocks.slice(0, count)) ends[ends[0] <= ends[1] ? 0 : 1] += block.matches('.tall') ? 2 : 1;
    return ends[0] === ends[1];
  };
  let count = blocks.length;
  while (!endTogether(count)) count -= 1;
  for (const block of blocks.slice(count)) block.classList.add('alone');
  return blocks;
}

/** Draws a figure in the room that it has; its cells are decoded before. */
function draw({ panel, plot, order }) {
  const width = Math.max(260, plot.clientWidth);
  if (panel.kind === 'heatmap') drawHeatmap(panel, plot, order, width);
  else drawChart(panel, plot, width);
}

/** Draws a figure when what it shows is there, or says why it cannot be. */
async function show(figure) {
  try {
    if (figure.panel.kind === 'heatmap') await decode(figure.panel.heatmap);
    draw(figure);
    figure.isDrawn = true;
  } catch (error) {
    figure.plot.replaceChildren(element('p', {}, `This figure cannot be drawn: ${error.message}. Open its SVG.`));
  }
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
/** The figures of the whole run, and of what is chosen. */
const figures = { whole: [], chosen: [] };

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
    const measured = units.filter((unit) => unit.sections[id]?.length);
    // What is about a whole layer does not bear the name of the chosen projection.
    const isOfLayer = measured.length > 0 && measured.every((unit) => unit.projection === undefined);
    section.querySelector('.unit').textContent = `layer ${state.layer}` + (isOfLayer ? '' : `, ${state.projection}`);
    const shown = panels.map((panel) => [panel, ...figure(panel)]);
    const extras = id === 'similarity' ? lists(units) : [];
    const none = panels.length ? [] : [element('p', { class: 'lead' }, 'Nothing was measured here for this layer and projection.')];
    section.querySelector('.panels').replaceChildren(...balanced([...shown.map(([, made]) => made), ...extras, ...none]));
    waiting.push(...shown.map(([panel, , plot]) => ({ panel, plot, order })));
  }
  figures.chosen = [...waiting];
  // The first heatmap is what a reader waits for.
  waiting.sort((a, b) => (a.panel.kind === 'heatmap' ? 0 : 1) - (b.panel.kind === 'heatmap' ? 0 : 1));
  for (const each of waiting) {
    if (mine !== drawing) return;
    await show(each);
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

/** Shows a choice without a change of the address. */
function turn(change) {
  Object.assign(state, change);
  for (const name of Object.keys(choices)) select(name).value = state[name];
  return render();
}

function choose(change) {
  const turned = turn(change);
  history.replaceState(null, '', address());
  return turned;
}

async function drawProfiles() {
  const section = document.querySelector('section[data-section=profiles] .panels');
  if (!section) return;
  const shown = run.profiles.map((panel) => [panel, ...figure(panel)]);
  section.replaceChildren(...balanced([...overview(), ...shown.map(([, made]) => made)]));
  figures.whole = shown.map(([panel, , plot]) => ({ panel, plot }));
  for (const each of figures.whole) await show(each);
}
