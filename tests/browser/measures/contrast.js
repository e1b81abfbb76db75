/* Takes pictures and drawn-in decoration away, so that the contrast of every text can be reckoned. */
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, ::before, ::after { background-image: none !important } *::before, *::after { background: none !important } .card::before { display: none !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
