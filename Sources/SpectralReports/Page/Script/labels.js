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

function shortened(words, room) {
  const most = Math.max(3, Math.floor(room / 7.2 + 0.01));
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
}
