//! What goes wrong in the shop: causes as each language words them, and what callers make of them.

use super::attribute::{boolean, text};
use super::random::Random;
use opentelemetry_proto::tonic::trace::v1::span;

/// Why something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No answer in time.
    Timeout,
    /// The other side refused.
    Unavailable,
    /// Two writers met.
    Conflict,
    /// A mistake of one's own.
    Defect,
}

/// A failure on its way up the tree.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    pub(crate) message: String,
    /// Probability that the caller cannot help failing, too.
    pub(crate) reach: f64,
}

impl Failure {
    /// A failure of an operation by itself.
    pub(crate) fn own(random: &mut Random) -> Self {
        let (cause, message) = match random.index(6) {
            0 => (Cause::Timeout, "deadline of 2000 ms exceeded"),
            1 => (
                Cause::Conflict,
                "could not serialise access due to concurrent update",
            ),
            2 => (Cause::Unavailable, "connection reset by peer"),
            3 => (Cause::Unavailable, "connection pool exhausted after 250 ms"),
            4 => (Cause::Defect, "unexpected null in field `shop_id`"),
            _ => (Cause::Defect, "index 3 out of range for length 3"),
        };
        Self {
            cause,
            message: message.to_owned(),
            reach: 0.75,
        }
    }

    /// The same failure one level up.
    pub(crate) fn carried(self, callee: &str) -> Self {
        let message = if self.message.starts_with("call to ") {
            self.message
        } else {
            format!("call to {callee} failed: {}", self.message)
        };
        Self { message, ..self }
    }

    /// HTTP status a server answers with.
    pub(crate) fn http_status(&self) -> i64 {
        match self.cause {
            Cause::Timeout => 504,
            Cause::Unavailable => 503,
            Cause::Conflict | Cause::Defect => 500,
        }
    }

    /// gRPC status a server answers with.
    pub(crate) fn grpc_status(&self) -> i64 {
        match self.cause {
            Cause::Timeout => 4,
            Cause::Unavailable => 14,
            Cause::Conflict => 10,
            Cause::Defect => 13,
        }
    }

    /// The span event that an instrumentation records for it.
    pub(crate) fn event(&self, language: &str, step: &str, at_ns: i64) -> span::Event {
        let kind = exception_type(language, self.cause);
        span::Event {
            time_unix_nano: at_ns as u64,
            name: "exception".to_owned(),
            attributes: vec![
                text("exception.type", kind),
                text("exception.message", &self.message),
                text(
                    "exception.stacktrace",
                    stacktrace(language, kind, &self.message, step),
                ),
                boolean("exception.escaped", true),
            ],
            dropped_attributes_count: 0,
        }
    }
}

fn exception_type(language: &str, cause: Cause) -> &'static str {
    match (language, cause) {
        ("java", Cause::Timeout) => "java.net.SocketTimeoutException",
        ("java", Cause::Unavailable) => "java.net.ConnectException",
        ("java", Cause::Conflict) => "org.postgresql.util.PSQLException",
        ("java", Cause::Defect) => "java.lang.NullPointerException",
        ("python", Cause::Timeout) => "TimeoutError",
        ("python", Cause::Unavailable) => "ConnectionResetError",
        ("python", Cause::Conflict) => "psycopg.errors.SerializationFailure",
        ("python", Cause::Defect) => "KeyError",
        ("nodejs", Cause::Timeout) => "ProviderTimeoutError",
        ("nodejs", Cause::Defect) => "TypeError",
        ("nodejs", _) => "Error",
        ("dotnet", Cause::Timeout) => "System.TimeoutException",
        ("dotnet", _) => "System.InvalidOperationException",
        ("ruby", Cause::Timeout) => "Net::ReadTimeout",
        ("ruby", _) => "RuntimeError",
        (_, Cause::Timeout) => "DeadlineExceeded",
        (_, Cause::Unavailable) => "Unavailable",
        (_, Cause::Conflict) => "Conflict",
        (_, Cause::Defect) => "Panic",
    }
}

fn stacktrace(language: &str, kind: &str, message: &str, step: &str) -> String {
    let place = step.replace([' ', '/', '.'], "_");
    match language {
        "java" => format!(
            "{kind}: {message}\n\tat shop.{place}.run({place}.java:118)\n\tat shop.Server.handle(Server.java:64)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)"
        ),
        "python" => format!(
            "Traceback (most recent call last):\n  File \"/app/server.py\", line 88, in handle\n    return await {place}(request)\n  File \"/app/{place}.py\", line 41, in {place}\n{kind}: {message}"
        ),
        "nodejs" => format!(
            "{kind}: {message}\n    at {place} (/app/src/{place}.js:57:11)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)\n    at async handle (/app/src/server.js:31:5)"
        ),
        _ => format!("{kind}: {message}\n  {place} at src/{place}:73\n  handle at src/server:29"),
    }
}
