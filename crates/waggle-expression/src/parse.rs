//! Tokens to a tree, by precedence.
//!
//! From tight to loose: `!`, `* / %`, `+ -`, `< <= > >=`, `= !=`, `AND`, `OR`; all group from the left. Chains of one operator that
//! takes any number of arguments become one call, so that a long chain is not a deep tree. Source: spec/honeycomb-api.md section 10.1.

use crate::datum::Datum;
use crate::expression::{Call, Expression, Input, Node};
use crate::function::metric::seconds_of;
use crate::function::{self, Family, Function};
use crate::lex::{Kind, Token, lex};
use crate::temporal::{Temporal, TemporalFunction};
use std::borrow::Cow;

/// Most characters of an expression. Source: spec/honeycomb-api.md section 10.1.
pub const EXPRESSION_CHARS_MAX: usize = 4_095;

/// Most calls inside one another, brackets included: evaluation recurses so deep.
pub const DEPTH_MAX: usize = 100;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct ParseError {
    /// What is wrong, and what was expected instead.
    pub message: String,
    /// Where it begins, in bytes from the start of the text.
    pub position: usize,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl ParseError {
    pub(crate) fn at(text: &str, position: usize, message: impl Into<String>) -> Self {
        let before = text.get(..position).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            message: message.into(),
            position,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// Reads and checks an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, ParseError> {
    let count = text.chars().count();
    if count > EXPRESSION_CHARS_MAX {
        return Err(ParseError::at(
            text,
            0,
            format!(
                "the expression has {count} characters, more than the {EXPRESSION_CHARS_MAX} there may be"
            ),
        ));
    }
    let mut parser = Parser {
        text,
        tokens: lex(text)?,
        next: 0,
        depth: 0,
        inputs: Vec::new(),
        mentions: Vec::new(),
        has_temporal: false,
    };
    if parser.peek().kind == Kind::End {
        return Err(ParseError::at(text, 0, "empty expression"));
    }
    let root = parser.level(0)?.node;
    if parser.peek().kind != Kind::End {
        return Err(parser.unexpected("an operator or the end of the expression"));
    }
    Ok(Expression {
        text: text.to_owned(),
        root,
        inputs: parser.inputs,
    })
}

/// Infix operators with their functions, loosest first.
const LEVELS: [&[(&str, &str)]; 6] = [
    &[("OR", "OR")],
    &[("AND", "AND")],
    &[("=", "EQUALS"), ("!=", "EQUALS")],
    &[("<", "LT"), ("<=", "LTE"), (">", "GT"), (">=", "GTE")],
    &[("+", "SUM"), ("-", "SUB")],
    &[("*", "MUL"), ("/", "DIV"), ("%", "MOD")],
];

/// Functions that take any number of arguments one after another, so that `a + b + c` is one call.
const CHAINED: [&str; 4] = ["OR", "AND", "SUM", "MUL"];

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    inputs: Vec<Input>,
    /// How often each input is mentioned.
    mentions: Vec<usize>,
    has_temporal: bool,
}

/// A node and how many calls are inside one another in it.
struct Parsed {
    node: Node,
    depth: usize,
    /// Written in brackets or as a call: a chain does not go on through it.
    is_closed: bool,
}

impl Parsed {
    fn leaf(node: Node) -> Self {
        Self {
            node,
            depth: 0,
            is_closed: true,
        }
    }
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        // The end is never passed.
        &self.tokens[self.next]
    }

    fn take(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().kind, Kind::Sign(found) if *found == sign)
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let token = self.peek();
        ParseError::at(
            self.text,
            token.start,
            format!("unexpected {}, expected {expected}", token.kind),
        )
    }

    fn too_deep(&self, position: usize) -> ParseError {
        ParseError::at(
            self.text,
            position,
            format!("more than {DEPTH_MAX} calls and brackets inside one another"),
        )
    }

    /// Operands of one level joined by its operators.
    fn level(&mut self, level: usize) -> Result<Parsed, ParseError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        loop {
            let token = self.peek();
            let found = match &token.kind {
                Kind::Sign(sign) => operators.iter().find(|(known, _)| known == sign),
                Kind::Word(word) => operators
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(word)),
                _ => None,
            };
            let Some((operator, name)) = found else {
                return Ok(left);
            };
            let position = token.start;
            self.next += 1;
            let right = self.level(level + 1)?;
            left = self.joined(name, left, right, position)?;
            if *operator == "!=" {
                left = self.call("NOT", vec![left], position)?;
                left.is_closed = false;
            }
        }
    }

    fn joined(
        &mut self,
        name: &str,
        left: Parsed,
        right: Parsed,
        position: usize,
    ) -> Result<Parsed, ParseError> {
        if let Parsed {
            node: Node::Call(call),
            depth,
            is_closed: false,
        } = left
        {
            if call.function.name == name && CHAINED.contains(&name) {
                let mut call = call;
                call.arguments.push(right.node);
                let depth = depth.max(right.depth + 1);
                if depth > DEPTH_MAX {
                    return Err(self.too_deep(position));
                }
                return Ok(Parsed {
                    node: Node::Call(call),
                    depth,
                    is_closed: false,
                });
            }
            let left = Parsed {
                node: Node::Call(call),
                depth,
                is_closed: false,
            };
            return self.infix(name, left, right, position);
        }
        self.infix(name, left, right, position)
    }

    fn infix(
        &mut self,
        name: &str,
        left: Parsed,
        right: Parsed,
        position: usize,
    ) -> Result<Parsed, ParseError> {
        let mut joined = self.call(name, vec![left, right], position)?;
        joined.is_closed = false;
        Ok(joined)
    }

    fn unary(&mut self) -> Result<Parsed, ParseError> {
        if !self.is_sign("!") {
            return self.primary();
        }
        let position = self.take().start;
        self.enter(position)?;
        let operand = self.unary()?;
        self.depth -= 1;
        self.call("NOT", vec![operand], position)
    }

    fn primary(&mut self) -> Result<Parsed, ParseError> {
        let token = self.peek().clone();
        let constant = match token.kind {
            Kind::Sign("(") => return self.brackets(),
            Kind::Sign("-") => return self.negative(),
            Kind::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Datum::Bool(true),
                "false" => Datum::Bool(false),
                "null" => Datum::Null,
                _ => return self.function(),
            },
            Kind::Column(name) => {
                self.next += 1;
                return Ok(Parsed::leaf(self.input(Input::Column(name))));
            }
            Kind::Text(text) => Datum::Text(Cow::Owned(text)),
            Kind::Int(value) => Datum::Int(value),
            Kind::Float(value) => Datum::Float(value),
            Kind::Sign(_) | Kind::End => {
                return Err(self.unexpected("a column, a value, a function or '('"));
            }
        };
        self.next += 1;
        Ok(Parsed::leaf(Node::Constant(constant)))
    }

    /// A minus right before a number is part of it.
    fn negative(&mut self) -> Result<Parsed, ParseError> {
        let minus = self.take();
        let number = self.peek().clone();
        let constant = match number.kind {
            Kind::Int(value) => Datum::Int(-value),
            // One more fits below 0 than above.
            Kind::Float(9_223_372_036_854_775_808.0)
                if self.text[number.start..number.end]
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
                    && self.text[number.start..number.end].parse() == Ok(1_u64 << 63) =>
            {
                Datum::Int(i64::MIN)
            }
            Kind::Float(value) => Datum::Float(-value),
            _ => {
                return Err(ParseError::at(
                    self.text,
                    minus.start,
                    "a minus sign needs a number after it, or a value before it",
                ));
            }
        };
        if number.start != minus.end {
            return Err(ParseError::at(
                self.text,
                minus.start,
                "a minus sign stands right before its number",
            ));
        }
        self.next += 1;
        Ok(Parsed::leaf(Node::Constant(constant)))
    }

    fn enter(&mut self, position: usize) -> Result<(), ParseError> {
        self.depth += 1;
        match self.depth > DEPTH_MAX {
            true => Err(self.too_deep(position)),
            false => Ok(()),
        }
    }

    fn brackets(&mut self) -> Result<Parsed, ParseError> {
        let position = self.take().start;
        self.enter(position)?;
        let mut inside = self.level(0)?;
        self.depth -= 1;
        if !self.is_sign(")") {
            return Err(self.unexpected("an operator or ')'"));
        }
        self.next += 1;
        inside.is_closed = true;
        Ok(inside)
    }

    fn function(&mut self) -> Result<Parsed, ParseError> {
        let token = self.take();
        let Kind::Word(word) = token.kind else {
            return Err(self.unexpected("a function"));
        };
        if function::find(&word).is_none() {
            let message = match self.is_sign("(") {
                true => format!("invalid function: {word}"),
                false => format!(
                    "unexpected {word}, expected a value; the name of a column begins with '$', text is in \"quotes\""
                ),
            };
            return Err(ParseError::at(self.text, token.start, message));
        }
        if !self.is_sign("(") {
            return Err(self.unexpected(&format!("'(' after {}", word.to_ascii_uppercase())));
        }
        self.next += 1;
        self.enter(token.start)?;
        let mut arguments = Vec::new();
        while !self.is_sign(")") {
            arguments.push(self.level(0)?);
            if self.is_sign(",") {
                self.next += 1;
            } else if !self.is_sign(")") {
                return Err(self.unexpected("an operator, ',' or ')'"));
            }
        }
        self.next += 1;
        self.depth -= 1;
        self.call(&word, arguments, token.start)
    }

    fn call(
        &mut self,
        name: &str,
        arguments: Vec<Parsed>,
        position: usize,
    ) -> Result<Parsed, ParseError> {
        let Some(function) = function::find(name) else {
            let message = format!("invalid function: {name}");
            return Err(ParseError::at(self.text, position, message));
        };
        let depth = arguments.iter().map(|argument| argument.depth).max();
        let depth = depth.unwrap_or_default() + 1;
        if depth > DEPTH_MAX {
            return Err(self.too_deep(position));
        }
        let arguments: Vec<Node> = arguments.into_iter().map(|parsed| parsed.node).collect();
        let node = self
            .checked(function, arguments, position)
            .map_err(|message| ParseError::at(self.text, position, message))?;
        Ok(Parsed {
            node,
            depth,
            is_closed: true,
        })
    }

    fn checked(
        &mut self,
        function: &'static Function,
        arguments: Vec<Node>,
        position: usize,
    ) -> Result<Node, String> {
        let count = arguments.len();
        if !function.arity.takes(count) {
            return Err(format!(
                "{} takes {}, not {count}",
                function.name, function.arity
            ));
        }
        if function.family == Family::Metric {
            if self.has_temporal {
                return Err("timeseries operations cannot be nested".to_owned());
            }
            self.has_temporal = true;
        }
        if let Some(temporal) = TemporalFunction::from_name(function.name) {
            return self.temporal(temporal, &arguments);
        }
        let prepared = (function.prepare)(&arguments)?;
        match function.name {
            "EVENT_TIMESTAMP" => return Ok(self.input(Input::EventTime)),
            "INGEST_TIMESTAMP" => return Ok(self.input(Input::IngestTime)),
            _ => {}
        }
        Ok(Node::Call(Call {
            function,
            arguments,
            position,
            prepared,
        }))
    }

    /// The series of the column among the arguments, instead of the column.
    fn temporal(&mut self, function: TemporalFunction, arguments: &[Node]) -> Result<Node, String> {
        let seconds = seconds_of(function, arguments)?;
        let Some(Node::Input(index)) = arguments.first() else {
            return Ok(Node::Constant(Datum::Null));
        };
        let Input::Column(metric) = self.inputs[*index].clone() else {
            return Err(format!("{} takes a column with a metric", function.name()));
        };
        self.mentions[*index] -= 1;
        if self.mentions[*index] == 0 {
            // Mentioned here and nowhere before, so it is the last.
            self.inputs.pop();
            self.mentions.pop();
        }
        Ok(self.input(Input::Temporal(Temporal {
            function,
            metric,
            seconds,
        })))
    }

    fn input(&mut self, input: Input) -> Node {
        let known = self.inputs.iter().position(|known| *known == input);
        let index = known.unwrap_or_else(|| {
            self.inputs.push(input);
            self.mentions.push(0);
            self.inputs.len() - 1
        });
        self.mentions[index] += 1;
        Node::Input(index)
    }
}
