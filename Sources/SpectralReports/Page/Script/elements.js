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

const isPrinting = () => document.documentElement.dataset.printing !== undefined;
