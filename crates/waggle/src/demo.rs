//! `waggle demo`: plays a shop of two dozen services and sends its traces and logs through the OTLP door of a running server,
//! so that an empty installation is never dull. The player is pure (seed in, spans out); only `post` talks to the network.

mod attribute;
mod failure;
mod journey;
mod parcel;
mod pod;
mod post;
mod random;
mod shop;
mod story;
#[cfg(test)]
mod tests;
mod timetable;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use journey::Journey;
use parcel::Packer;
use pod::Pod;
use post::{Address, Post, Tally};
use shop::Shop;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use story::Story;
use timetable::Timetable;
use waggle_model::Clock;

/// Send a believable microservice shop's telemetry to a running server
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DemoArgs {
    /// The server: any address where it takes OTLP over HTTP
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    endpoint: String,
    /// Key with the permission to send events; a server started with --dev takes this machine's events without one
    #[arg(
        long,
        value_name = "KEY",
        env = "WAGGLE_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,
    /// The same seed and end give the same telemetry
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Send the last so many minutes at once
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 5,
        conflicts_with = "backfill"
    )]
    minutes: u32,
    /// Send a longer time at once, with the rhythm of a day: 90m, 24h, 3d
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "24h")]
    backfill: Option<String>,
    /// Visits to the shop per second, each about 30 spans [default: 20; 0.5 with --backfill]
    #[arg(long, value_name = "PER SECOND")]
    rate: Option<f64>,
    /// Last moment of the telemetry, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    end: Option<Timestamp>,
    /// Go on live until interrupted
    #[arg(long)]
    follow: bool,
    /// Compress requests
    #[arg(long)]
    gzip: bool,
}

const RATE_DEFAULT: f64 = 20.0;
const RATE_BACKFILL: f64 = 0.5;
const RATE_MAX: f64 = 10_000.0;
const NS_PER_S: i64 = 1_000_000_000;
const BACKFILL_MAX_S: i64 = 60 * 86_400;
/// With `--follow`, new telemetry is sent this often.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Runs the subcommand.
///
/// # Errors
/// A flag that makes no sense, or a server that is not there or refuses; the text tells what to do.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let clock = Clock::new(|| nanoseconds(Timestamp::now()));
    let shop = Shop::open()?;
    let timetable = args.timetable(clock.now_ns())?;
    let story = Story::new(&shop, timetable.start_ns, timetable.end_ns)?;
    let address = Address {
        endpoint: args.endpoint.trim_end_matches('/').to_owned(),
        api_key: args.api_key.clone(),
        gzip: args.gzip,
    };
    say(&format!(
        "sending {} to {} to {}\n",
        time(timetable.start_ns),
        time(timetable.end_ns),
        address.endpoint
    ));

    let mut tour = Tour::new(&shop, &story, timetable, Post::new(address)?);
    let began_ns = clock.now_ns();
    tour.catch_up(timetable.end_ns, timetable.visit_count)
        .await?;
    let tally = tour.post.finish().await?;
    let elapsed_ns = clock.now_ns() - began_ns;
    say(&tour.counts.summary(tally, elapsed_ns));
    say(&look_for(&shop, &story));
    if args.follow {
        say("going on live; interrupt to stop\n");
        tokio::select! {
            failed = tour.follow(&clock) => failed?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        let tally = tour.post.finish().await?;
        say(&tour.counts.summary(tally, clock.now_ns() - began_ns));
    }
    Ok(())
}

impl DemoArgs {
    fn timetable(&self, now_ns: i64) -> anyhow::Result<Timetable> {
        let length_s = match &self.backfill {
            Some(text) => seconds(text)?,
            None => i64::from(self.minutes.max(1)) * 60,
        };
        ensure!(
            length_s <= BACKFILL_MAX_S,
            "--backfill and --minutes reach back {} days at most",
            BACKFILL_MAX_S / 86_400
        );
        let is_daily = self.backfill.is_some();
        let rate_default = if is_daily {
            RATE_BACKFILL
        } else {
            RATE_DEFAULT
        };
        let rate = self.rate.unwrap_or(rate_default);
        ensure!(
            rate > 0.0 && rate <= RATE_MAX,
            "--rate is above 0 and at most {RATE_MAX}"
        );
        let end_ns = self.end.map_or(now_ns, nanoseconds);
        Ok(Timetable {
            start_ns: end_ns - length_s * NS_PER_S,
            end_ns,
            visit_count: ((length_s as f64 * rate) as u64).max(1),
            is_daily,
            seed: self.seed,
        })
    }
}

/// Visits in the order in which they end, on their way to the server.
struct Tour<'a> {
    shop: &'a Shop,
    story: &'a Story,
    timetable: Timetable,
    /// Visits that have begun and not ended yet, by end and number.
    open: BTreeMap<(i64, u64), Journey>,
    next_number: u64,
    packer: Packer,
    post: Post,
    counts: Counts,
}

