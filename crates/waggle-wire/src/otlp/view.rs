//! What a request says, borrowed from its bytes: the messages of OTLP as far as they become columns.
//!
//! Fields may come in any order and, where a message may occur once, several times, which counts as one message with the fields of
//! all. So a record is read whole before its row is written. The views are read over and over into the same memory.

use super::protobuf::{Broken, Message, bytes, fixed32, fixed64, known, varint};
use crate::text::Text;
use std::borrow::Cow;

/// A named value.
#[derive(Clone, Debug, Default)]
pub(super) struct Attribute<'a> {
    pub(super) key: Text<'a>,
    pub(super) value: Value<'a>,
}

/// A value. Containers are whole messages that have been checked and are read when they are written.
#[derive(Clone, Debug, Default)]
pub(super) enum Value<'a> {
    #[default]
    Unset,
    String(Text<'a>),
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(&'a [u8]),
    Array(Cow<'a, [u8]>),
    Map(Cow<'a, [u8]>),
    /// A reference into a table that only the profiles signal has.
    Reference,
}

/// What a resource entry says of all its records.
#[derive(Debug, Default)]
pub(super) struct ResourceView<'a> {
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) schema_url: &'a str,
    pub(super) scopes: Vec<Message<'a>>,
}

/// What a scope entry says of all its records.
#[derive(Debug, Default)]
pub(super) struct ScopeView<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) schema_url: &'a str,
    pub(super) records: Vec<Message<'a>>,
}

/// A span.
#[derive(Debug, Default)]
pub(super) struct SpanView<'a> {
    pub(super) trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    pub(super) parent_span_id: &'a [u8],
    pub(super) trace_state: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: i32,
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) events: Vec<Message<'a>>,
    pub(super) links: Vec<Message<'a>>,
    pub(super) status_code: i32,
    pub(super) status_message: &'a str,
}

/// A span's event.
#[derive(Debug, Default)]
pub(super) struct EventView<'a> {
    pub(super) unix_nano: u64,
    pub(super) name: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
}

/// A span's link.
#[derive(Debug, Default)]
pub(super) struct LinkView<'a> {
    pub(super) trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    pub(super) attributes: Vec<Attribute<'a>>,
}

/// A log record.
#[derive(Debug, Default)]
pub(super) struct LogView<'a> {
    pub(super) unix_nano: u64,
    pub(super) observed_unix_nano: u64,
    pub(super) severity_number: i32,
    pub(super) severity_text: &'a str,
    pub(super) body: Value<'a>,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) flags: u32,
    pub(super) trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    pub(super) event_name: &'a str,
}

/// Hands the resource entries of a request to `visit`, which may end the reading.
pub(super) fn for_each_resource<'a, E: From<Broken>>(
    mut request: Message<'a>,
    mut visit: impl FnMut(&ResourceView<'a>) -> Result<(), E>,
) -> Result<(), E> {
    const ENTRIES: u64 = bytes(1);
    const KNOWN: u32 = known(&[1]);
    let mut view = ResourceView::default();
    while let Some(key) = request.key()? {
        match key {
            ENTRIES => {
                view.read(request.message()?)?;
                visit(&view)?;
            }
            key => request.skip(key, KNOWN)?,
        }
    }
    Ok(())
}

