/** Ctrl-K (or Cmd-K) goes to the search, from anywhere on the page. */
export function findWithKeyboard() {
  const field = document.querySelector('[aria-keyshortcuts="Control+K"]');
  if (!field) return;

  document.addEventListener("keydown", (event) => {
    const wanted = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
    if (!wanted || event.isComposing) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
