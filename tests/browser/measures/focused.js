/* What has the focus, and what is wrong with how that shows; null once the focus has left the page. */
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const name = one.dataset.reached ?? one.localName;
  const faults = [];
  const style = getComputedStyle(one);
  // Of a date the browser rings the part that has the focus.
  if (one.type !== "date" && (!one.matches(":focus-visible") || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)) faults.push(`no ring around ${name}`);
  const box = one.getBoundingClientRect();
  if (box.bottom < 1 || box.top > innerHeight - 1 || box.right < 1 || box.left > innerWidth - 1) faults.push(`out of sight: ${name}`);
  else {
    const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
    const seen = points.some(([across, down]) => {
      const top = document.elementFromPoint(box.left + box.width * across, box.top + box.height * down);
      return top && (one.contains(top) || top.contains(one) || one.labels?.[0]?.contains(top));
    });
    if (!seen) faults.push(`covered by something: ${name}`);
  }
  return { name, faults };
}
