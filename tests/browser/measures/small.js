/* What a thumb cannot hit: whatever can be pressed and is less than 44 px either way. Links inside a sentence are excepted. */
() => {
  const LEAST = 44 - 0.5;
  const pressed = "a[href], button, summary, select, textarea, input:not([type=hidden]), label.tick, [role=button], [role=tab], [tabindex='0']";
  const found = new Set();
  for (const one of document.querySelectorAll(pressed)) {
    if (!one.checkVisibility({ checkVisibilityCSS: true }) || one.closest(".skip, .unseen")) continue;
    const label = one.matches("input[type=checkbox], input[type=radio]") ? one.closest("label") : null;
    const box = (label ?? one).getBoundingClientRect();
    if (box.width >= LEAST && box.height >= LEAST) continue;
    if (inSentence(one)) continue;
    const text = (one.innerText || one.value || one.name || one.getAttribute("aria-label") || "").trim().slice(0, 40);
    found.add(`${one.localName} "${text}" is ${Math.round(box.width)} x ${Math.round(box.height)}`);
  }
  return [...found];

  function inSentence(one) {
    if (one.localName !== "a" || getComputedStyle(one).display !== "inline" || one.closest("nav")) return false;
    const around = one.closest("p, li, dd, td, figcaption, span:not(.row-title)") ?? one.parentElement;
    const words = around.innerText.replace(one.innerText, "").replace(/[\s·,.;:–-]+/g, "");
    return words.length > 3;
  }
}
