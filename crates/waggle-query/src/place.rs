//! Places for what runs at once, shared by teams: so that one team with many queries does not take every place from all others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use waggle_model::{QueryError, TeamId};

/// So many places, of which one team can have three quarters.
pub struct Places {
    all: Arc<Semaphore>,
    /// Those of one team, as long as it has or waits for one.
    teams: parking_lot::Mutex<HashMap<TeamId, Arc<Semaphore>>>,
    team_max: usize,
    wait: Duration,
}

/// A place; dropping it gives it back.
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_team: OwnedSemaphorePermit,
}

impl Places {
    /// Makes `places_max` places, for one of which a caller waits `wait_ms_max` milliseconds at most.
    pub fn new(places_max: usize, wait_ms_max: u64) -> Self {
        Self {
            all: Arc::new(Semaphore::new(places_max)),
            teams: parking_lot::Mutex::default(),
            team_max: places_max - places_max / 4,
            wait: Duration::from_millis(wait_ms_max),
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// `Busy` when there was none for too long.
    pub async fn take(&self, team: TeamId) -> Result<Place, QueryError> {
        let of_team = self.of_team(team);
        let take = async {
            // The team's own first: who waits for that must not wait in front of others.
            let _of_team = of_team.acquire_owned().await.ok()?;
            let _of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some(Place { _of_all, _of_team })
        };
        match tokio::time::timeout(self.wait, take).await {
            Ok(Some(place)) => Ok(place),
            Ok(None) | Err(_) => Err(QueryError::Busy),
        }
    }

    /// Places that nobody has.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.all.available_permits()
    }

    fn of_team(&self, team: TeamId) -> Arc<Semaphore> {
        let mut teams = self.teams.lock();
        // A permit holds the semaphore, and so does who waits for one: what only this map holds is not used.
        teams.retain(|other, places| *other == team || Arc::strong_count(places) > 1);
        let places = teams.entry(team);
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(self.team_max))))
    }
}

#[cfg(test)]
mod tests;
