//! Text to tokens, each with the place it came from.

use crate::parse::ParseError;
use std::fmt;

/// A token and where it starts and ends, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A name that stands alone: a function or a word such as `AND`.
    Word(String),
    /// `$name`, without the `$` and the quotes.
    Column(String),
    Text(String),
    Int(i64),
    Float(f64),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    End,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Column(name) => write!(f, "the column ${name}"),
            Self::Text(_) => f.write_str("a string"),
            Self::Int(value) => write!(f, "the number {value}"),
            Self::Float(value) => write!(f, "the number {value}"),
            Self::Sign(sign) => write!(f, "'{sign}'"),
            Self::End => f.write_str("the end of the expression"),
        }
    }
}

/// Longer ones first.
const SIGNS: [&str; 15] = [
    "<=", ">=", "!=", "<", ">", "=", "!", "+", "-", "*", "/", "%", "(", ")", ",",
];

/// A column of any name as expressions write it.
pub fn column_text(name: &str) -> String {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("$\"{name}\"")
}

/// Reads all tokens; the last one is the end.
pub(crate) fn lex(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { text, position: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let start = lexer.position;
        let kind = lexer.token()?;
        let is_end = kind == Kind::End;
        tokens.push(Token {
            kind,
            start,
            end: lexer.position,
        });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes past the characters that pass, and returns them.
    fn skip(&mut self, passes: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !passes(c)).unwrap_or(rest.len());
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn token(&mut self) -> Result<Kind, ParseError> {
        let start = self.position;
        let Some(first) = self.peek() else {
            return Ok(Kind::End);
        };
        match first {
            '$' => self.column(),
            '"' => self.string().map(Kind::Text),
            '`' => self.raw_string().map(Kind::Text),
            '0'..='9' => self.number(),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            '_' | 'a'..='z' | 'A'..='Z' => {
                let word = self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
                Ok(Kind::Word(word.to_owned()))
            }
            _ => match SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
                Some(sign) => {
                    self.position += sign.len();
                    Ok(Kind::Sign(sign))
                }
                None => Err(ParseError::at(
                    self.text,
                    start,
                    format!("unexpected character {first:?}"),
                )),
            },
        }
    }

    fn column(&mut self) -> Result<Kind, ParseError> {
        let start = self.position;
        self.position += 1;
        let name = match self.peek() {
            Some('"') => self.string()?,
            Some('`') => self.raw_string()?,
            _ => self.skip(is_of_column).to_owned(),
        };
        if name.is_empty() {
            return Err(ParseError::at(
                self.text,
                start,
                "expected the name of a column after '$'",
            ));
        }
        Ok(Kind::Column(name))
    }

    fn number(&mut self) -> Result<Kind, ParseError> {
        let start = self.position;
        let is_digit = |c: char| c.is_ascii_digit();
        self.skip(is_digit);
        let mut is_float = false;
        if self.peek() == Some('.') {
            is_float = true;
            self.position += 1;
            self.skip(is_digit);
        }
        let exponent = self.rest();
        let digits = exponent
            .strip_prefix(['e', 'E'])
            .map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(digits) = digits.filter(|digits| digits.starts_with(is_digit)) {
            is_float = true;
            self.position += exponent.len() - digits.len();
            self.skip(is_digit);
        }
        let text = &self.text[start..self.position];
        if self
            .peek()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return Err(ParseError::at(
                self.text,
                start,
                format!("{text:?} is followed by what does not belong to a number"),
            ));
        }
        if !is_float && let Ok(value) = text.parse() {
            return Ok(Kind::Int(value));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Kind::Float(value)),
            _ => Err(ParseError::at(
                self.text,
                start,
                format!("{text} does not fit in a number"),
            )),
        }
    }

    fn raw_string(&mut self) -> Result<String, ParseError> {
        let start = self.position;
        self.position += 1;
        let text = self.skip(|c| c != '`');
        if self.peek().is_none() {
            return Err(ParseError::at(
                self.text,
                start,
                "expected a closing ` for this one",
            ));
        }
        self.position += 1;
        Ok(text.to_owned())
    }

    fn string(&mut self) -> Result<String, ParseError> {
        let start = self.position;
        self.position += 1;
        // Escapes may give bytes that are text only together.
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(self.skip(|c| !matches!(c, '"' | '\\')).as_bytes());
            match self.peek() {
                Some('\\') => self.escape(&mut bytes)?,
                Some(_) => break,
                None => {
                    return Err(ParseError::at(
                        self.text,
                        start,
                        "expected a closing \" for this one",
                    ));
                }
            }
        }
        self.position += 1;
        String::from_utf8(bytes).map_err(|_| {
            ParseError::at(
                self.text,
                start,
                "the escapes of this string do not give UTF-8 text",
            )
        })
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), ParseError> {
        let start = self.position;
        self.position += 1;
        let Some(letter) = self.peek() else {
            return Ok(());
        };
        let simple = match letter {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            '\'' => b'\'',
            '"' => b'"',
            'x' | 'u' | 'U' | '0'..='7' => return self.coded(letter, bytes),
            _ => {
                return Err(ParseError::at(
                    self.text,
                    start,
                    format!("unknown escape \\{letter}; use `...` for text with backslashes"),
                ));
            }
        };
        self.position += 1;
        bytes.push(simple);
        Ok(())
    }

    /// `\xHH` and `\ooo` are bytes, `\uHHHH` and `\UHHHHHHHH` are characters.
    fn coded(&mut self, letter: char, bytes: &mut Vec<u8>) -> Result<(), ParseError> {
        let start = self.position - 1;
        let (skip, length, radix) = match letter {
            'x' => (1, 2, 16),
            'u' => (1, 4, 16),
            'U' => (1, 8, 16),
            _ => (0, 3, 8),
        };
        let digits = self.rest().get(skip..skip + length).unwrap_or_default();
        let code = match digits.chars().all(|c| c.is_digit(radix)) {
            true => u32::from_str_radix(digits, radix).ok(),
            false => None,
        };
        let is_byte = matches!(length, 2 | 3);
        match code {
            Some(code) if is_byte && code < 256 => bytes.extend(u8::try_from(code)),
            Some(code) if !is_byte && char::from_u32(code).is_some() => {
                let mut buffer = [0; 4];
                let c = char::from_u32(code).unwrap_or_default();
                bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
            _ => {
                return Err(ParseError::at(
                    self.text,
                    start,
                    format!(
                        "expected {length} {} digits of a character in this escape",
                        if radix == 8 { "octal" } else { "hexadecimal" }
                    ),
                ));
            }
        }
        self.position += skip + length;
        Ok(())
    }
}

/// Characters of a column's name that need no quotes.
fn is_of_column(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '=' | '+' | '?' | '-')
}
