//! Text to tokens, one at a time: what a word is depends on what the parser expects there.

use super::FilterError;

/// The next thing in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A keyword, a function, `AND`, a value without quotes: letters, digits, `_` and `.`, the first no digit.
    Word(&'a str),
    /// A string, without quotes and escapes.
    Text(String),
    /// A number.
    Number(f64),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

impl Token<'_> {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("{word:?}"),
            Self::Text(_) => "a string".to_owned(),
            Self::Number(number) => format!("the number {number}"),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end of the expression".to_owned(),
        }
    }
}

/// Longer ones first.
const SIGNS: [&str; 16] = [
    "!=", "<=", ">=", "!", "<", ">", "=", "(", ")", "{", "}", "[", "]", ",", ":", "#",
];

/// A place in the text.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    /// In bytes.
    pub(super) offset: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_start().len();
    }

    /// An error at a byte of the text.
    pub(super) fn error_at(&self, offset: usize, message: impl Into<String>) -> FilterError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        FilterError {
            position: before.chars().count(),
            message: message.into(),
        }
    }

    /// Reads the next token; the offset is then behind it.
    pub(super) fn next(&mut self) -> Result<Token<'a>, FilterError> {
        self.skip_blanks();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        if first == '"' {
            return self.string().map(Token::Text);
        }
        if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
            return self.number();
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let word = self.skip(is_of_key);
            return Ok(Token::Word(word));
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.offset += sign.len();
                Ok(Token::Sign(sign))
            }
            None => Err(self.error_at(self.offset, format!("unexpected character {first:?}"))),
        }
    }

    /// The key of an annotation without quotes.
    pub(super) fn key(&mut self) -> &'a str {
        self.skip(is_of_key)
    }

    fn skip(&mut self, passes: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !passes(c)).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    fn string(&mut self) -> Result<String, FilterError> {
        let start = self.offset;
        let mut text = String::new();
        let mut is_escaped = false;
        for (index, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if is_escaped => {
                    // Only quotes and backslashes are escaped; before anything else a backslash stands for itself.
                    if !matches!(c, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(c);
                    is_escaped = false;
                }
                '\\' => is_escaped = true,
                '"' => {
                    self.offset += index + 1;
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(self.error_at(start, "this string has no end"))
    }

    fn number(&mut self) -> Result<Token<'a>, FilterError> {
        let start = self.offset;
        let text = self.skip(|c| is_of_key(c) || matches!(c, '-' | '+'));
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && has_digit && is_plain => Ok(Token::Number(number)),
            _ => Err(self.error_at(start, format!("{text:?} is no number"))),
        }
    }
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}
