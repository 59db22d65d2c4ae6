//! A pull reader over a whole JSON document in memory. Text without escapes is handed out where it lies.

use crate::token::{Malformed, Reader, Token};

/// Reads one JSON document.
pub(crate) struct JsonReader<'i> {
    rest: &'i [u8],
    input_bytes: usize,
    expect: Expect,
    containers: Vec<Container>,
    depth_max: usize,
    deepest: usize,
    text: String,
    unescaped: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Container {
    Array,
    Map,
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    FirstElement,
    FirstKey,
    /// A colon and a value.
    MemberValue,
    /// A comma or the end of the container.
    Separator,
}

impl<'i> JsonReader<'i> {
    /// Reads a document with at most `depth_max` containers open at once.
    pub(crate) fn new(input: &'i [u8], depth_max: usize) -> Self {
        Self {
            rest: input,
            input_bytes: input.len(),
            expect: Expect::Value,
            containers: Vec::new(),
            depth_max,
            deepest: 0,
            text: String::new(),
            unescaped: Vec::new(),
        }
    }

    /// What follows what was read.
    pub(crate) fn rest(&self) -> &'i [u8] {
        self.rest
    }

    /// How many containers are open.
    pub(crate) fn depth(&self) -> usize {
        self.containers.len()
    }

    /// True when the innermost open container ends next.
    pub(crate) fn at_end(&mut self) -> bool {
        matches!(self.peek(), Some(b']' | b'}'))
    }

    /// Skips white space and returns the next byte without taking it.
    fn peek(&mut self) -> Option<u8> {
        while let Some((&byte, rest)) = self.rest.split_first() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.rest = rest;
        }
        None
    }

    fn take(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn close(&mut self) -> Token<'static> {
        self.take();
        self.containers.pop();
        self.expect = Expect::Separator;
        Token::End
    }

    fn open(&mut self, container: Container) -> Result<(), Malformed> {
        self.take();
        if self.containers.len() >= self.depth_max {
            return Err(self.malformed(Malformed::TOO_DEEP));
        }
        self.containers.push(container);
        self.deepest = self.deepest.max(self.containers.len());
        self.expect = match container {
            Container::Array => Expect::FirstElement,
            Container::Map => Expect::FirstKey,
        };
        Ok(())
    }

    fn key(&mut self) -> Result<Token<'_>, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("expected a member name"));
        }
        self.expect = Expect::MemberValue;
        self.string().map(Token::Text)
    }

    fn value(&mut self) -> Result<Token<'_>, Malformed> {
        self.expect = Expect::Separator;
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'{') => self.open(Container::Map).map(|()| Token::Map),
            Some(b'[') => self.open(Container::Array).map(|()| Token::Array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true", Token::Bool(true)),
            Some(b'f') => self.literal(b"false", Token::Bool(false)),
            Some(b'n') => self.literal(b"null", Token::Null),
            Some(_) => Err(self.malformed("expected a value")),
            None => Err(self.malformed("unexpected end")),
        }
    }

    fn literal(&mut self, word: &[u8], token: Token<'static>) -> Result<Token<'static>, Malformed> {
        self.rest = self
            .rest
            .strip_prefix(word)
            .ok_or_else(|| self.malformed("expected a value"))?;
        Ok(token)
    }

    fn number(&mut self) -> Result<Token<'static>, Malformed> {
        let start = self.rest;
        if self.rest.first() == Some(&b'-') {
            self.take();
        }
        let mut is_integer = true;
        if self.rest.first() == Some(&b'0') {
            self.take();
        } else {
            self.digits()?;
        }
        if self.rest.first() == Some(&b'.') {
            is_integer = false;
            self.take();
            self.digits()?;
        }
        if matches!(self.rest.first(), Some(b'e' | b'E')) {
            is_integer = false;
            self.take();
            if matches!(self.rest.first(), Some(b'+' | b'-')) {
                self.take();
            }
            self.digits()?;
        }
        let length = start.len().saturating_sub(self.rest.len());
        let text = start
            .get(..length)
            .and_then(|number| std::str::from_utf8(number).ok())
            .unwrap_or_default();
        if is_integer && let Ok(value) = text.parse() {
            return Ok(Token::Int(value));
        }
        text.parse()
            .map(Token::Float)
            .map_err(|_| self.malformed("invalid number"))
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let count = self
            .rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(self.rest.len());
        if count == 0 {
            return Err(self.malformed("expected a digit"));
        }
        self.rest = self.rest.get(count..).unwrap_or_default();
        Ok(())
    }

    fn string(&mut self) -> Result<&str, Malformed> {
        self.take();
        let plain = self.plain_bytes()?;
        if self.rest.first() == Some(&b'"') {
            self.take();
            return Ok(match std::str::from_utf8(plain) {
                Ok(text) => text,
                Err(_) => {
                    self.text = String::from_utf8_lossy(plain).into_owned();
                    &self.text
                }
            });
        }
        self.unescaped.clear();
        self.unescaped.extend_from_slice(plain);
        loop {
            match self.take() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(self.malformed("unexpected end of a string")),
            }
            let plain = self.plain_bytes()?;
            self.unescaped.extend_from_slice(plain);
        }
        self.text.clear();
        self.text
            .push_str(&String::from_utf8_lossy(&self.unescaped));
        Ok(&self.text)
    }

    /// Takes the bytes up to the next quote or backslash.
    fn plain_bytes(&mut self) -> Result<&'i [u8], Malformed> {
        let (words, _) = self.rest.as_chunks::<8>();
        let mut count = 0_usize;
        for word in words {
            let found = special_bytes(u64::from_le_bytes(*word));
            if found != 0 {
                break;
            }
            count = count.saturating_add(8);
        }
        let tail = self.rest.get(count..).unwrap_or_default();
        let more = tail
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20)
            .ok_or_else(|| self.malformed("unexpected end of a string"))?;
        let (plain, rest) = self
            .rest
            .split_at_checked(count.saturating_add(more))
            .unwrap_or_default();
        self.rest = rest;
        if rest.first().is_some_and(|&byte| byte < 0x20) {
            return Err(self.malformed("control character in a string"));
        }
        Ok(plain)
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let character = match self.take() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode_escape()?,
            _ => return Err(self.malformed("invalid escape")),
        };
        let mut buffer = [0; 4];
        self.unescaped
            .extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        Ok(())
    }

    /// Reads `XXXX`, and with it `\uXXXX` where the two are a surrogate pair. JavaScript clients that cut a text in the middle of a
    /// character send half a pair: it becomes U+FFFD, and the rest of the request is read.
    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        let unit = self.hex_unit()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let after_first = self.rest;
        if unit < 0xdc00 && self.rest.starts_with(b"\\u") {
            self.take();
            self.take();
            let second = self.hex_unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let high = unit.saturating_sub(0xd800).saturating_mul(0x400);
                let low = second.saturating_sub(0xdc00);
                let code = high.saturating_add(low).saturating_add(0x1_0000);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.rest = after_first;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex_unit(&mut self) -> Result<u32, Malformed> {
        let (digits, rest) = self
            .rest
            .split_at_checked(4)
            .ok_or_else(|| self.malformed("invalid escape"))?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.malformed("invalid escape"));
        }
        self.rest = rest;
        std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.malformed("invalid escape"))
    }
}

