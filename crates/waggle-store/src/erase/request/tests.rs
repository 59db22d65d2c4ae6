use super::*;

fn request() -> EraseRequest {
    let filter = |column: &str, op, value| FilterSpec {
        column: column.to_owned(),
        op,
        value,
    };
    EraseRequest {
        dataset: DatasetId(7),
        range: TimeRange {
            start_ns: -5,
            end_ns: i64::MAX,
        },
        filters: vec![
            filter("größe", FilterOp::Exists, FilterValue::None),
            filter(
                "user",
                FilterOp::Equal,
                FilterValue::One(Value::String("é".to_owned())),
            ),
            filter(
                "mixed",
                FilterOp::In,
                FilterValue::Many(vec![
                    Value::Int(i64::MIN),
                    Value::Float(-0.5),
                    Value::Bool(true),
                    Value::String(String::new()),
                ]),
            ),
        ],
        filter_combination: FilterCombination::Or,
        asked_by: "user 1".to_owned(),
    }
}

#[test]
fn a_request_comes_back_as_it_was() {
    assert_eq!(decode(&encode(&request())), Some(request()));
    for (name, op) in FilterOp::ALL.map(|(op, name)| (name, op)) {
        assert_eq!(FilterOp::from_name(name), Some(op));
    }
}

#[test]
fn what_is_cut_or_longer_is_no_request() {
    let bytes = encode(&request());
    for end in 0..bytes.len() {
        assert_eq!(decode(&bytes[..end]), None, "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(decode(&longer), None);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x80;
        // Some other request, or none; never a panic.
        _ = decode(&damaged);
    }
}
