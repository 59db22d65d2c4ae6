"""beeline for Python as it is: one trace of three spans. Arguments: origin, key. Prints what the server answered to each event."""

import json
import sys

import beeline

origin, key = sys.argv[1:3]
responses = []
beeline.init(writekey=key, service_name="Beeline Shop", api_host=origin, block_on_send=True, block_on_response=True)
with beeline.tracer("checkout"):
    beeline.add_context_field("cart.items", 3)
    with beeline.tracer("charge"):
        beeline.add_context_field("card.kind", "visa")
    with beeline.tracer("ship"):
        beeline.add_trace_field("customer", "ada")
client = beeline.get_beeline().client
client.flush()
queue = client.responses()
while len(responses) < 3:
    response = queue.get(timeout=20)
    if response is None:
        break
    responses.append([response["status_code"], response["error"] or None])
beeline.close()
print(json.dumps({"responses": responses}))
