//! What the expressions of calculated fields compare: their text literals, and the numbers beside columns. Only as much of the grammar as
//! that takes; what can't be read is compared with nothing. Source of the grammar: spec/honeycomb-api.md section 10.1.

use super::decimals;
use std::ops::Range;

/// A number and the column that an expression compares with it, be it as equal or as different.
pub(super) struct Comparison {
    /// As it is named, with the prefix of another span.
    pub(super) column: String,
    /// Where the number is, with its sign.
    pub(super) place: Range<usize>,
    /// Its [`decimals`].
    pub(super) number: String,
}

/// The comparisons by `=`, `!=`, `EQUALS` and `IN` of a column itself with a number itself: not with what is computed of them, nor with
/// arguments of other functions.
pub(super) fn comparisons(expression: &str) -> Vec<Comparison> {
    let mut reader = Reader {
        expression,
        tokens: tokens(expression),
        next: 0,
        depth: 0,
        found: Vec::new(),
    };
    // Behind what can't be read nothing is.
    let _ = reader.level(0);
    reader.found
}

/// Infix operators, loosest first.
const LEVELS: [&[&str]; 6] = [
    &["OR"],
    &["AND"],
    &["=", "!="],
    &["<", "<=", ">", ">="],
    &["+", "-"],
    &["*", "/", "%"],
];
const EQUALITY: &[&str] = LEVELS[2];
/// Longer ones first.
const SIGNS: [&str; 15] = [
    "<=", ">=", "!=", "<", ">", "=", "!", "+", "-", "*", "/", "%", "(", ")", ",",
];
/// Most calls and brackets inside one another, a few more than expressions may have.
const DEPTH_MAX: usize = 110;

#[derive(Clone)]
enum Token {
    Text,
    Column(String),
    Number(Range<usize>),
    Word(String),
    Sign(&'static str, usize),
}

#[derive(Clone)]
enum Operand {
    Column(String),
    Number(Range<usize>),
    Other,
}

struct Reader<'a> {
    expression: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    found: Vec<Comparison>,
}

impl Reader<'_> {
    fn level(&mut self, level: usize) -> Option<Operand> {
        let Some(operators) = LEVELS.get(level) else {
            return self.operand();
        };
        let mut left = self.level(level + 1)?;
        while self.take(operators) {
            let right = self.level(level + 1)?;
            if *operators == EQUALITY {
                self.compare(&left, &right);
            }
            left = Operand::Other;
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Operand> {
        let token = self.tokens.get(self.next)?.clone();
        self.next += 1;
        Some(match token {
            Token::Text => Operand::Other,
            Token::Column(name) => Operand::Column(name),
            Token::Number(place) => Operand::Number(place),
            Token::Sign("-", start) => match self.operand()? {
                Operand::Number(place) => Operand::Number(start..place.end),
                _ => return None,
            },
            Token::Sign("!", _) => {
                while self.take(&["!"]) {}
                self.operand()?;
                Operand::Other
            }
            Token::Sign("(", _) => {
                let mut inside = self.list()?;
                inside.pop()?
            }
            Token::Sign(..) => return None,
            Token::Word(function) if self.take(&["("]) => {
                let arguments = self.list()?;
                if ["EQUALS", "IN"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&function))
                    && let Some((first, others)) = arguments.split_first()
                {
                    others.iter().for_each(|other| self.compare(first, other));
                }
                Operand::Other
            }
            Token::Word(_) => Operand::Other,
        })
    }

    /// What stands between commas up to the closing bracket.
    fn list(&mut self) -> Option<Vec<Operand>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut operands = Vec::new();
        while !self.take(&[")"]) {
            operands.push(self.level(0)?);
            self.take(&[","]);
        }
        self.depth -= 1;
        Some(operands)
    }

    fn take(&mut self, meant: &[&str]) -> bool {
        let found = match self.tokens.get(self.next) {
            Some(Token::Sign(sign, _)) => *sign,
            Some(Token::Word(word)) => word.as_str(),
            _ => return false,
        };
        let is_meant = meant.iter().any(|known| known.eq_ignore_ascii_case(found));
        self.next += usize::from(is_meant);
        is_meant
    }

    fn compare(&mut self, one: &Operand, other: &Operand) {
        if let (Operand::Column(column), Operand::Number(place))
        | (Operand::Number(place), Operand::Column(column)) = (one, other)
        {
            let number = self.expression.get(place.clone()).unwrap_or_default();
            self.found.push(Comparison {
                column: column.clone(),
                place: place.clone(),
                number: decimals(number),
            });
        }
    }
}

