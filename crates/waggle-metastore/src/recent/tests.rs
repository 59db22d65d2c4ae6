use super::*;
use waggle_model::{EnvironmentId, TeamId};

fn tenant(environment: i64) -> Tenant {
    Tenant {
        team: TeamId(1),
        environment: EnvironmentId(environment),
    }
}

async fn read(recent: &Recent<u32>, tenant: Tenant, now_ns: i64, said: u32) -> u32 {
    let answer = recent.of(tenant, now_ns, async { Ok::<_, ()>(said) });
    *answer.await.unwrap()
}

#[tokio::test]
async fn an_answer_is_believed_for_a_moment_or_until_a_change() {
    let recent = Recent::default();
    assert_eq!(read(&recent, tenant(1), 0, 1).await, 1);
    assert_eq!(read(&recent, tenant(1), FRESH_NS - 1, 2).await, 1);
    assert_eq!(read(&recent, tenant(2), 0, 3).await, 3, "another's");
    assert_eq!(read(&recent, tenant(1), FRESH_NS, 4).await, 4);
    recent.forget(tenant(1));
    assert_eq!(read(&recent, tenant(1), FRESH_NS, 5).await, 5);
    let failed = recent.of(tenant(3), 0, async { Err::<u32, _>("no") });
    assert_eq!(failed.await, Err("no"));
    assert_eq!(
        read(&recent, tenant(3), 0, 6).await,
        6,
        "an error is not kept"
    );
}

/// What was read before a change was made is handed out, but not kept.
#[tokio::test]
async fn an_answer_from_before_a_change_is_not_kept() {
    let recent = Recent::default();
    let before = recent.of(tenant(1), 0, async {
        recent.forget(tenant(1));
        Ok::<_, ()>(1)
    });
    assert_eq!(*before.await.unwrap(), 1);
    assert_eq!(read(&recent, tenant(1), 0, 2).await, 2);
}

#[tokio::test]
async fn no_more_environments_are_kept_than_there_may_be() {
    let recent = Recent::default();
    for environment in 0..=i64::try_from(KNOWN_MAX).unwrap() {
        read(&recent, tenant(environment), 0, 1).await;
    }
    assert_eq!(recent.known.lock().len(), 1);
}
