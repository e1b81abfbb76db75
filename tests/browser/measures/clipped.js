/* What a reader cannot read, one sentence each: the page scrolls sideways, or text is cut off, outside or on other text. */
() => {
  const found = new Set();
  const width = document.documentElement.clientWidth;
  const told = (element) => `<${element.localName} class="${element.className?.baseVal ?? element.className}">`;
  const short = (text) => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

  if (document.documentElement.scrollWidth > width) found.add(`the page is ${document.documentElement.scrollWidth} px wide in ${width}`);

  const hides = (value) => value !== "visible";
  const isUnseen = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.clipPath !== "none" || (style.position === "absolute" && one.offsetWidth <= 1)) return true;
    }
    return !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  };

  for (const box of document.querySelectorAll("body *")) {
    if (box.localName === "input" || box.localName === "select" || box.localName === "textarea" || isUnseen(box)) continue;
    const style = getComputedStyle(box);
    if (hides(style.overflowX) && box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 1) found.add(`${told(box)} hides ${box.scrollWidth - box.clientWidth} px of its width`);
    if (hides(style.overflowY) && box.scrollHeight > box.clientHeight + 2 && box.clientHeight > 1 && style.overflowY !== "auto") found.add(`${told(box)} hides ${box.scrollHeight - box.clientHeight} px of its height`);
  }

  const placed = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim();
    const parent = node.parentElement;
    if (!text || parent.closest("script, style, option, select, textarea, template, svg") || isUnseen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    let block = parent;
    while (getComputedStyle(block).display.startsWith("inline") && getComputedStyle(block).display === "inline") block = block.parentElement;
    const frame = block.getBoundingClientRect();
    let fixed = false;
    for (let one = parent; one; one = one.parentElement) if (["fixed", "sticky"].includes(getComputedStyle(one).position)) fixed = true;
    for (const word of broken(node)) found.add(`"${word}" is broken in the middle of a line`);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1) continue;
      if (rect.left < -0.5 || rect.right > width + 0.5) found.add(`"${short(text)}" is outside the page`);
      if (rect.right > frame.right + 1.5 || rect.left < frame.left - 1.5) found.add(`"${short(text)}" sticks out of ${told(block)}`);
      if (!fixed) placed.push({ node, text, rect });
    }
  }

  placed.sort((one, other) => one.rect.top - other.rect.top);
  placed.forEach((one, index) => {
    for (let next = index + 1; next < placed.length && placed[next].rect.top < one.rect.bottom - 3; next += 1) {
      const other = placed[next];
      if (other.node === one.node) continue;
      const across = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const down = Math.min(one.rect.bottom, other.rect.bottom) - other.rect.top;
      if (across > 2 && down > Math.min(one.rect.height, other.rect.height) / 3) found.add(`"${short(one.text)}" and "${short(other.text)}" lie on each other`);
    }
  });

  // The labels that the cards of a table carry on a phone are drawn before their cells.
  const pen = document.createElement("canvas").getContext("2d");
  for (const cell of document.querySelectorAll("td[data-label]")) {
    const style = getComputedStyle(cell, "::before");
    if (getComputedStyle(cell).display !== "grid" || isUnseen(cell)) continue;
    pen.font = style.font;
    const nowrap = style.whiteSpace.startsWith("nowrap");
    const wide = Math.max(...(nowrap ? [cell.dataset.label] : cell.dataset.label.split(" ")).map((word) => pen.measureText(word).width));
    const room = parseFloat(getComputedStyle(cell).gridTemplateColumns);
    if (wide > room + 1) found.add(`"${cell.dataset.label}" needs ${Math.ceil(wide)} px in a label of ${Math.floor(room)}`);
  }
  // On a small phone a long choice ends in an ellipsis; its list shows it whole.
  for (const input of document.querySelectorAll("input:not([type=hidden]), select")) {
    const elided = input.localName === "select" && width < 390 && getComputedStyle(input).textOverflow === "ellipsis";
    if (isUnseen(input) || elided || ["checkbox", "radio", "file", "date", "time"].includes(input.type)) continue;
    const style = getComputedStyle(input);
    const text = input.localName === "select" ? input.selectedOptions[0]?.text ?? "" : input.placeholder;
    const room = input.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd) - (input.localName === "select" ? 20 : 0);
    pen.font = style.font;
    const wide = pen.measureText(text).width;
    if (wide > room) found.add(`"${short(text)}" needs ${Math.ceil(wide)} px in a ${input.localName} of ${Math.floor(room)}`);
  }
  return [...found];

  /* Words that would fit on any line, and yet begin on one and end on the next. */
  function broken(node) {
    const words = [];
    const piece = document.createRange();
    for (const { 0: word, index } of node.data.matchAll(/(?<!\S)[^\s\p{Pd}/]{2,14}(?!\S)/gu)) {
      piece.setStart(node, index);
      piece.setEnd(node, index + word.length);
      const lines = [...piece.getClientRects()].filter((rect) => rect.width > 0);
      if (lines.length > 1 && lines.at(-1).top > lines[0].bottom - 4) words.push(word);
    }
    return words;
  }
}