fn tokens(expression: &str) -> Vec<Token> {
    let texts = quoted(expression);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = expression.get(at..)
        && let Some(letter) = rest.chars().next()
    {
        let quoted = |start| texts.iter().find(|quoted| quoted.place.start == start);
        if let Some(text) = quoted(at) {
            found.push(Token::Text);
            at = text.place.end;
        } else if letter == '$' {
            if let Some(name) = quoted(at + 1) {
                found.push(Token::Column(name.text.clone()));
                at = name.place.end;
            } else {
                let is_of_name = |c: char| c.is_alphanumeric() || "_./:=+?-".contains(c);
                let length = 1 + length_of(rest.get(1..).unwrap_or_default(), is_of_name);
                let name = rest.get(1..length).unwrap_or_default();
                found.push(Token::Column(name.to_owned()));
                at += length;
            }
        } else if letter.is_ascii_alphabetic() || letter == '_' {
            let length = length_of(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            let word = rest.get(..length).unwrap_or_default();
            found.push(Token::Word(word.to_owned()));
            at += length;
        } else if letter.is_ascii_digit() || letter == '.' {
            let length = length_of_number(rest);
            found.push(Token::Number(at..at + length));
            at += length;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign, at));
            at += sign.len();
        } else {
            at += letter.len_utf8();
        }
    }
    found
}

fn length_of(text: &str, is_of_it: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of_it(c)).unwrap_or(text.len())
}

/// Digits, perhaps a point, perhaps an exponent with its sign.
fn length_of_number(text: &str) -> usize {
    let length = length_of(text, |c| c.is_ascii_digit() || c == '.');
    let exponent = text.get(length..).unwrap_or_default();
    let Some(rest) = exponent.strip_prefix(['e', 'E']) else {
        return length;
    };
    let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    match length_of(digits, |c| c.is_ascii_digit()) {
        0 => length,
        count => text.len() - digits.len() + count,
    }
}

/// The text literals of an expression with their quotes, and what they mean; quoted names of columns are none.
pub(super) fn literals(expression: &str) -> Vec<(Range<usize>, String)> {
    let quoted = quoted(expression).into_iter();
    let texts = quoted.filter(|quoted| !quoted.is_column);
    texts.map(|text| (text.place, text.text)).collect()
}

/// What stands in quotes.
struct Quoted {
    /// With the quotes.
    place: Range<usize>,
    text: String,
    is_column: bool,
}

fn quoted(expression: &str) -> Vec<Quoted> {
    let mut found = Vec::new();
    let mut is_column = false;
    let mut letters = expression.char_indices();
    while let Some((start, letter)) = letters.next() {
        if !matches!(letter, '"' | '`') {
            is_column = letter == '$';
            continue;
        }
        let mut text = String::new();
        let mut end = None;
        while let Some((at, inner)) = letters.next() {
            match inner {
                quote if quote == letter => {
                    end = Some(at + quote.len_utf8());
                    break;
                }
                '\\' if letter == '"' => {
                    let (meant, length) = escaped(letters.as_str());
                    text.extend(meant);
                    for _ in 0..length {
                        letters.next();
                    }
                }
                other => text.push(other),
            }
        }
        if let Some(end) = end {
            found.push(Quoted {
                place: start..end,
                text,
                is_column,
            });
        }
        is_column = false;
    }
    found
}

/// What an escape means, and how many letters after the backslash it takes.
fn escaped(rest: &str) -> (Option<char>, usize) {
    let Some(kind) = rest.chars().next() else {
        return (None, 0);
    };
    let number = |skipped: usize, digits: usize, radix: u32| {
        let text: String = rest.chars().skip(skipped).take(digits).collect();
        let meant = u32::from_str_radix(&text, radix).ok();
        (meant.and_then(char::from_u32), skipped + digits)
    };
    match kind {
        'a' => (Some('\x07'), 1),
        'b' => (Some('\x08'), 1),
        'f' => (Some('\x0c'), 1),
        'n' => (Some('\n'), 1),
        'r' => (Some('\r'), 1),
        't' => (Some('\t'), 1),
        'v' => (Some('\x0b'), 1),
        'x' => number(1, 2, 16),
        'u' => number(1, 4, 16),
        'U' => number(1, 8, 16),
        '0'..='7' => number(0, 3, 8),
        other => (Some(other), 1),
    }
}
