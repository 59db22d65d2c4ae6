use super::*;

#[test]
fn every_pair_of_types_reads_as_the_table_says() {
    let text = |value| to_text(value).into_owned();
    assert_eq!(text(ValueRef::Int(-5)), "-5");
    assert_eq!(text(ValueRef::Float(5.0)), "5");
    assert_eq!(text(ValueRef::Float(0.1)), "0.1");
    assert_eq!(text(ValueRef::Bool(true)), "true");
    assert_eq!(to_int(ValueRef::String("7")), Some(7));
    assert_eq!(to_int(ValueRef::String("7.5")), None);
    assert_eq!(to_int(ValueRef::Float(7.0)), Some(7));
    assert_eq!(to_int(ValueRef::Float(7.5)), None);
    assert_eq!(to_int(ValueRef::Float(-INTEGER_END)), Some(i64::MIN));
    assert_eq!(to_int(ValueRef::Float(INTEGER_END)), None);
    assert_eq!(to_int(ValueRef::Float(f64::NAN)), None);
    assert_eq!(to_int(ValueRef::Bool(true)), Some(1));
    assert_eq!(to_float(ValueRef::String("0.25")), Some(0.25));
    assert_eq!(to_float(ValueRef::String("fast")), None);
    assert_eq!(to_float(ValueRef::Int(3)), Some(3.0));
    assert_eq!(to_float(ValueRef::Bool(false)), Some(0.0));
    assert_eq!(to_bool(ValueRef::String("false")), Some(false));
    assert_eq!(to_bool(ValueRef::String("no")), None);
    assert_eq!(to_bool(ValueRef::Int(2)), Some(true));
    assert_eq!(to_bool(ValueRef::Float(0.0)), Some(false));
    assert_eq!(to_bool(ValueRef::Float(f64::NAN)), None);
}
