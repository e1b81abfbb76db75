/** The theme changes at once, and the answer is kept in the background; if that fails, the form is sent as ever. */
customElements.define("theme-switch", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      const { target: form, submitter } = event;
      if (submitter?.name !== "theme") return;
      event.preventDefault();
      this.#show(submitter.value);
      this.#keep(form, submitter);
    });
  }

  #show(theme) {
    document.documentElement.dataset.theme = theme;
    const scheme = document.querySelector('meta[name="color-scheme"]');
    if (scheme) scheme.content = theme === "auto" ? "light dark" : theme;
    for (const button of document.querySelectorAll("theme-switch button")) {
      button.setAttribute("aria-pressed", button.value === theme);
    }
    for (const field of document.querySelectorAll('form[action$="/look"] input[name="theme"]')) field.value = theme;
  }

  async #keep(form, submitter) {
    try {
      const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, submitter)) });
      if (!response.ok) throw new Error(`${form.action} answered ${response.status}`);
    } catch {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "theme", value: submitter.value }));
      form.submit();
    }
  }
});
