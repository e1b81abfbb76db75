/* The name of each thing that can be operated: numbered here, so that `focused` can say which one it is at. */
() => {
  const operated = "a[href], button:not([disabled]), summary, select, textarea, input:not([type=hidden]):not([disabled])";
  const names = [];
  for (const one of document.querySelectorAll(operated)) {
    if (!one.checkVisibility({ checkVisibilityCSS: true })) continue;
    const others = one.type === "radio" ? [...document.querySelectorAll(`input[type=radio][name="${one.name}"]`)] : [one];
    if (others.indexOf(one) > 0 && !others.some((other) => other.checked)) continue; // a group of radios is one stop
    if (one.type === "radio" && !one.checked && others.some((other) => other.checked)) continue;
    const name = `${names.length} ${one.localName} ${(one.innerText || one.name || "").trim().slice(0, 40)}`;
    one.dataset.reached = name;
    names.push(name);
  }
  document.activeElement?.blur();
  getSelection().removeAllRanges();
  return names;
}
