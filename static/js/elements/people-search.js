import { FragmentReader } from "../lib/fragment.js";
import { afterPause } from "../lib/pause.js";

const PAUSE = 180;

/** Searches as one types, but never in the middle of a letter that is still being composed. */
customElements.define("people-search", class extends HTMLElement {
  #reader = new FragmentReader();
  #asked = null;

  connectedCallback() {
    this.#asked = this.#address();
    const search = afterPause(() => this.#search(), PAUSE);
    this.addEventListener("input", (event) => { if (!event.isComposing) search(); });
    this.addEventListener("compositionend", search);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.isComposing) event.preventDefault();
    });
  }

  get #form() { return this.querySelector("form"); }
  get #status() { return this.querySelector(":scope > [role=status]"); }

  #address() {
    const fields = new URLSearchParams(new FormData(this.#form));
    return `${new URL(this.#form.action).pathname}?${fields}`;
  }

  async #search() {
    const address = this.#address();
    if (address === this.#asked) return;
    this.#asked = address;
    try {
      const found = await this.#reader.read(address, "[data-results]", { "X-Fragment": "results" });
      if (!found) return;
      this.querySelector("[data-results]").replaceWith(document.adoptNode(found));
      this.#status.textContent = found.dataset.count ?? "";
      if (address.startsWith(`${location.pathname}?`)) history.replaceState(history.state, "", address);
    } catch {
      this.#form.submit();
    }
  }
});
