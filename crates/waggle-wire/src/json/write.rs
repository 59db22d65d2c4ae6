//! JSON text with a bound on its length: nested values are stored as JSON, and what does not fit is cut, not refused.

use crate::row::cut;
use crate::token::{Malformed, Reader, Token};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// JSON text that stops growing at a number of bytes. The text is then cut at a character boundary, and no longer valid JSON.
#[derive(Debug)]
pub(crate) struct JsonText {
    text: String,
    bytes_max: usize,
    is_full: bool,
}

impl JsonText {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            text: String::new(),
            bytes_max,
            is_full: false,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// Writes punctuation or other text that is JSON already.
    pub(crate) fn raw(&mut self, text: &str) {
        if self.is_full {
            return;
        }
        let room = self.bytes_max.saturating_sub(self.text.len());
        self.is_full = text.len() > room;
        self.text.push_str(cut(text, room));
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.raw(&value.to_string());
    }

    /// Writes the shortest text that reads back as the same float, or null where JSON has no such number.
    pub(crate) fn float(&mut self, value: f64) {
        if !value.is_finite() {
            return self.raw("null");
        }
        let mut number = String::new();
        if write!(number, "{value:?}").is_ok() {
            self.raw(&number);
        }
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// Writes a string literal; `<`, `>` and `&` stay as they are.
    pub(crate) fn string(&mut self, value: &str) {
        self.raw("\"");
        let mut plain = value;
        while let Some(position) = plain.find(|c: char| matches!(c, '"' | '\\') || c < ' ') {
            let Some((before, rest)) = plain.split_at_checked(position) else {
                break;
            };
            self.raw(before);
            let mut characters = rest.chars();
            match characters.next() {
                Some('"') => self.raw("\\\""),
                Some('\\') => self.raw("\\\\"),
                Some('\n') => self.raw("\\n"),
                Some('\r') => self.raw("\\r"),
                Some('\t') => self.raw("\\t"),
                Some('\u{8}') => self.raw("\\b"),
                Some('\u{c}') => self.raw("\\f"),
                Some(control) => self.raw(&format!("\\u{:04x}", u32::from(control))),
                None => break,
            }
            plain = characters.as_str();
            if self.is_full {
                return;
            }
        }
        self.raw(plain);
        self.raw("\"");
    }

    /// Writes bytes as a string literal of their base64 text.
    pub(crate) fn base64(&mut self, value: &[u8]) {
        // Three bytes become four characters: what lies beyond the bound is not encoded at all.
        let value = value.get(..self.bytes_max).unwrap_or(value);
        self.raw("\"");
        self.raw(&STANDARD.encode(value));
        self.raw("\"");
    }
}

/// Copies the container whose opening token has just been read, as compact JSON. Map keys that are not text are written as text.
pub(crate) fn copy_container(
    reader: &mut impl Reader,
    is_map: bool,
    out: &mut JsonText,
) -> Result<(), Malformed> {
    // The containers open here, innermost last: is it a map, and how many tokens did it have.
    let mut open = vec![(is_map, 0_u64)];
    out.raw(if is_map { "{" } else { "[" });
    while let Some((is_map, count)) = open.last_mut() {
        let token = reader.next()?;
        let is_key = *is_map && *count % 2 == 0;
        if token == Token::End {
            out.raw(if *is_map { "}" } else { "]" });
            open.pop();
            continue;
        }
        if *count > 0 {
            out.raw(if *is_map && !is_key { ":" } else { "," });
        }
        *count = count.saturating_add(1);
        match token {
            Token::Array | Token::Map if is_key => {
                reader.skip_container()?;
                out.raw("\"\"");
            }
            Token::Array => {
                out.raw("[");
                open.push((false, 0));
            }
            Token::Map => {
                out.raw("{");
                open.push((true, 0));
            }
            token if is_key => out.string(&key_text(&token).unwrap_or_default()),
            token => copy_scalar(&token, out),
        }
    }
    Ok(())
}

/// The column name a map key stands for; `None` for one that cannot be a name.
pub(crate) fn key_text<'t>(token: &Token<'t>) -> Option<std::borrow::Cow<'t, str>> {
    match token {
        Token::Text(text) => Some((*text).into()),
        Token::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
        Token::Int(value) => Some(value.to_string().into()),
        Token::Float(value) => Some(value.to_string().into()),
        Token::Bool(value) => Some(value.to_string().into()),
        Token::Null | Token::Time(_) | Token::Unknown | Token::Array | Token::Map | Token::End => {
            None
        }
    }
}

fn copy_scalar(token: &Token<'_>, out: &mut JsonText) {
    match token {
        Token::Bool(value) => out.bool(*value),
        Token::Int(value) => out.int(*value),
        Token::Float(value) => out.float(*value),
        Token::Text(value) => out.string(value),
        Token::Bytes(value) => match std::str::from_utf8(value) {
            Ok(text) => out.string(text),
            Err(_) => out.base64(value),
        },
        Token::Time(value) => out.string(&crate::honeycomb::time_text(*value)),
        Token::Null | Token::Unknown | Token::Array | Token::Map | Token::End => out.raw("null"),
    }
}
