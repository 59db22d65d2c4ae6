//! What the tests of the table share; they are sorted by theme.

mod crash;
mod flight;
mod memory;
mod waiting;

use super::memory::CLOCK_AHEAD_NS;
use super::*;
use waggle_model::{EnvironmentId, TeamId};

const TENANT: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};
const TRACE: &str = "1-6a000000-000000000000000000000001";

fn recent() -> Recent {
    let limits = RecentLimits {
        entities_max: 100,
        waiting_bytes_max: 20_000,
        trace_bytes_max: 5_000,
        waiting_age_ns: 1_000,
    };
    // So long ago that the first minute is over.
    Recent::new(limits, -CLOCK_AHEAD_NS)
}

fn segment(id: u64, more: &str) -> Document {
    let more = match more {
        "" => r#""end_time":2"#,
        more => more,
    };
    let text =
        format!(r#"{{"name":"shop","id":"{id:016x}","trace_id":"{TRACE}","start_time":1,{more}}}"#);
    Document::parse(text.as_bytes()).unwrap()
}

fn subsegment(id: u64, parent: u64, more: &str) -> Document {
    let more = match more {
        "" => r#""end_time":2"#,
        more => more,
    };
    segment(
        id,
        &format!(r#""type":"subsegment","parent_id":"{parent:016x}",{more}"#),
    )
}

const IN_PROGRESS: &str = r#""in_progress":true"#;

/// Offers documents as one call, which is stored, and says what it wrote.
fn send(recent: &mut Recent, documents: &[Document], received_ns: i64) -> Vec<String> {
    let mut flight = recent.begin();
    for document in documents {
        recent.offer(&mut flight, TENANT, document, received_ns, Source::Udp);
    }
    assert!(recent.write_waiting(&mut flight));
    let written = written(&flight);
    recent.commit(&flight, received_ns);
    written
}

fn written(flight: &Flight) -> Vec<String> {
    let write = |(part, place): &(Part, Place)| {
        let id = part.id.to_string();
        let id = id.trim_start_matches('0');
        match place {
            Place::Waiting => format!("{id} waits"),
            Place::Kept => format!("{id} kept"),
            Place::Events {
                service, settles, ..
            } => {
                let service = service.as_deref().unwrap_or("?");
                let settles = if *settles { ", settled" } else { "" };
                format!("{id} of {service}{settles}")
            }
        }
    };
    flight.writes.iter().map(write).collect()
}

/// A flight of the server's own, which ends every wait.
fn give_up_all(recent: &mut Recent) -> Flight {
    let mut flight = recent.begin();
    let overdue = recent.overdue(i64::MAX);
    recent.give_up(&mut flight, &overdue);
    flight
}
