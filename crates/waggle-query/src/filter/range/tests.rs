use super::*;

const INTS: [i64; 11] = [
    i64::MIN,
    i64::MIN + 1,
    -6,
    -5,
    0,
    4,
    5,
    6,
    (1 << 53) + 1,
    i64::MAX - 1,
    i64::MAX,
];

fn bounds() -> Vec<Number> {
    let floats = [
        -5.5,
        -5.0,
        -0.0,
        0.0,
        4.999,
        5.0,
        5.5,
        9_007_199_254_740_992.0,
        9_223_372_036_854_775_808.0,
        -9_223_372_036_854_775_808.0,
        1e300,
        -1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let ints = INTS.into_iter().map(Number::Int);
    ints.chain(floats.into_iter().map(Number::Float)).collect()
}

#[test]
fn intervals_hold_what_compares() {
    let sides = [Ordering::Less, Ordering::Greater];
    for bound in bounds() {
        for (side, or_equal) in sides
            .into_iter()
            .flat_map(|side| [(side, false), (side, true)])
        {
            let is_wanted = |value: Number| match value.compare(bound) {
                Some(Ordering::Equal) => or_equal,
                ordering => ordering == Some(side),
            };
            let ints = ints_beside(bound, side, or_equal);
            for value in INTS {
                let expected = is_wanted(Number::Int(value));
                assert_eq!(ints.holds(value), expected, "{value} {side:?} {bound:?}");
                assert_eq!(ints.negated().holds(value), !expected);
                assert!([None, Some(expected)].contains(&ints.decides((value, value))));
            }
            let Some(floats) = floats_beside(bound, side, or_equal) else {
                continue;
            };
            for value in bounds() {
                let Number::Float(value) = value else {
                    continue;
                };
                let expected = is_wanted(Number::Float(value));
                assert_eq!(floats.holds(value), expected, "{value} {side:?} {bound:?}");
                assert_eq!(floats.negated().holds(value), !expected);
            }
        }
    }
}

#[test]
fn bounds_decide_when_no_value_could_differ() {
    let interval = Interval::inside(10, 20);
    assert_eq!(interval.decides((10, 20)), Some(true));
    assert_eq!(interval.decides((0, 9)), Some(false));
    assert_eq!(interval.decides((21, 30)), Some(false));
    assert_eq!(interval.decides((0, 10)), None);
    assert_eq!(interval.negated().decides((12, 13)), Some(false));
    assert_eq!(interval.negated().decides((0, 9)), Some(true));
    assert_eq!(Interval::inside(5, 4).decides((0, 9)), Some(false));
}
