/** Fetches a part of a page and gives its nodes back; a newer request of the same reader overtakes an older one. */
export class FragmentReader {
  #request = null;
  #etag = null;

  /** The element of the answer that `selector` names; null when nothing changed or a newer request overtook this one. */
  async read(url, selector, headers = {}) {
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    try {
      const response = await fetch(url, { headers: this.#withEtag(headers), signal: request.signal, cache: "no-store" });
      if (response.status === 304) return null;
      if (!response.ok || response.redirected) throw new Error(`${url} answered ${response.status}`);
      const text = await response.text();
      this.#etag = response.headers.get("ETag");
      return new DOMParser().parseFromString(text, "text/html").querySelector(selector);
    } catch (error) {
      if (request.signal.aborted) return null;
      throw error;
    }
  }

  #withEtag(headers) {
    return this.#etag ? { ...headers, "If-None-Match": this.#etag } : headers;
  }
}