impl<'a> ResourceView<'a> {
    fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const RESOURCE: u64 = bytes(1);
        const SCOPES: u64 = bytes(2);
        const SCHEMA_URL: u64 = bytes(3);
        const KNOWN: u32 = known(&[1, 2, 3]);
        self.attributes.clear();
        self.scopes.clear();
        self.schema_url = "";
        while let Some(key) = message.key()? {
            match key {
                RESOURCE => self.read_resource(message.message()?)?,
                SCOPES => self.scopes.push(message.message()?),
                SCHEMA_URL => self.schema_url = message.str()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_resource(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const ATTRIBUTES: u64 = bytes(1);
        const DROPPED_ATTRIBUTES: u64 = varint(2);
        const ENTITIES: u64 = bytes(3);
        const KNOWN: u32 = known(&[1, 2, 3]);
        while let Some(key) = message.key()? {
            match key {
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                DROPPED_ATTRIBUTES => drop(message.varint()?),
                ENTITIES => check_entity(message.message()?)?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

/// A reference to an entity: four texts that become no columns.
fn check_entity(mut message: Message<'_>) -> Result<(), Broken> {
    const KNOWN: u32 = known(&[1, 2, 3, 4]);
    while let Some(key) = message.key()? {
        if (bytes(1)..=bytes(4)).contains(&key) && key & 7 == bytes(0) {
            message.text()?;
        } else {
            message.skip(key, KNOWN)?;
        }
    }
    Ok(())
}

impl<'a> ScopeView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const SCOPE: u64 = bytes(1);
        const RECORDS: u64 = bytes(2);
        const SCHEMA_URL: u64 = bytes(3);
        const KNOWN: u32 = known(&[1, 2, 3]);
        self.name = "";
        self.version = "";
        self.attributes.clear();
        self.schema_url = "";
        self.records.clear();
        while let Some(key) = message.key()? {
            match key {
                SCOPE => self.read_scope(message.message()?)?,
                RECORDS => self.records.push(message.message()?),
                SCHEMA_URL => self.schema_url = message.str()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_scope(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const NAME: u64 = bytes(1);
        const VERSION: u64 = bytes(2);
        const ATTRIBUTES: u64 = bytes(3);
        const DROPPED_ATTRIBUTES: u64 = varint(4);
        const KNOWN: u32 = known(&[1, 2, 3, 4]);
        while let Some(key) = message.key()? {
            match key {
                NAME => self.name = message.str()?,
                VERSION => self.version = message.str()?,
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                DROPPED_ATTRIBUTES => drop(message.varint()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

impl<'a> SpanView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const TRACE_ID: u64 = bytes(1);
        const SPAN_ID: u64 = bytes(2);
        const TRACE_STATE: u64 = bytes(3);
        const PARENT_SPAN_ID: u64 = bytes(4);
        const NAME: u64 = bytes(5);
        const KIND: u64 = varint(6);
        const START: u64 = fixed64(7);
        const END: u64 = fixed64(8);
        const ATTRIBUTES: u64 = bytes(9);
        const DROPPED_ATTRIBUTES: u64 = varint(10);
        const EVENTS: u64 = bytes(11);
        const DROPPED_EVENTS: u64 = varint(12);
        const LINKS: u64 = bytes(13);
        const DROPPED_LINKS: u64 = varint(14);
        const STATUS: u64 = bytes(15);
        const FLAGS: u64 = fixed32(16);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        self.clear();
        while let Some(key) = message.key()? {
            match key {
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                TRACE_ID => self.trace_id = message.bytes()?,
                SPAN_ID => self.span_id = message.bytes()?,
                TRACE_STATE => self.trace_state = message.str()?,
                PARENT_SPAN_ID => self.parent_span_id = message.bytes()?,
                NAME => self.name = message.str()?,
                KIND => self.kind = message.int32()?,
                START => self.start_unix_nano = message.fixed64()?,
                END => self.end_unix_nano = message.fixed64()?,
                EVENTS => self.events.push(message.message()?),
                LINKS => self.links.push(message.message()?),
                STATUS => self.read_status(message.message()?)?,
                DROPPED_ATTRIBUTES | DROPPED_EVENTS | DROPPED_LINKS => drop(message.varint()?),
                FLAGS => drop(message.fixed32()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_status(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const MESSAGE: u64 = bytes(2);
        const CODE: u64 = varint(3);
        const KNOWN: u32 = known(&[2, 3]);
        while let Some(key) = message.key()? {
            match key {
                MESSAGE => self.status_message = message.str()?,
                CODE => self.status_code = message.int32()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    /// Forgets everything but the memory.
    fn clear(&mut self) {
        let Self {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            name,
            kind,
            start_unix_nano,
            end_unix_nano,
            attributes,
            events,
            links,
            status_code,
            status_message,
        } = self;
        (*trace_id, *span_id, *parent_span_id) = (&[], &[], &[]);
        (*trace_state, *name, *status_message) = ("", "", "");
        (*kind, *status_code) = (0, 0);
        (*start_unix_nano, *end_unix_nano) = (0, 0);
        attributes.clear();
        events.clear();
        links.clear();
    }
}

impl<'a> EventView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const TIME: u64 = fixed64(1);
        const NAME: u64 = bytes(2);
        const ATTRIBUTES: u64 = bytes(3);
        const DROPPED_ATTRIBUTES: u64 = varint(4);
        const KNOWN: u32 = known(&[1, 2, 3, 4]);
        self.unix_nano = 0;
        self.name = "";
        self.attributes.clear();
        while let Some(key) = message.key()? {
            match key {
                TIME => self.unix_nano = message.fixed64()?,
                NAME => self.name = message.str()?,
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                DROPPED_ATTRIBUTES => drop(message.varint()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

impl<'a> LinkView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const TRACE_ID: u64 = bytes(1);
        const SPAN_ID: u64 = bytes(2);
        const TRACE_STATE: u64 = bytes(3);
        const ATTRIBUTES: u64 = bytes(4);
        const DROPPED_ATTRIBUTES: u64 = varint(5);
        const FLAGS: u64 = fixed32(6);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6]);
        self.trace_id = &[];
        self.span_id = &[];
        self.attributes.clear();
        while let Some(key) = message.key()? {
            match key {
                TRACE_ID => self.trace_id = message.bytes()?,
                SPAN_ID => self.span_id = message.bytes()?,
                TRACE_STATE => drop(message.text()?),
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                DROPPED_ATTRIBUTES => drop(message.varint()?),
                FLAGS => drop(message.fixed32()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

impl<'a> LogView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const TIME: u64 = fixed64(1);
        const SEVERITY_NUMBER: u64 = varint(2);
        const SEVERITY_TEXT: u64 = bytes(3);
        const BODY: u64 = bytes(5);
        const ATTRIBUTES: u64 = bytes(6);
        const DROPPED_ATTRIBUTES: u64 = varint(7);
        const FLAGS: u64 = fixed32(8);
        const TRACE_ID: u64 = bytes(9);
        const SPAN_ID: u64 = bytes(10);
        const OBSERVED: u64 = fixed64(11);
        const EVENT_NAME: u64 = bytes(12);
        const KNOWN: u32 = known(&[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]);
        *self = Self {
            attributes: emptied(std::mem::take(&mut self.attributes)),
            ..Self::default()
        };
        while let Some(key) = message.key()? {
            match key {
                TIME => self.unix_nano = message.fixed64()?,
                OBSERVED => self.observed_unix_nano = message.fixed64()?,
                SEVERITY_NUMBER => self.severity_number = message.int32()?,
                SEVERITY_TEXT => self.severity_text = message.str()?,
                BODY => self.body.read(message.message()?)?,
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                DROPPED_ATTRIBUTES => drop(message.varint()?),
                FLAGS => self.flags = message.fixed32()?,
                TRACE_ID => self.trace_id = message.bytes()?,
                SPAN_ID => self.span_id = message.bytes()?,
                EVENT_NAME => self.event_name = message.str()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

impl<'a> Attribute<'a> {
    #[inline]
    pub(super) fn read(message: Message<'a>) -> Result<Self, Broken> {
        Self::read_with(message, true)
    }

    fn read_with(mut message: Message<'a>, is_new: bool) -> Result<Self, Broken> {
        const KEY: u64 = bytes(1);
        const VALUE: u64 = bytes(2);
        const KEY_REFERENCE: u64 = varint(3);
        const KNOWN: u32 = known(&[1, 2, 3]);
        let mut attribute = Self::default();
        while let Some(key) = message.key()? {
            match key {
                KEY => attribute.key = message.text()?,
                VALUE => attribute.value.read_with(message.message()?, is_new)?,
                KEY_REFERENCE => drop(message.varint()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(attribute)
    }
}

const VALUES: u64 = bytes(1);
const VALUES_KNOWN: u32 = known(&[1]);

impl<'a> Value<'a> {
    /// Reads a value over this one: the last of several counts, but containers of one kind are joined.
    fn read(&mut self, message: Message<'a>) -> Result<(), Broken> {
        self.read_with(message, true)
    }

    /// With `is_new`, what is in containers is checked; it is not when it has been.
    #[inline]
    fn read_with(&mut self, mut message: Message<'a>, is_new: bool) -> Result<(), Broken> {
        const STRING: u64 = bytes(1);
        const BOOL: u64 = varint(2);
        const INT: u64 = varint(3);
        const FLOAT: u64 = fixed64(4);
        const ARRAY: u64 = bytes(5);
        const MAP: u64 = bytes(6);
        const BYTES: u64 = bytes(7);
        const REFERENCE: u64 = varint(8);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8]);
        while let Some(key) = message.key()? {
            *self = match key {
                STRING => Self::String(message.text()?),
                BOOL => Self::Bool(message.varint()? != 0),
                INT => Self::Int(message.varint()?.cast_signed()),
                FLOAT => Self::Float(f64::from_bits(message.fixed64()?)),
                BYTES => Self::Bytes(message.bytes()?),
                ARRAY => {
                    let array = message.message()?;
                    if is_new {
                        check_array(array)?;
                    }
                    match std::mem::take(self) {
                        Self::Array(first) => Self::Array(joined(first, array.rest())),
                        _ => Self::Array(Cow::Borrowed(array.rest())),
                    }
                }
                MAP => {
                    let map = message.message()?;
                    if is_new {
                        check_map(map)?;
                    }
                    match std::mem::take(self) {
                        Self::Map(first) => Self::Map(joined(first, map.rest())),
                        _ => Self::Map(Cow::Borrowed(map.rest())),
                    }
                }
                REFERENCE => {
                    message.varint()?;
                    Self::Reference
                }
                key => {
                    message.skip(key, KNOWN)?;
                    continue;
                }
            };
        }
        Ok(())
    }
}

/// The values of an array that has been checked.
pub(super) fn array_values(array: &[u8]) -> impl Iterator<Item = Value<'_>> {
    members(array).map_while(|message| {
        let mut value = Value::default();
        value.read_with(message, false).ok().map(|()| value)
    })
}

/// The members of a map that has been checked.
pub(super) fn map_members(map: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    members(map).map_while(|message| Attribute::read_with(message, false).ok())
}

fn members(container: &[u8]) -> impl Iterator<Item = Message<'_>> {
    // How deep it goes was checked where it was found.
    let mut container = Message::new(container, u32::MAX);
    std::iter::from_fn(move || {
        loop {
            match container.key().ok()?? {
                VALUES => return container.message().ok(),
                key => container.skip(key, VALUES_KNOWN).ok()?,
            }
        }
    })
}

fn check_array(mut array: Message<'_>) -> Result<(), Broken> {
    while let Some(key) = array.key()? {
        match key {
            VALUES => Value::default().read(array.message()?)?,
            key => array.skip(key, VALUES_KNOWN)?,
        }
    }
    Ok(())
}

fn check_map(mut map: Message<'_>) -> Result<(), Broken> {
    while let Some(key) = map.key()? {
        match key {
            VALUES => drop(Attribute::read(map.message()?)?),
            key => map.skip(key, VALUES_KNOWN)?,
        }
    }
    Ok(())
}

/// Two messages of one type, one after the other, are one with the fields of both.
fn joined<'a>(first: Cow<'a, [u8]>, second: &[u8]) -> Cow<'a, [u8]> {
    let mut both = first.into_owned();
    both.extend_from_slice(second);
    Cow::Owned(both)
}

fn emptied<T>(mut list: Vec<T>) -> Vec<T> {
    list.clear();
    list
}
