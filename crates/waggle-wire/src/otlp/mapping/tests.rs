use super::*;

const PLACE: Place = Place {
    resource: 0,
    scope: 0,
    record: 0,
    part: RefusedPart::Record,
};

fn write(row: &mut Row<'_>) -> i64 {
    row.put_int("a", 1);
    1
}

#[test]
fn a_request_that_grows_too_large_is_refused_from_there_on() {
    let limits = EventLimits::default();
    let mut values = Mapping::new(&limits);
    values.values = VALUES_MAX - 1;
    let mut bytes = Mapping::new(&limits);
    bytes.bytes = BYTES_MAX - 1;
    for mut mapping in [values, bytes] {
        mapping.begin_batch("d");
        mapping.row(PLACE, 1, write);
        mapping.row(PLACE, 1, write);
        let decoded = mapping.finish();
        assert_eq!(decoded.batches[0].len(), 1);
        let reason = RejectReason::TooLarge;
        assert_eq!(
            decoded.refusals,
            [Refusal {
                place: PLACE,
                reason
            }]
        );
    }
}
