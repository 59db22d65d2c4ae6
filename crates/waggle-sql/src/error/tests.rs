use super::*;

#[test]
fn the_place_comes_off_the_end_of_a_message() {
    let (message, place) =
        split_place("Expected: end of statement, found: FORM at Line: 2, Column: 14");
    assert_eq!(message, "Expected: end of statement, found: FORM");
    assert_eq!(
        place,
        Some(SqlPlace {
            line: 2,
            column: 14
        })
    );
    assert_eq!(split_place("unterminated"), ("unterminated", None));
}
