'use strict';
// The API of Zhiban for a back end: products, one product, its status. Needs Node 18, for fetch.

const { setTimeout: sleep } = require('node:timers/promises');

const TRIES = 4;

/** What Zhiban refused, as its problem details (RFC 9457) say it. errors: of a 422, every wrong field. */
class Problem extends Error {
  constructor(status, { detail, errors = [], request_id: requestId }, retryAfterS) {
    super(detail || `Zhiban answered ${status}`);
    Object.assign(this, { status, errors, requestId, retryAfterS });
  }
}

class Zhiban {
  constructor(url, token) {
    Object.assign(this, { url, token });
  }

  /** Every product that matches, such as { status: 'review' }. */
  async products(filters) {
    const found = [];
    for (let cursor = {}; cursor; ) {
      const query = new URLSearchParams({ ...filters, ...cursor, limit: 100 });
      const { value } = await this.ask('GET', `/products?${query}`);
      found.push(...value.items);
      cursor = value.next_cursor && { cursor: value.next_cursor };
    }
    return found;
  }

  /** One product as its document is now; etag stands for exactly that. */
  async product(id) {
    const { value, etag } = await this.ask('GET', `/products/${encodeURIComponent(id)}`);
    return { product: value, etag };
  }

  /**
   * Set a status. decide(product) returns the one that it should have, null to leave it. It is asked again when
   * somebody else was faster: what was right for the product before may be wrong for the one that it is now.
   */
  async setStatus(id, decide) {
    for (let left = TRIES; ; ) {
      const { product, etag } = await this.product(id);
      const status = decide(product);
      if (!status) return product;
      try {
        return (await this.ask('PATCH', `/products/${encodeURIComponent(id)}/status`, { status }, etag)).value;
      } catch (problem) {
        if (![409, 412, 503].includes(problem.status) || !--left) throw problem;
        // 503: MongoDB gave no answer, so that only reading again tells whether the status was set.
        if (problem.status === 503) await sleep(1000 * problem.retryAfterS);
      }
    }
  }

  async ask(method, path, body, etag) {
    const headers = { Authorization: `Bearer ${this.token}`, ...(etag && { 'If-Match': etag }) };
    if (body) headers['Content-Type'] = 'application/json';
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers, signal, body: JSON.stringify(body) });
    const value = await answer.json().catch(() => ({})); // a proxy before Zhiban may answer in HTML
    if (!answer.ok) throw new Problem(answer.status, value, Number(answer.headers.get('Retry-After')) || 1);
    return { value, etag: answer.headers.get('ETag') };
  }
}

module.exports = { Problem, Zhiban };