impl<'a> Tour<'a> {
    fn new(shop: &'a Shop, story: &'a Story, timetable: Timetable, post: Post) -> Self {
        Self {
            shop,
            story,
            timetable,
            open: BTreeMap::new(),
            next_number: 0,
            packer: Packer::default(),
            post,
            counts: Counts::default(),
        }
    }

    /// Sends every visit numbered below `number_end` that is over by `until_ns`. The others stay open.
    async fn catch_up(&mut self, until_ns: i64, number_end: u64) -> anyhow::Result<()> {
        while self.next_number < number_end {
            let start_ns = self.timetable.start_ns(self.next_number);
            if start_ns > until_ns {
                break;
            }
            self.send_ended(start_ns).await?;
            let seed = self.timetable.seed;
            let journey = journey::play(self.shop, self.story, seed, self.next_number, start_ns);
            self.open
                .insert((journey.end_ns, self.next_number), journey);
            self.next_number += 1;
        }
        self.send_ended(until_ns).await?;
        for parcel in self.packer.finish(self.shop) {
            self.post.send(parcel).await?;
        }
        Ok(())
    }

    async fn send_ended(&mut self, until_ns: i64) -> anyhow::Result<()> {
        while let Some(entry) = self.open.first_entry() {
            if entry.key().0 > until_ns {
                break;
            }
            let journey = entry.remove();
            self.counts.add(&journey);
            for parcel in self.packer.add(self.shop, journey) {
                self.post.send(parcel).await?;
            }
        }
        Ok(())
    }

    /// Goes on as time passes; returns only when sending fails.
    async fn follow(&mut self, clock: &Clock) -> anyhow::Result<()> {
        loop {
            self.catch_up(clock.now_ns(), u64::MAX).await?;
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }
}

/// What was sent, for the summary.
#[derive(Default)]
struct Counts {
    trace_count: usize,
    pods: BTreeSet<Pod>,
}

impl Counts {
    fn add(&mut self, journey: &Journey) {
        self.trace_count += journey.trace_count;
        self.pods.extend(journey.spans.iter().map(|(pod, _)| *pod));
    }

    fn summary(&self, tally: Tally, elapsed_ns: i64) -> String {
        let services: BTreeSet<usize> = self.pods.iter().map(|pod| pod.service).collect();
        format!(
            "sent {} spans of {} traces and {} log lines from {} services on {} pods\n\
             in {:.1} s, {} requests, {:.1} MB, {} retries\n",
            tally.span_count,
            self.trace_count,
            tally.log_count,
            services.len(),
            self.pods.len(),
            elapsed_ns as f64 / NS_PER_S as f64,
            tally.request_count,
            tally.body_bytes as f64 / 1e6,
            tally.retry_count,
        )
    }
}

/// What is planted and where a user finds it.
fn look_for(shop: &Shop, story: &Story) -> String {
    let pod = Pod {
        service: story.slow_service,
        region: 0,
        number: 0,
        is_slow_build: true,
    };
    let usual = Pod {
        is_slow_build: false,
        ..pod
    };
    format!(
        "\nlook for:\n\
         \x20 a slow build      build_id {} of {} is {} times slower than {} since {}\n\
         \x20                   dataset {}: P95(duration_ms) and COUNT by build_id\n\
         \x20 a failing region  calls from {} to {} wait {:.0} s and fail since {}\n\
         \x20                   dataset payment: COUNT by cloud.region where error = true\n\n",
        pod.build_id(shop),
        shop.story.slow_service,
        story.slow_times,
        usual.build_id(shop),
        time(story.slow_since_ns),
        shop.story.slow_service,
        shop.story.failing_region,
        shop.story.failing_peer,
        story.failing_timeout_ms / 1e3,
        time(story.failing_since_ns),
    )
}

/// Reads `90m`, `24h`, `3d`.
fn seconds(text: &str) -> anyhow::Result<i64> {
    let unit_s = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => bail!("write a time like 90m, 24h or 3d, not {text:?}"),
    };
    let count: u32 = text[..text.len() - 1]
        .parse()
        .with_context(|| format!("write a time like 90m, 24h or 3d, not {text:?}"))?;
    ensure!(count > 0, "--backfill needs some time");
    Ok(i64::from(count) * unit_s)
}

fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

fn time(at_ns: i64) -> String {
    Timestamp::from_second(at_ns / NS_PER_S)
        .map_or_else(|_| at_ns.to_string(), |time| time.to_string())
}

#[expect(clippy::print_stdout, reason = "this is the output of a command")]
fn say(text: &str) {
    print!("{text}");
}
