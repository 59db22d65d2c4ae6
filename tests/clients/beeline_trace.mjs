// beeline for Node.js as it is: one trace of three spans. Arguments: origin, key. Prints what the server answered to each event.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [origin, key] = process.argv.slice(2);
const responses = [];
const beeline = require('honeycomb-beeline')({
  writeKey: key,
  serviceName: 'Node Beeline Shop',
  apiHost: origin,
  enabledInstrumentations: [],
  responseCallback: (queue) => {
    for (const { status_code, error } of queue) responses.push([status_code, error ? String(error) : null]);
  },
});
const trace = beeline.startTrace({ name: 'checkout', 'cart.items': 3 });
const charge = beeline.startSpan({ name: 'charge' });
beeline.addContext({ 'card.kind': 'visa' });
beeline.finishSpan(charge);
const ship = beeline.startSpan({ name: 'ship' });
beeline.finishSpan(ship);
beeline.finishTrace(trace);
await beeline.flush();
console.log(JSON.stringify({ responses }));
process.exit(0);
