/** Adds a button that shows the password while one types it; before sending it is hidden again. */
customElements.define("show-password", class extends HTMLElement {
  #field;
  #button;

  connectedCallback() {
    if (this.#button) return;
    this.#field = this.querySelector("input");
    this.#button = Object.assign(document.createElement("button"), { type: "button", className: "button" });
    this.#button.setAttribute("aria-controls", this.#field.id);
    this.#button.addEventListener("click", () => this.#show(this.#field.type === "password"));
    this.#field.form?.addEventListener("submit", () => this.#show(false));
    this.append(this.#button);
    this.#show(false);
  }

  #show(shown) {
    this.#field.type = shown ? "text" : "password";
    this.#button.textContent = shown ? this.dataset.hide : this.dataset.show;
  }
});
