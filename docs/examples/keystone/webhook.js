'use strict';
// Receives the signed webhook of Zhiban. Its signature is over the body as it came, so nothing may parse that before.

const crypto = require('node:crypto');
const express = require('express');

const TOLERANCE_S = 300; // between the clocks; a delivery that was signed longer ago is a replay
const REMEMBERED = 10_000; // deliveries

/** Whether a delivery was signed with one of the keys, and lately. body: a Buffer. */
function isGenuine(keys, headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !signatures || !(Math.abs(Date.now() / 1000 - timestamp) <= TOLERANCE_S)) return false;
  return keys.some((key) => {
    const mac = crypto.createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const expected = Buffer.from(`v1,${mac}`);
    return signatures.split(' ').map((one) => Buffer.from(one))
      .some((given) => given.length === expected.length && crypto.timingSafeEqual(given, expected));
  });
}

/**
 * Return the handlers of a route. secret: the key, or two parted by a blank while it is changed. handle(entry) is given
 * each entry of a delivery once, and those of a delivery again when it has thrown.
 */
module.exports = function webhook(secret, handle) {
  const keys = secret.split(' ')
    .map((key) => (key.startsWith('whsec_') ? Buffer.from(key.slice(6), 'base64') : Buffer.from(key)));
  const deliveries = new Map(); // by id; several processes share a collection with the id as _id instead

  async function handleAll(body) {
    for (const entry of JSON.parse(body).data.entries) await handle(entry);
  }

  async function receive(req, res) {
    if (!Buffer.isBuffer(req.body) || !isGenuine(keys, req.headers, req.body)) return res.sendStatus(401);
    const id = req.get('webhook-id');
    if (!deliveries.has(id)) deliveries.set(id, handleAll(req.body));
    if (deliveries.size > REMEMBERED) deliveries.delete(deliveries.keys().next().value);
    try {
      await deliveries.get(id); // one that comes again meanwhile waits for the first
      return res.sendStatus(204);
    } catch (error) {
      deliveries.delete(id); // Zhiban sends it again, under the same id
      return res.sendStatus(500);
    }
  }

  return [express.raw({ type: () => true, limit: '4mb' }), receive];
};
