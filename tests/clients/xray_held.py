"""Holds every answer that a client of X-Ray gets against the model that botocore ships."""

import json


def hold(value, shape, place):
    """Holds a raw JSON value against a shape: types, required members, limits, nothing unknown and no null."""
    assert value is not None, f"{place} is null"
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{place} is {value!r}"
        for name in shape.required_members:
            assert name in value, f"{place}.{name} is absent"
        if getattr(shape, "is_tagged_union", False):
            assert len(value) == 1, f"{place} has {list(value)}"
        for name, member in value.items():
            assert name in shape.members, f"{place}.{name} is unknown"
            hold(member, shape.members[name], f"{place}.{name}")
        return
    if kind == "list":
        assert isinstance(value, list), f"{place} is {value!r}"
        for index, item in enumerate(value):
            hold(item, shape.member, f"{place}[{index}]")
    elif kind == "map":
        assert isinstance(value, dict), f"{place} is {value!r}"
        for name, member in value.items():
            hold(name, shape.key, f"{place} key")
            hold(member, shape.value, f"{place}.{name}")
    elif kind == "string":
        assert isinstance(value, str), f"{place} is {value!r}"
        assert not shape.enum or value in shape.enum, f"{place} is {value!r}"
    elif kind == "boolean":
        assert isinstance(value, bool), f"{place} is {value!r}"
    elif kind in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), f"{place} is {value!r}"
    elif kind in ("double", "float", "timestamp"):
        assert isinstance(value, (int, float)) and not isinstance(value, bool), f"{place} is {value!r}"
    else:
        raise AssertionError(f"{place}: {kind}")
    size = len(value) if kind in ("string", "list", "map") else value
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    assert least is None or size >= least, f"{place} is {value!r}"
    # The rule that is always there has a priority that no other may have.
    assert most is None or size <= most or (place.endswith(".Priority") and value == 10_000), f"{place} is {value!r}"


def watch(client):
    """Holds the answers of a client from now on; returns how many of each operation were held."""
    checked = {}

    def before_parse(operation_model, response_dict, **_):
        if response_dict["status_code"] != 200:
            return
        hold(json.loads(response_dict["body"]), operation_model.output_shape, operation_model.name)
        assert len(response_dict["headers"]["x-amzn-requestid"]) == 36
        checked[operation_model.name] = checked.get(operation_model.name, 0) + 1

    client.meta.events.register("before-parse.xray", before_parse)
    return checked
