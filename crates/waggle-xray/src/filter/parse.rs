//! Tokens to a tree, by descent. Source: spec/xray.md section 4.3.

use super::expression::{CauseKind, CauseLevel, Expression, NumberOp, Test, TextOp};
use super::group::{GroupName, Reading};
use super::keyword::{Keyword, KeywordType, Scope};
use super::lex::{Lexer, Token};
use super::{
    DEPTH_MAX, EXPRESSION_CHARS_MAX, Filter, FilterError, NODES_MAX, NoGroups, NodePattern,
    Selector, SelectorTerm,
};
use serde_json::Value as Json;

/// Reads the text of a filter, or of a group within one.
pub(super) fn parse(text: &str, reading: &mut Reading<'_>) -> Result<Filter, FilterError> {
    check_length(text, EXPRESSION_CHARS_MAX)?;
    let mut parser = Parser {
        lexer: Lexer { text, offset: 0 },
        reading,
    };
    let expression = parser.any(Scope::Trace)?;
    parser.expect_end()?;
    Ok(Filter { expression })
}

/// Reads a selector: nodes and edges joined by OR.
pub(super) fn parse_selector(text: &str) -> Result<Selector, FilterError> {
    check_length(text, Selector::CHARS_MAX)?;
    let mut parser = Parser {
        lexer: Lexer { text, offset: 0 },
        reading: &mut Reading::new(&NoGroups),
    };
    let mut terms = vec![parser.term()?];
    while parser.takes_word("or")? {
        terms.push(parser.term()?);
    }
    parser.expect_end()?;
    Ok(Selector { terms })
}

fn check_length(text: &str, chars_max: usize) -> Result<(), FilterError> {
    match text.chars().count() > chars_max {
        true => Err(FilterError {
            position: chars_max,
            message: format!("the expression is longer than {chars_max} characters"),
        }),
        false => Ok(()),
    }
}

/// Words that are no values and no keywords.
const RESERVED: [&str; 5] = ["and", "or", "contains", "beginswith", "endswith"];

/// What may stand between a keyword and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equality(bool),
    Order(NumberOp),
    Text(TextOp),
}

struct Parser<'a, 'r, 'g> {
    lexer: Lexer<'a>,
    reading: &'r mut Reading<'g>,
}

