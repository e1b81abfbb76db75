/** After a post that failed, the summary of what is wrong takes the focus, so that it is read first. */
export function takeFocus() {
  document.getElementById("errors")?.focus();
}
