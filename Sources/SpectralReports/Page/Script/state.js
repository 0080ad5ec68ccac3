const run = JSON.parse(document.getElementById('run').textContent);
const choices = { layer: run.layers, projection: run.projections, order: ['index', 'groups'] };
const tooltip = document.getElementById('tooltip');
const select = (id) => document.getElementById(id);

/**
 * What an address such as #layer=3&projection=up_proj asks for, and the default for what it does not
 * say or what there is not; null where it leads elsewhere.
 */
function asked(hash) {
  const words = new URLSearchParams(hash.slice(1));
  const names = Object.keys(choices);
  if (hash.length > 1 && !names.some((name) => words.has(name))) return null;
  return Object.fromEntries(names.map((name) => [
    name, choices[name].find((each) => String(each) === words.get(name)) ?? choices[name][0]]));
}

const state = asked(location.hash) ?? asked('');

/** The address of what is chosen. */
function address() {
  const words = new URLSearchParams({ layer: state.layer, projection: state.projection });
  if (state.order !== choices.order[0]) words.set('order', state.order);
  return `#${words}`;
}
