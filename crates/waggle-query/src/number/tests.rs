use super::*;

#[test]
fn integers_and_floats_compare_without_rounding() {
    let compare = |left, right| Number::compare(left, right);
    let big = 9_007_199_254_740_993; // 2^53 + 1, which no float holds
    assert_eq!(
        compare(Number::Int(big), Number::Float(9_007_199_254_740_992.0)),
        Some(Ordering::Greater)
    );
    assert_eq!(
        compare(Number::Float(5.0), Number::Int(5)),
        Some(Ordering::Equal)
    );
    assert_eq!(
        compare(Number::Int(5), Number::Float(5.5)),
        Some(Ordering::Less)
    );
    assert_eq!(
        compare(Number::Int(-5), Number::Float(-5.5)),
        Some(Ordering::Greater)
    );
    assert_eq!(
        compare(Number::Int(i64::MAX), Number::Float(TWO_TO_63)),
        Some(Ordering::Less)
    );
    assert_eq!(
        compare(Number::Int(i64::MIN), Number::Float(-TWO_TO_63)),
        Some(Ordering::Equal)
    );
    assert_eq!(
        compare(Number::Int(0), Number::Float(f64::NEG_INFINITY)),
        Some(Ordering::Greater)
    );
    assert_eq!(compare(Number::Int(0), Number::Float(f64::NAN)), None);
}

#[test]
fn equal_numbers_have_equal_keys() {
    assert_eq!(Number::Float(5.0).key(), Number::Int(5).key());
    assert_eq!(Number::Float(-0.0).key(), Number::Int(0).key());
    assert_eq!(Number::Float(-TWO_TO_63).key(), Number::Int(i64::MIN).key());
    assert_ne!(Number::Float(TWO_TO_63).key(), Number::Int(i64::MAX).key());
    assert_eq!(
        Number::Float(f64::NAN).key(),
        Number::Float(-f64::NAN).key()
    );
    assert_ne!(Number::Int(1).key().stable_hash(), bool_hash(true));
}
