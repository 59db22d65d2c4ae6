"""Makes, reads, changes and deletes environments and keys of a team with honeycomb-api, and prints as JSON what it found on the way."""

import json
import sys

from honeycomb import HoneycombClient, models
from honeycomb import _generated_models as generated
from honeycomb.exceptions import HoneycombNotFoundError


def is_gone(get, ident):
    try:
        get(ident)
    except HoneycombNotFoundError:
        return True
    return False


def environment(client):
    made = client.environments.create(name="Staging Two", description="d", color="blue")
    read = client.environments.get(made.id)
    assert (read.name, read.slug, read.description, read.color) == (
        made.name,
        made.slug,
        made.description,
        made.color,
    )
    changed = client.environments.update(made.id, description="e", color="green", delete_protected=False)
    listed = {it.id: it for it in client.environments.list()}
    assert listed[made.id].description == changed.description
    found = [made.slug, made.description, made.color.value, made.delete_protected]
    return made.id, found + [changed.description, changed.color.value, changed.delete_protected]


def key(client, url, environment, wanted, renamed):
    made = client.api_keys.create(wanted, environment_id=environment)
    secret = made.attributes.root.secret if hasattr(made.attributes, "root") else made.attributes.secret
    kind = wanted.key_type
    read = client.api_keys.get(made.id)
    assert (read.name, read.environment_id) == (wanted.name, environment)
    assert [it.id for it in client.api_keys.list(key_type=kind)] == [made.id]
    attributes = {"key_type": kind, "name": renamed, "disabled": False}
    body = {"data": {"id": made.id, "type": "api-keys", "attributes": attributes}}
    changed = client.api_keys.update(models.ApiKeyUpdateRequest.model_validate(body))
    token = secret if kind == "configuration" else f"{made.id}{secret}"
    with HoneycombClient(api_key=token, base_url=url, sync=True) as used:
        slug = used.auth.get().environment.slug
    client.api_keys.delete(made.id)
    return [kind, changed.name, slug, is_gone(client.api_keys.get, made.id)]


def main(url, management):
    ident, secret = management.split(":")
    with HoneycombClient(management_key=ident, management_secret=secret, base_url=url, sync=True) as client:
        made, found = environment(client)
        permissions = {"create_datasets": True, "run_queries": True}
        configuration = generated.ConfigurationKey(key_type="configuration", name="a", permissions=permissions)
        ingest = generated.IngestKey(key_type="ingest", name="c", permissions={"create_datasets": True})
        keys = [key(client, url, made, configuration, "b"), key(client, url, made, ingest, "d")]
        client.environments.delete(made)
        gone = is_gone(client.environments.get, made)
    print(json.dumps({"environment": found, "keys": keys, "gone": gone}))


main(*sys.argv[1:3])