/// Not 0 when one of eight bytes is a quote, a backslash or a control character.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    // A byte becomes negative when a larger one is taken from it; those that were negative before are not meant.
    let below = |word: u64, byte: u8| {
        word.wrapping_sub(ONES.wrapping_mul(u64::from(byte))) & !word & HIGH_BITS
    };
    let equal = |byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    equal(b'"') | equal(b'\\') | below(word, 0x20)
}

impl Reader for JsonReader<'_> {
    fn next(&mut self) -> Result<Token<'_>, Malformed> {
        match (self.expect, self.peek()) {
            (Expect::Value, _) => self.value(),
            (Expect::FirstElement, Some(b']')) | (Expect::FirstKey, Some(b'}')) => Ok(self.close()),
            (Expect::FirstElement, _) => self.value(),
            (Expect::FirstKey, _) => self.key(),
            (Expect::MemberValue, Some(b':')) => {
                self.take();
                self.value()
            }
            (Expect::MemberValue, _) => Err(self.malformed("expected a colon")),
            (Expect::Separator, byte) => match (self.containers.last(), byte) {
                (Some(Container::Array), Some(b']')) | (Some(Container::Map), Some(b'}')) => {
                    Ok(self.close())
                }
                (Some(Container::Array), Some(b',')) => {
                    self.take();
                    self.value()
                }
                (Some(Container::Map), Some(b',')) => {
                    self.take();
                    self.key()
                }
                (Some(_), None) => Err(self.malformed("unexpected end")),
                _ => Err(self.malformed("expected a comma or an end")),
            },
        }
    }

    fn take_deepest(&mut self) -> usize {
        std::mem::take(&mut self.deepest)
    }

    fn finish(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("more than one document")),
        }
    }

    fn malformed(&self, what: &'static str) -> Malformed {
        Malformed {
            what,
            offset: self.input_bytes.saturating_sub(self.rest.len()),
        }
    }
}
