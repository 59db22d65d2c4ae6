//! An expression as a tree, and its value in one row.

use crate::datum::Datum;
use crate::function::{Function, Prepared};
use crate::parse::{ParseError, parse};
use crate::temporal::Temporal;

/// An expression that makes sense.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(crate) text: String,
    pub(crate) root: Node,
    pub(crate) inputs: Vec<Input>,
}

/// What an expression reads of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A column by its name, without the `$`. It may begin with a relational prefix such as `root.`.
    Column(String),
    /// The event's time, in seconds since the Unix epoch as a float.
    EventTime,
    /// When the event was accepted, in seconds since the Unix epoch as a float; empty for one from before that was kept.
    IngestTime,
    /// What a metric's series does over time.
    Temporal(Temporal),
}

/// One part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    /// A literal.
    Constant(Datum<'static>),
    /// Index into [`Expression::inputs`].
    Input(usize),
    /// A function and its arguments.
    Call(Call),
}

/// A function with its arguments. Operators are functions too.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub function: &'static Function,
    /// Its arguments, as many as it takes.
    pub arguments: Vec<Node>,
    /// Where its name stands in the text, in bytes.
    pub position: usize,
    pub(crate) prepared: Prepared,
}

/// The type of a value, as far as it is known before there is a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultType {
    /// Always text, where there is a value.
    Text,
    /// Always a whole number.
    Integer,
    /// Always a float.
    Float,
    /// Always a boolean.
    Boolean,
    /// That of an argument or a column.
    Any,
}

impl ResultType {
    /// The public name, as in the columns API; `any` when it depends on the row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Any => "any",
        }
    }
}

impl Expression {
    /// Reads an expression and checks everything that can be known without a row.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong, where, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse(text)
    }

    /// The expression as its author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What it reads, each once, in the order of first mention.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Names of the columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Column(name) => Some(name.as_str()),
            Input::Temporal(temporal) => Some(temporal.metric.as_str()),
            Input::EventTime | Input::IngestTime => None,
        })
    }

    /// What it asks of metrics' series over time.
    pub fn temporals(&self) -> impl Iterator<Item = &Temporal> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Temporal(temporal) => Some(temporal),
            Input::Column(_) | Input::EventTime | Input::IngestTime => None,
        })
    }

    /// Every function it calls, operators included, outermost first.
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        let mut open = vec![&self.root];
        while let Some(node) = open.pop() {
            if let Node::Call(call) = node {
                calls.push(call);
                open.extend(call.arguments.iter().rev());
            }
        }
        calls
    }

    /// The type of its values.
    pub fn result_type(&self) -> ResultType {
        match &self.root {
            Node::Input(index) => match self.inputs.get(*index) {
                Some(Input::EventTime | Input::IngestTime | Input::Temporal(_)) => {
                    ResultType::Float
                }
                Some(Input::Column(_)) | None => ResultType::Any,
            },
            root => root.result_type(),
        }
    }

    /// The value in a row; `input` gives the row's value of each of [`inputs`](Self::inputs), by index.
    pub fn evaluate<'a>(&'a self, input: &impl Fn(usize) -> Datum<'a>) -> Datum<'a> {
        self.root.evaluate(input)
    }
}

impl Node {
    /// The value in a row. See [`Expression::evaluate`].
    pub fn evaluate<'a>(&'a self, input: &impl Fn(usize) -> Datum<'a>) -> Datum<'a> {
        match self {
            Self::Constant(datum) => datum.clone(),
            Self::Input(index) => input(*index),
            Self::Call(call) => {
                let arguments: Vec<Datum<'a>> = call
                    .arguments
                    .iter()
                    .map(|argument| argument.evaluate(input))
                    .collect();
                call.apply(&arguments)
            }
        }
    }

    /// The type of its values.
    pub fn result_type(&self) -> ResultType {
        match self {
            Self::Constant(Datum::Text(_)) => ResultType::Text,
            Self::Constant(Datum::Int(_)) => ResultType::Integer,
            Self::Constant(Datum::Float(_)) => ResultType::Float,
            Self::Constant(Datum::Bool(_)) => ResultType::Boolean,
            Self::Constant(Datum::Null) | Self::Input(_) => ResultType::Any,
            Self::Call(call) => match call.function.result {
                ResultType::Any => call.type_of_results(),
                known => known,
            },
        }
    }
}

impl Call {
    /// The value for the values of the arguments.
    pub fn apply<'a>(&self, arguments: &[Datum<'a>]) -> Datum<'a> {
        (self.function.apply)(arguments, &self.prepared)
    }

    /// The common type of the arguments that can be the value; `Any` when they differ.
    fn type_of_results(&self) -> ResultType {
        let mut common = None;
        for index in (self.function.results)(self.arguments.len()) {
            let argument = &self.arguments[index];
            if matches!(argument, Node::Constant(Datum::Null)) {
                continue;
            }
            let found = argument.result_type();
            match common {
                None => common = Some(found),
                Some(known) if known == found => {}
                Some(_) => return ResultType::Any,
            }
        }
        common.unwrap_or(ResultType::Any)
    }
}
