/** Adds a button that copies the text beside it, where the browser lets it. */
customElements.define("copy-text", class extends HTMLElement {
  #button;

  connectedCallback() {
    if (this.#button || !navigator.clipboard) return;
    this.#button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: this.dataset.copy });
    this.#button.setAttribute("aria-live", "polite");
    this.#button.addEventListener("click", () => this.#copy());
    this.append(this.#button);
  }

  async #copy() {
    await navigator.clipboard.writeText(this.querySelector("code").textContent.trim());
    this.#button.textContent = this.dataset.copied;
    setTimeout(() => { this.#button.textContent = this.dataset.copy; }, 2000);
  }
});
