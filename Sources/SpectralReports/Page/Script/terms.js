const explanation = document.getElementById('explanation');

/** Explains a term beside the word; browsers without popovers follow the link to the list of terms. */
document.addEventListener('click', (event) => {
  const link = event.target.closest('a.term');
  if (!link || !explanation.showPopover) return;
  event.preventDefault();
  explanation.hidePopover();
  explanation.replaceChildren(document.getElementById(link.hash.slice(1)).cloneNode(true));
  explanation.firstChild.removeAttribute('id');
  explanation.showPopover();
  const word = link.getClientRects()[0];
  const { width, height } = explanation.getBoundingClientRect();
  explanation.style.left = `${Math.max(8, Math.min(word.left, document.documentElement.clientWidth - width - 8))}px`;
  explanation.style.top = `${word.bottom + 6 + height > innerHeight ? Math.max(8, word.top - height - 6) : word.bottom + 6}px`;
});
addEventListener('scroll', () => explanation.hidePopover?.(), { passive: true });
