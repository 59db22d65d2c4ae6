//! Limits on one event, checked while its fields are read, so that a bad event is refused before it costs anything.

/// Limits on one event. Source: spec/honeycomb-api.md section 4.6.
#[derive(Clone, Debug)]
pub struct EventLimits {
    /// Most distinct fields in one event, nested ones counted after flattening. Beyond it the event is refused.
    pub columns_max: usize,
    /// Most bytes in one string value; longer values are cut at a character boundary and the event is kept.
    pub string_bytes_max: usize,
    /// Most bytes in a column name; an event with a longer one is refused.
    pub column_name_bytes_max: usize,
    /// Most bytes in one event, names and values added up. Beyond it the event is refused.
    pub event_bytes_max: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            columns_max: 2_000,
            string_bytes_max: 65_536,
            column_name_bytes_max: 1_024,
            event_bytes_max: 1_000_000,
        }
    }
}
