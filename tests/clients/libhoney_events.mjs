// libhoney for JavaScript as it is, pointed at the server: prints what it reports for every event. Arguments: origin, key.
import Libhoney from 'libhoney';

const [origin, key] = process.argv.slice(2);
const responses = Array(250).fill(null);
const honey = new Libhoney({
  writeKey: key,
  dataset: 'Libhoney JS Shop',
  apiHost: origin,
  responseCallback: (queue) => {
    for (const { metadata, status_code, error } of queue)
      responses[metadata] = [status_code, error ? String(error) : null];
  },
});
for (let number = 0; number < 250; number++) {
  const event = honey.newEvent();
  event.add({ name: number % 2 ? 'checkout' : 'cart', duration_ms: number * 1.5, number, 'cart.items': number % 7 });
  event.addField('vip', number % 10 === 0);
  event.addField('nested', { region: 'eu', tags: [1, 2] });
  event.addField('nothing', undefined);
  event.addMetadata(number);
  event.send();
}
await honey.flush();
console.log(JSON.stringify({ responses }));
