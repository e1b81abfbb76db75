/* What is wrong with the page as a document, one sentence each. */
() => {
  const found = [];
  const say = (sentence) => found.push(sentence);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const told = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 120);

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) say(`the id ${id} is there twice`);
  if (all("h1").length !== 1) say(`there are ${all("h1").length} h1`);
  if (!document.title.includes(" · ") || document.title.startsWith(" ")) say(`the title is "${document.title}"`);
  if (all("main").length !== 1) say(`there are ${all("main").length} main`);

  let last = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.localName[1]);
    if (level > last + 1 && last) say(`${heading.localName} "${heading.innerText}" follows h${last}`);
    last = level;
  }

  for (const image of all("img")) if (!image.hasAttribute("alt")) say(`no alternative text: ${told(image)}`);
  for (const drawing of all("svg")) {
    const labelled = drawing.getAttribute("role") === "img" && (drawing.getAttribute("aria-label") || drawing.querySelector("title"));
    if (!labelled && !drawing.closest("[aria-hidden=true]")) say(`neither labelled nor hidden: ${told(drawing)}`);
  }

  for (const attribute of ["for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-owns"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) if (!document.getElementById(id)) say(`${attribute} names ${id}, which is not there: ${told(element)}`);
    }
  }
  for (const link of all('a[href^="#"]')) if (!document.getElementById(link.hash.slice(1))) say(`leads nowhere: ${told(link)}`);
  for (const field of all("input:not([type=hidden]):not([hidden]), select, textarea")) if (!field.labels.length && !field.ariaLabel) say(`no label: ${told(field)}`);
  for (const element of all("[style]")) say(`a style of its own: ${told(element)}`);
  for (const button of all("button")) if (!button.innerText.trim() && !button.textContent.trim() && !button.ariaLabel) say(`a button without a name: ${told(button)}`);
  for (const inner of all("a a, a button, button a, button button, label label, p p, form form")) say(`inside another one: ${told(inner)}`);
  if (/\bNone\b|undefined|NaN|\{\{|%\(\w+\)/.test(document.body.innerText)) say(`left over: ${document.body.innerText.match(/.*(\bNone\b|undefined|NaN|\{\{|%\(\w+\)).*/)[0]}`);
  return found;
}
