use super::*;
use serde_json::json;

const INNER: Named = Named {
    name: "Inner",
    about: "",
    members: &[may("known", Shape::Whole, "")],
};
const OUTER: Shape = Shape::Object(&[
    may(
        "list",
        Shape::OrNull(&Shape::List(&Shape::Named(&INNER))),
        "",
    ),
    may(
        "open",
        Shape::Object(&[may("known", Shape::Any, ""), OTHERS]),
        "",
    ),
    may("map", Shape::Map(&Shape::Any), ""),
]);

#[test]
fn members_that_a_shape_lacks_are_named_by_their_path() {
    for (value, expected) in [
        (json!({}), &[][..]),
        (json!({"query": {}}), &["query"]),
        (
            json!({"list": [{"known": 1}, {"knwon": 1}], "map": {"any": 1}}),
            &["list[1].knwon"],
        ),
        (json!({"list": null, "open": {"what": 1}, "id": 1}), &["id"]),
        (json!({"list": "no list"}), &[]),
        (json!([1]), &[]),
    ] {
        assert_eq!(unknown_members(&value, &OUTER), expected, "{value}");
    }
}
