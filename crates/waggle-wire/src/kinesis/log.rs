//! Subscription records of CloudWatch Logs: lines of one log stream, each of which becomes an event.

use crate::honeycomb::{EventOptions, read_fields, read_value, time_from_token};
use crate::json::JsonReader;
use crate::row::Row;
use crate::token::{DEPTH_MAX, Malformed, Reader, Token};
use waggle_model::{EventBatch, RejectReason};

/// What a subscription record says of all its lines; empty where it says nothing.
#[derive(Debug, Default)]
pub(super) struct LogGroup {
    pub(super) message_type: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) stream: String,
}

/// Reads the lines of a record into rows. Returns why lines were refused. Records that only ask whether anybody listens have none.
pub(super) fn read_log_events(
    reader: &mut JsonReader<'_>,
    group: &LogGroup,
    events: &mut EventBatch,
    name: &mut String,
    options: &EventOptions<'_>,
) -> Result<Vec<RejectReason>, Malformed> {
    let mut refused = Vec::new();
    if group.message_type == "CONTROL_MESSAGE" {
        return Ok(refused);
    }
    reader.next()?;
    loop {
        match reader.next()? {
            Token::End => return Ok(refused),
            Token::Text("logEvents") => {}
            _ => {
                reader.skip_value()?;
                continue;
            }
        }
        if reader.next()? != Token::Array {
            continue;
        }
        loop {
            match reader.next()? {
                Token::End => break,
                Token::Map => {
                    let row = Row::begin(events, options.limits);
                    let taken = read_log_event(reader, group, row, name, options)?;
                    refused.extend(taken.err());
                }
                Token::Array => {
                    reader.skip_container()?;
                    refused.push(RejectReason::Malformed);
                }
                _ => refused.push(RejectReason::Malformed),
            }
        }
    }
}

/// Reads one line, whose opening token has been read. The members of a message that is a JSON object become columns and come first.
fn read_log_event(
    reader: &mut JsonReader<'_>,
    group: &LogGroup,
    mut row: Row<'_>,
    name: &mut String,
    options: &EventOptions<'_>,
) -> Result<Result<usize, RejectReason>, Malformed> {
    let depth = options.expand_json_depth;
    let (mut id, mut message) = (String::new(), None);
    let mut time_ns = None;
    loop {
        let member = match reader.next()? {
            Token::End => break,
            Token::Text("id") => Member::Id,
            Token::Text("timestamp") => Member::Timestamp,
            Token::Text("message") => Member::Message,
            Token::Text(other) => {
                name.clear();
                name.push_str(other);
                Member::Other
            }
            _ => continue,
        };
        if let Member::Other = member {
            read_value(reader, &mut row, name, depth)?;
            continue;
        }
        let token = reader.next()?;
        let is_container = matches!(token, Token::Array | Token::Map);
        match (member, token) {
            (Member::Id, Token::Text(text)) => text.clone_into(&mut id),
            (Member::Message, Token::Text(text)) => message = Some(text.to_owned()),
            (Member::Timestamp, token) => time_ns = time_from_token(&token),
            _ => {}
        }
        if is_container {
            reader.skip_container()?;
        }
    }
    match message {
        Some(message) if is_object(&message) => {
            let mut fields = JsonReader::new(message.as_bytes(), DEPTH_MAX);
            fields.next()?;
            read_fields(&mut fields, &mut row, name, depth)?;
        }
        Some(message) => row.put_str("message", &message),
        None => {}
    }
    for (name, value) in [
        ("id", &id),
        ("logGroup", &group.name),
        ("logStream", &group.stream),
        ("owner", &group.owner),
    ] {
        if !value.is_empty() {
            row.put_str(name, value);
        }
    }
    Ok(row.end(time_ns.unwrap_or(options.now_ns), 1))
}

enum Member {
    Id,
    Timestamp,
    Message,
    Other,
}

/// True for text that is one JSON object and nothing else.
fn is_object(text: &str) -> bool {
    let mut reader = JsonReader::new(text.as_bytes(), DEPTH_MAX);
    text.trim_start().starts_with('{') && reader.skip_value().is_ok() && reader.finish().is_ok()
}
