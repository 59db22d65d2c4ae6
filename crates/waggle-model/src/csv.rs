//! Tables as text for spreadsheets: CSV as in RFC 4180, the same from exports and from SQL.
//!
//! Lines end in CRLF and values are quoted where they need it. An empty place is no value; the empty text is written as `""`.

/// Lines in the making.
#[derive(Debug, Default)]
pub struct CsvLines {
    bytes: Vec<u8>,
    is_line_begun: bool,
}

impl CsvLines {
    /// Adds a value to the line; `None` is no value.
    pub fn value(&mut self, value: Option<&str>) {
        if self.is_line_begun {
            self.bytes.push(b',');
        }
        self.is_line_begun = true;
        let Some(value) = value else {
            return;
        };
        let needs_quotes =
            value.is_empty() || value.contains(['"', ',', '\r', '\n']) || value.trim() != value;
        if !needs_quotes {
            self.bytes.extend_from_slice(value.as_bytes());
            return;
        }
        self.bytes.push(b'"');
        for (index, part) in value.split('"').enumerate() {
            if index > 0 {
                self.bytes.extend_from_slice(b"\"\"");
            }
            self.bytes.extend_from_slice(part.as_bytes());
        }
        self.bytes.push(b'"');
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
        self.is_line_begun = false;
    }

    /// The UTF-8 of the lines so far, which are then forgotten.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests;
