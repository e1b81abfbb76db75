import { FragmentReader } from "../lib/fragment.js";

const EVERY = 2000;

/** Asks `data-src` for its own newer self until one comes back with `data-done`; waits while the page is hidden. */
customElements.define("job-progress", class extends HTMLElement {
  #reader = new FragmentReader();
  #timer;

  connectedCallback() {
    this.#wait();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #wait() {
    if ("done" in this.dataset) return;
    this.#timer = setTimeout(() => this.#ask(), EVERY);
  }

  async #ask() {
    try {
      const newer = document.hidden ? null : await this.#reader.read(this.dataset.src, "job-progress", { "X-Fragment": "progress" });
      if (newer && this.isConnected) this.#become(newer);
    } catch (error) {
      console.warn(error);
    }
    if (this.isConnected) this.#wait();
  }

  #become(newer) {
    this.toggleAttribute("data-done", "done" in newer.dataset);
    this.replaceChildren(...newer.childNodes);
  }
});
