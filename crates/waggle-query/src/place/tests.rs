use super::*;

#[tokio::test]
async fn one_team_leaves_a_quarter_to_others() {
    let places = Places::new(4, 10);
    let (ours, theirs) = (TeamId(1), TeamId(2));
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(places.take(ours).await.unwrap());
    }
    assert!(matches!(places.take(ours).await, Err(QueryError::Busy)));
    let other = places.take(theirs).await.unwrap();
    // All four are taken.
    assert!(matches!(places.take(theirs).await, Err(QueryError::Busy)));
    taken.pop();
    places.take(theirs).await.unwrap();
    places.take(ours).await.unwrap();
    drop((taken, other));
    places.take(TeamId(3)).await.unwrap();
    assert_eq!(places.teams.lock().len(), 1, "who has left is forgotten");
}

#[tokio::test]
async fn the_only_place_is_for_anybody() {
    let places = Places::new(1, 10);
    let taken = places.take(TeamId(1)).await.unwrap();
    let refused = places.take(TeamId(2)).await;
    assert!(matches!(refused, Err(QueryError::Busy)));
    drop(taken);
    places.take(TeamId(2)).await.unwrap();
}