impl<'a> Parser<'a, '_, '_> {
    fn peek(&self) -> Result<Token<'a>, FilterError> {
        self.lexer.clone().next()
    }

    /// Where the next token begins.
    fn start(&mut self) -> usize {
        self.lexer.skip_blanks();
        self.lexer.offset
    }

    fn error(&mut self, message: impl Into<String>) -> FilterError {
        let start = self.start();
        self.lexer.error_at(start, message)
    }

    /// The next token is not what it must be.
    fn unexpected(&mut self, expected: &str) -> FilterError {
        match self.peek() {
            Ok(token) => {
                let found = token.describe();
                self.error(format!("expected {expected}, found {found}"))
            }
            Err(error) => error,
        }
    }

    fn takes(&mut self, sign: &str) -> Result<bool, FilterError> {
        let is_it = matches!(self.peek()?, Token::Sign(found) if found == sign);
        if is_it {
            self.lexer.next()?;
        }
        Ok(is_it)
    }

    fn takes_word(&mut self, word: &str) -> Result<bool, FilterError> {
        let is_it = matches!(self.peek()?, Token::Word(found) if found.eq_ignore_ascii_case(word));
        if is_it {
            self.lexer.next()?;
        }
        Ok(is_it)
    }

    fn expect(&mut self, sign: &str) -> Result<(), FilterError> {
        match self.takes(sign)? {
            true => Ok(()),
            false => Err(self.unexpected(&format!("'{sign}'"))),
        }
    }

    fn expect_end(&mut self) -> Result<(), FilterError> {
        match self.peek()? {
            Token::End => Ok(()),
            _ => Err(self.unexpected("AND, OR or the end of the expression")),
        }
    }

    fn any(&mut self, scope: Scope) -> Result<Expression, FilterError> {
        let mut parts = vec![self.all(scope)?];
        while self.takes_word("or")? {
            parts.push(self.all(scope)?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self, scope: Scope) -> Result<Expression, FilterError> {
        let mut parts = vec![self.unary(scope)?];
        // Conditions side by side must hold together.
        while self.takes_word("and")? || self.begins_condition()? {
            parts.push(self.unary(scope)?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn begins_condition(&self) -> Result<bool, FilterError> {
        Ok(match self.peek()? {
            Token::Word(word) => !word.eq_ignore_ascii_case("or"),
            Token::Sign(sign) => matches!(sign, "!" | "("),
            _ => false,
        })
    }

    fn unary(&mut self, scope: Scope) -> Result<Expression, FilterError> {
        self.deeper(|parser| match parser.takes("!")? {
            true => Ok(Expression::Not(Box::new(parser.unary(scope)?))),
            false => parser.primary(scope),
        })
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.reading.depth >= DEPTH_MAX {
            return Err(self.error(format!("more than {DEPTH_MAX} levels of nesting")));
        }
        if self.reading.nodes >= NODES_MAX {
            let message = format!(
                "more than {NODES_MAX} conditions, those of groups counted wherever they are named"
            );
            return Err(self.error(message));
        }
        self.reading.nodes += 1;
        self.reading.depth += 1;
        let value = read(self);
        self.reading.depth -= 1;
        value
    }

    fn primary(&mut self, scope: Scope) -> Result<Expression, FilterError> {
        if self.takes("(")? {
            let inner = self.any(scope)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let start = self.start();
        let Token::Word(word) = self.peek()? else {
            return Err(self.unexpected("a condition"));
        };
        if RESERVED
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
        {
            return Err(self.unexpected("a condition"));
        }
        self.lexer.next()?;
        let lower = word.to_ascii_lowercase();
        let is_call = matches!(self.peek(), Ok(Token::Sign("(")));
        let only_in_trace = |lexer: &Lexer<'_>, what: &str| match scope {
            Scope::Trace => Ok(()),
            _ => Err(lexer.error_at(start, format!("{what} can't stand {}", scope.describe()))),
        };
        match lower.as_str() {
            "service" if is_call => {
                only_in_trace(&self.lexer, "service()")?;
                let node = self.service()?;
                Ok(Expression::Service(
                    node,
                    Box::new(self.block(Scope::Service, false)?),
                ))
            }
            "edge" if is_call => {
                only_in_trace(&self.lexer, "edge()")?;
                let (from, to) = self.edge()?;
                let block = self.block(Scope::Edge, false)?;
                Ok(Expression::Edge(from, to, Box::new(block)))
            }
            "rootcause" => Err(self
                .lexer
                .error_at(start, "rootcause needs a kind and a level")),
            _ if lower.starts_with("rootcause.") => {
                only_in_trace(&self.lexer, "rootcause")?;
                self.cause(start, &lower)
            }
            _ => self.compare(start, word, scope),
        }
    }

    /// A part of a selector.
    fn term(&mut self) -> Result<SelectorTerm, FilterError> {
        let word = match self.peek()? {
            Token::Word(word) => word.to_ascii_lowercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "id" => Ok(SelectorTerm::Service(self.node()?.unwrap_or_default())),
            "service" => {
                self.lexer.next()?;
                self.service().map(SelectorTerm::Service)
            }
            "edge" => {
                self.lexer.next()?;
                self.edge().map(|(from, to)| SelectorTerm::Edge(from, to))
            }
            _ => Err(self.unexpected("id(), service() or edge()")),
        }
    }

    /// `service` has been read.
    fn service(&mut self) -> Result<NodePattern, FilterError> {
        self.expect("(")?;
        let node = self.node()?.unwrap_or_default();
        self.expect(")")?;
        Ok(node)
    }

    /// `edge` has been read.
    fn edge(&mut self) -> Result<(NodePattern, NodePattern), FilterError> {
        self.expect("(")?;
        let from = self.node()?.unwrap_or_default();
        self.expect(",")?;
        let to = self.node()?.unwrap_or_default();
        self.expect(")")?;
        Ok((from, to))
    }

    /// A name or `id(...)`, if there is one.
    fn node(&mut self) -> Result<Option<NodePattern>, FilterError> {
        match self.peek()? {
            Token::Text(name) => {
                self.lexer.next()?;
                Ok(Some(NodePattern {
                    name: Some(name),
                    ..NodePattern::default()
                }))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("id") => {
                self.lexer.next()?;
                self.id().map(Some)
            }
            Token::Word(_) | Token::Number(_) => Err(self.unexpected("a string or id()")),
            Token::Sign(_) | Token::End => Ok(None),
        }
    }

    fn id(&mut self) -> Result<NodePattern, FilterError> {
        self.expect("(")?;
        let mut node = NodePattern::default();
        loop {
            let start = self.start();
            let Token::Word(part) = self.peek()? else {
                return Err(self.unexpected("name, type or account.id"));
            };
            self.lexer.next()?;
            let place = match part.to_ascii_lowercase().as_str() {
                "name" => &mut node.name,
                "type" => &mut node.node_type,
                "account.id" => &mut node.account_id,
                _ => {
                    let message = format!("id() knows name, type and account.id, not {part:?}");
                    return Err(self.lexer.error_at(start, message));
                }
            };
            if place.is_some() {
                return Err(self.lexer.error_at(start, format!("{part} is given twice")));
            }
            self.expect(":")?;
            let Token::Text(text) = self.peek()? else {
                return Err(self.unexpected("a string"));
            };
            self.lexer.next()?;
            *place = Some(text);
            if !self.takes(",")? {
                self.expect(")")?;
                return Ok(node);
            }
        }
    }

    fn block(&mut self, scope: Scope, is_required: bool) -> Result<Expression, FilterError> {
        if !is_required && !matches!(self.peek()?, Token::Sign("{")) {
            return Ok(Expression::TRUE);
        }
        self.expect("{")?;
        if self.takes("}")? {
            return Ok(Expression::TRUE);
        }
        let inner = self.any(scope)?;
        self.expect("}")?;
        Ok(inner)
    }

    /// `rootcause.…` has been read.
    fn cause(&mut self, start: usize, word: &str) -> Result<Expression, FilterError> {
        let parts: Vec<&str> = word.split('.').skip(1).collect();
        let kind = |name: &str| match name {
            "fault" => Some(CauseKind::Fault),
            "error" => Some(CauseKind::Error),
            "responsetime" => Some(CauseKind::ResponseTime),
            _ => None,
        };
        let unknown = |lexer: &Lexer<'_>| {
            let message = format!(
                "unknown keyword {word:?}: rootcause takes fault, error or responsetime, then service, entity, exception or json"
            );
            lexer.error_at(start, message)
        };
        match parts.as_slice() {
            ["json"] => self.cause_json(None),
            [first, "json"] => match kind(first) {
                Some(kind) => self.cause_json(Some(kind)),
                None => Err(unknown(&self.lexer)),
            },
            [first, level] => {
                let level = match *level {
                    "service" => CauseLevel::Service,
                    "entity" => CauseLevel::Entity,
                    "exception" => CauseLevel::Exception,
                    _ => return Err(unknown(&self.lexer)),
                };
                let Some(kind) = kind(first) else {
                    return Err(unknown(&self.lexer));
                };
                if (kind, level) == (CauseKind::ResponseTime, CauseLevel::Exception) {
                    let message = "root causes of response times have no exceptions";
                    return Err(self.lexer.error_at(start, message));
                }
                let block = self.block(Scope::Cause(kind, level), true)?;
                Ok(Expression::Cause(kind, level, Box::new(block)))
            }
            _ => Err(unknown(&self.lexer)),
        }
    }

    fn cause_json(&mut self, kind: Option<CauseKind>) -> Result<Expression, FilterError> {
        self.expect("=")?;
        self.expect("#")?;
        let start = self.start();
        let mut values = serde_json::Deserializer::from_str(self.lexer.rest()).into_iter::<Json>();
        let value = match values.next() {
            Some(Ok(value @ (Json::Array(_) | Json::Object(_)))) => value,
            _ => {
                return Err(self
                    .lexer
                    .error_at(start, "expected a JSON array or object"));
            }
        };
        let length = values.byte_offset();
        self.lexer.offset += length;
        Ok(Expression::CauseJson(kind, value))
    }

    fn compare(
        &mut self,
        start: usize,
        word: &str,
        scope: Scope,
    ) -> Result<Expression, FilterError> {
        let keyword = self.keyword(start, word)?;
        if !keyword.is_of(scope) {
            let message = format!("{} can't stand {}", keyword.name(), scope.describe());
            return Err(self.lexer.error_at(start, message));
        }
        let op_start = self.start();
        let Some(op) = self.op()? else {
            if matches!(keyword, Keyword::GroupName | Keyword::GroupArn) {
                return Err(self.unexpected("'=' or '!='"));
            }
            return Ok(Expression::Is(keyword));
        };
        let value_start = self.start();
        let value = match self.peek()? {
            Token::Word(word)
                if RESERVED
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(word)) =>
            {
                return Err(self.unexpected("a value"));
            }
            Token::Sign(_) | Token::End => return Err(self.unexpected("a value")),
            value => value,
        };
        self.lexer.next()?;
        let test = match test(&keyword, op, &value) {
            Ok(test) => test,
            Err(Mismatch::Op) => {
                let message = format!("{} does not have this operator", keyword.name());
                return Err(self.lexer.error_at(op_start, message));
            }
            Err(Mismatch::Value(expected)) => {
                let message = format!("{} is compared with {expected}", keyword.name());
                return Err(self.lexer.error_at(value_start, message));
            }
        };
        let name = match (&keyword, &test) {
            (Keyword::GroupName, Test::Text(_, name)) => GroupName::Name(name.clone()),
            (Keyword::GroupArn, Test::Text(_, arn)) => GroupName::Arn(arn.clone()),
            _ => return Ok(Expression::Compare(keyword, test)),
        };
        let filter = self
            .reading
            .group(&name)
            .map_err(|message| self.lexer.error_at(value_start, message))?;
        let is_wanted = matches!(test, Test::Text(TextOp::Equal, _));
        Ok(Expression::Group(filter, is_wanted))
    }

    fn keyword(&mut self, start: usize, word: &str) -> Result<Keyword, FilterError> {
        let prefix = "annotation.";
        match word.get(..prefix.len()) {
            Some(begin) if begin.eq_ignore_ascii_case(prefix) => {
                let key = word.get(prefix.len()..).unwrap_or_default();
                return match key.is_empty() {
                    true => Err(self.lexer.error_at(start, "an annotation needs a key")),
                    false => Ok(Keyword::Annotation(key.to_owned())),
                };
            }
            _ => {}
        }
        if word.eq_ignore_ascii_case("annotation") {
            self.expect("[")?;
            self.lexer.skip_blanks();
            let key = match self.lexer.rest().starts_with('"') {
                true => match self.lexer.next()? {
                    Token::Text(key) => key,
                    _ => String::new(),
                },
                false => self.lexer.key().to_owned(),
            };
            if key.is_empty() {
                return Err(self.unexpected("the key of an annotation"));
            }
            self.expect("]")?;
            return Ok(Keyword::Annotation(key));
        }
        Keyword::find(word).ok_or_else(|| {
            let message = format!("unknown keyword {word:?}");
            self.lexer.error_at(start, message)
        })
    }

    fn op(&mut self) -> Result<Option<Op>, FilterError> {
        let op = match self.peek()? {
            Token::Sign("=") => Op::Equality(true),
            Token::Sign("!=") => Op::Equality(false),
            Token::Sign("<") => Op::Order(NumberOp::Less),
            Token::Sign("<=") => Op::Order(NumberOp::LessOrEqual),
            Token::Sign(">") => Op::Order(NumberOp::Greater),
            Token::Sign(">=") => Op::Order(NumberOp::GreaterOrEqual),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "contains" => Op::Text(TextOp::Contains),
                "beginswith" => Op::Text(TextOp::BeginsWith),
                "endswith" => Op::Text(TextOp::EndsWith),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.lexer.next()?;
        Ok(Some(op))
    }
}

fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => join(parts),
    }
}

enum Mismatch {
    Op,
    Value(&'static str),
}

/// What a comparison tests, if keyword, operator and value go together.
fn test(keyword: &Keyword, op: Op, value: &Token<'_>) -> Result<Test, Mismatch> {
    let truth = match value {
        Token::Word(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Token::Word(word) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    let is_text = truth.is_none() && matches!(value, Token::Word(_) | Token::Text(_));
    match (keyword.value_type(), op) {
        (KeywordType::Bool, Op::Equality(_)) if truth.is_none() => {
            Err(Mismatch::Value("true or false"))
        }
        (KeywordType::Bool, Op::Order(_) | Op::Text(_)) => Err(Mismatch::Op),
        (KeywordType::Number, Op::Text(_)) => Err(Mismatch::Op),
        (KeywordType::Number, _) if !matches!(value, Token::Number(_)) => {
            Err(Mismatch::Value("a number"))
        }
        (KeywordType::Text, Op::Order(_)) => Err(Mismatch::Op),
        (KeywordType::Text, _) if !is_text => Err(Mismatch::Value("a string")),
        (KeywordType::Text, Op::Text(_))
            if matches!(keyword, Keyword::GroupName | Keyword::GroupArn) =>
        {
            Err(Mismatch::Op)
        }
        _ => match (value, truth, op) {
            (_, Some(value), Op::Equality(is_equal)) => Ok(Test::Bool { is_equal, value }),
            (_, Some(_), _) => Err(Mismatch::Op),
            (Token::Number(number), _, Op::Equality(true)) => {
                Ok(Test::Number(NumberOp::Equal, *number))
            }
            (Token::Number(number), _, Op::Equality(false)) => {
                Ok(Test::Number(NumberOp::NotEqual, *number))
            }
            (Token::Number(number), _, Op::Order(op)) => Ok(Test::Number(op, *number)),
            (Token::Word(_) | Token::Text(_), _, Op::Order(_)) => Err(Mismatch::Value("a number")),
            (Token::Number(_), _, Op::Text(_)) => Err(Mismatch::Value("a string")),
            (Token::Word(text), _, op) => Ok(Test::Text(text_op(op), (*text).to_owned())),
            (Token::Text(text), _, op) => Ok(Test::Text(text_op(op), text.clone())),
            (Token::Sign(_) | Token::End, _, _) => Err(Mismatch::Value("a value")),
        },
    }
}

fn text_op(op: Op) -> TextOp {
    match op {
        Op::Equality(false) => TextOp::NotEqual,
        Op::Text(op) => op,
        Op::Equality(true) | Op::Order(_) => TextOp::Equal,
    }
}
