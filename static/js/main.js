/** The one module that every page loads. An element's module is fetched only where the element stands. */
import { closeMenus } from "./lib/menus.js";
import { takeFocus } from "./lib/focus.js";
import { findWithKeyboard } from "./lib/shortcuts.js";

const elements = {
  "copy-text": () => import("./elements/copy-text.js"),
  "job-progress": () => import("./elements/job-progress.js"),
  "people-search": () => import("./elements/people-search.js"),
  "show-password": () => import("./elements/show-password.js"),
  "theme-switch": () => import("./elements/theme-switch.js"),
};

for (const [name, load] of Object.entries(elements)) {
  if (document.querySelector(name)) load();
}

closeMenus();
findWithKeyboard();
takeFocus();
