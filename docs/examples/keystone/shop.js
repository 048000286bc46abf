'use strict';
// What a shop's back end does with Zhiban. In keystone.js:
//   keystone.set('pre:bodyparser', hooks);   the webhook, before anything parses its body
//   keystone.set('routes', routes);          or beside the routes that are there, behind the shop's own sign-in

const express = require('express');
const webhook = require('./webhook');
const { Zhiban } = require('./zhiban');

const { ZHIBAN_URL, ZHIBAN_TOKEN, ZHIBAN_WEBHOOK_SECRET, PORT } = process.env;
const zhiban = new Zhiban(ZHIBAN_URL, ZHIBAN_TOKEN);
const revisions = new Map();
const routes = express.Router();

async function follow({ news, product_id: id, facts }) {
  // Of two changes the one of the higher revision is the later, in whatever order they come.
  if (news !== 'product.status_changed' || Number(facts.revision) <= revisions.get(id)) return;
  revisions.set(id, Number(facts.revision));
  // The document says so already, but no hook of mongoose ran: bring caches and search indexes up to date here.
  console.log(`${id} ${facts.before} -> ${facts.after} (${facts.reason})`);
}

const hooks = (app) => app.post('/hooks/zhiban', webhook(ZHIBAN_WEBHOOK_SECRET, follow));

routes.get('/products/:status', (req, res, next) => {
  zhiban.products({ status: req.params.status }).then((found) => res.json(found.map(({ id }) => id))).catch(next);
});

routes.post('/products/:id/hide', (req, res, next) => {
  zhiban.setStatus(req.params.id, ({ status }) => (status === 'listed' ? 'unlisted' : null))
    .then(({ id, status }) => res.json({ id, status })).catch(next);
});

routes.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  const { message, errors, requestId } = error; // the log of Zhiban has the request under this id
  res.status(error.status || 502).json({ message, errors, requestId });
});

module.exports = { hooks, routes };

if (require.main === module) { // without KeystoneJS
  const app = express();
  hooks(app);
  const server = app.use(routes).listen(Number(PORT), '127.0.0.1', () => console.log('port', server.address().port));
}
