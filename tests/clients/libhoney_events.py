"""libhoney as it is, pointed at the server: prints what it reports for every event."""

import datetime
import json
import sys

import libhoney

origin, key = sys.argv[1:3]
libhoney.init(writekey=key, dataset="Libhoney Shop", api_host=origin, block_on_send=True, block_on_response=True)
for number in range(250):
    event = libhoney.new_event()
    event.add({"name": "checkout" if number % 2 else "cart", "duration_ms": number * 1.5, "number": number, "vip": number % 10 == 0})
    event.add_field("nested", {"region": "eu", "tags": [1, 2]})
    event.add_field("nothing", None)
    event.created_at = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    event.metadata = number
    event.send()

responses = {}
queue = libhoney.responses()
while len(responses) < 250:
    response = queue.get(timeout=20)
    if response is None:
        break
    responses[response["metadata"]] = [response["status_code"], str(response["error"])]
libhoney.close()
print(json.dumps({"responses": [responses.get(number) for number in range(250)]}))
