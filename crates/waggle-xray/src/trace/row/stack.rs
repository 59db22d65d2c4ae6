//! Stack traces as programs print them, read as frames: OpenTelemetry has them as one text, X-Ray as lists. Each language prints its own
//! way, and so differently that a text which is not understood gives no frame at all: a wrong one would be worse. Source: spec/xray.md
//! section 8.3.

/// Most frames of an exception; the outermost go.
const FRAMES_MAX: usize = 100;
/// Most exceptions that one text tells of: the one that was caught, and what caused it.
const EXCEPTIONS_MAX: usize = 10;

/// An exception as a text tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its type; empty for the first one, whose type is said elsewhere.
    pub(crate) type_name: String,
    /// What it says; empty likewise.
    pub(crate) message: String,
    /// Where it was, innermost first.
    pub(crate) frames: Vec<Frame>,
    /// Frames that are left out.
    pub(crate) truncated: usize,
    /// Exceptions that caused this one and are left out.
    pub(crate) skipped: usize,
}

/// A place in a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// File.
    pub(crate) path: Option<String>,
    /// Line.
    pub(crate) line: Option<i64>,
    /// Function.
    pub(crate) label: Option<String>,
}

/// Reads a stack trace: the exception that was caught, then each one that caused the one before it. `language` is what
/// `telemetry.sdk.language` says. Never empty; without frames where the text is not understood.
pub(crate) fn read_stack(language: Option<&str>, text: &str) -> Vec<Told> {
    let mut told = match Form::of(language, text) {
        Some(Form::Java) => java(text, without_module),
        Some(Form::Php) => java(text, |label| label),
        Some(Form::Python) => python(text),
        Some(Form::JavaScript) => javascript(text),
        Some(Form::Dotnet) => dotnet(text),
        Some(Form::Go) => go(text),
        Some(Form::Ruby) => ruby(text),
        None => Vec::new(),
    };
    if told.is_empty() {
        told.push(Told::default());
    }
    let skipped = told.len().saturating_sub(EXCEPTIONS_MAX);
    told.truncate(EXCEPTIONS_MAX);
    if let Some(last) = told.last_mut() {
        last.skipped = last.skipped.saturating_add(skipped);
    }
    for exception in &mut told {
        let frames = &mut exception.frames;
        let truncated = frames.len().saturating_sub(FRAMES_MAX);
        exception.truncated = exception.truncated.saturating_add(truncated);
        frames.truncate(FRAMES_MAX);
    }
    told
}

impl Told {
    /// Counts frames that a text says it leaves out, by the number it begins with.
    fn leave_out(&mut self, text: &str) {
        let count = text.split(' ').next().and_then(|count| count.parse().ok());
        self.truncated = self.truncated.saturating_add(count.unwrap_or(0_usize));
    }
}

/// How a language prints.
#[derive(Clone, Copy)]
enum Form {
    Java,
    /// As Java, but for the names of functions.
    Php,
    Python,
    /// Also how Waggle itself writes the stacks of X-Ray's documents into rows.
    JavaScript,
    Dotnet,
    Go,
    Ruby,
}

impl Form {
    fn of(language: Option<&str>, text: &str) -> Option<Self> {
        match language {
            Some("java") => Some(Self::Java),
            Some("php") => Some(Self::Php),
            Some("python") => Some(Self::Python),
            Some("nodejs" | "javascript" | "webjs") => Some(Self::JavaScript),
            Some("dotnet") => Some(Self::Dotnet),
            Some("go") => Some(Self::Go),
            Some("ruby") => Some(Self::Ruby),
            Some(_) => None,
            None => Self::guess(text),
        }
    }

    /// Events of Honeycomb and rows of X-Ray don't say what printed a text.
    fn guess(text: &str) -> Option<Self> {
        if text.contains("Traceback (most recent call last)") {
            return Some(Self::Python);
        }
        if text.starts_with("goroutine ") {
            return Some(Self::Go);
        }
        if text.contains(".java:") || text.contains(".kt:") || text.contains(".scala:") {
            return Some(Self::Java);
        }
        if text.contains(":line ") {
            return Some(Self::Dotnet);
        }
        let mut lines = text.lines().map(str::trim);
        let frame = lines.find_map(|line| line.strip_prefix("at "))?;
        // `at Class.Method(String text)` is how .NET prints without files.
        match frame.ends_with(')') && !frame.contains(" (") {
            true => Some(Self::Dotnet),
            false => Some(Self::JavaScript),
        }
    }
}

/// `at package.Class.method(File.java:12)`, and `Caused by:` before each further exception.
fn java(text: &str, label_of: fn(&str) -> &str) -> Vec<Told> {
    let mut told = vec![Told::default()];
    // How far what is left out is indented: exceptions that were thrown while a resource was closed, with all that is below them.
    let mut suppressed: Option<usize> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let is_frame = trimmed.starts_with("at ") || trimmed.starts_with("... ");
        let header = trimmed.strip_prefix("Caused by: ");
        if let Some(outer) = suppressed {
            // Anything else may be a line of a message.
            let ends = is_frame && indent <= outer || header.is_some() && indent < outer;
            if !ends {
                continue;
            }
            suppressed = None;
        }
        if trimmed.starts_with("Suppressed: ") {
            suppressed = Some(indent);
        } else if let Some(header) = header {
            told.push(caused_by(header));
        } else if let Some(last) = told.last_mut() {
            if let Some(frame) = trimmed.strip_prefix("at ") {
                last.frames.extend(java_frame(frame, label_of));
            } else if let Some(more) = trimmed.strip_prefix("... ") {
                last.leave_out(more);
            }
        }
    }
    told
}

fn java_frame(text: &str, label_of: fn(&str) -> &str) -> Option<Frame> {
    let (label, place) = text.trim_end().strip_suffix(')')?.split_once('(')?;
    // A line of a message has blanks.
    if label.contains(' ') {
        return None;
    }
    let (path, line) = path_and_line(place);
    Some(Frame {
        path: some(path),
        line,
        label: some(label_of(label)),
    })
}

/// A label without the loader and the module that its class is from. What has a slash of its own is a class that was made of a lambda.
fn without_module(label: &str) -> &str {
    let mut label = label;
    while let Some((before, rest)) = label.split_once('/')
        && !before.contains('$')
        && !rest.starts_with(|c: char| c.is_ascii_digit())
    {
        label = rest;
    }
    label
}

/// `File "app.py", line 3, in main`, the innermost last; the exception that was caught comes after those that caused it.
fn python(text: &str) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut current = Told::default();
    // The line that names the exception has been read.
    let mut is_named = false;
    for line in text.lines() {
        let is_between = line.starts_with("The above exception was the direct cause")
            || line.starts_with("During handling of the above exception");
        if is_between {
            if !current.frames.is_empty() || is_named {
                told.push(std::mem::take(&mut current));
            }
            is_named = false;
            continue;
        }
        // A message may have lines, and quote what another process printed.
        if is_named || line.starts_with("Traceback (most recent call last)") {
            continue;
        }
        let trimmed = line.trim_start();
        if let Some(frame) = trimmed.strip_prefix("File \"") {
            current.frames.extend(python_frame(frame));
        } else if let Some(repeated) = trimmed.strip_prefix("[Previous line repeated ") {
            current.leave_out(repeated);
        } else if trimmed.len() == line.len() && !line.is_empty() {
            let named = caused_by(line);
            (current.type_name, current.message) = (named.type_name, named.message);
            is_named = true;
        }
    }
    if !current.frames.is_empty() || is_named {
        told.push(current);
    }
    told.reverse();
    for exception in &mut told {
        exception.frames.reverse();
    }
    told
}

fn python_frame(text: &str) -> Option<Frame> {
    let (path, rest) = text.split_once("\", line ")?;
    let (line, label) = match rest.split_once(", in ") {
        Some((line, label)) => (line, some(label)),
        None => (rest, None),
    };
    Some(Frame {
        path: some(path),
        line: line.trim().parse().ok(),
        label,
    })
}

/// `at function (file.js:1:2)` or `at file.js:1:2`; of some browsers `function@file.js:1:2`.
fn javascript(text: &str) -> Vec<Told> {
    let lines = || text.lines().map(str::trim);
    let mut frames: Vec<Frame> = lines().filter_map(v8_frame).collect();
    if frames.is_empty() {
        frames = lines().filter_map(gecko_frame).collect();
    }
    vec![Told {
        frames,
        ..Told::default()
    }]
}

fn v8_frame(line: &str) -> Option<Frame> {
    let frame = line.strip_prefix("at ")?;
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    let inside = frame.strip_suffix(')');
    match inside.and_then(|inside| inside.split_once(" (")) {
        // Code that was made of text is nowhere.
        Some((label, place)) if place.starts_with("eval at ") => Some(placed(label, "")),
        Some((label, place)) => Some(placed(label, place)),
        // Otherwise a line of a message.
        None => Some(placed("", frame)).filter(|frame| frame.line.is_some()),
    }
}

fn gecko_frame(line: &str) -> Option<Frame> {
    let (label, place) = line.split_once('@')?;
    let frame = placed(label, place);
    // An address of mail in a message is no frame.
    (frame.line.is_some() && place.contains('/')).then_some(frame)
}

/// A frame whose place is `path:line:column`, `path:line` or a path.
fn placed(label: &str, place: &str) -> Frame {
    let (path, last) = path_and_line(place);
    let (path, line) = match (last, path_and_line(path)) {
        (Some(_), (path, Some(line))) => (path, Some(line)),
        (last, _) => (path, last),
    };
    Frame {
        path: some(path),
        line,
        label: some(label),
    }
}

/// `at Class.Method(String text) in file.cs:line 12`; the innermost exception's frames come first, each further one's after a line that
/// says so. Of several inner ones the first caused the outer one; the others come after it and are counted.
fn dotnet(text: &str) -> Vec<Told> {
    const END: &str = "--- End of inner exception stack trace ---";
    const OTHER: &str = "---> (Inner Exception #";
    let mut told = vec![Told::default()];
    // The exception whose frames are read.
    let mut at = 0;
    let mut others = 0;
    for line in text.lines().map(str::trim) {
        if line.starts_with(OTHER) {
            others += 1;
        } else if others > 0 {
            // What the others say.
        } else if let Some(frame) = line.strip_prefix("at ") {
            told[at].frames.push(dotnet_frame(frame));
        } else if line == END {
            at = at.saturating_sub(1);
        } else if told[at].frames.is_empty() {
            // Older programs name all of them in one line.
            for header in line.split("---> ").skip(1) {
                told.push(caused_by(header.trim_end()));
                at = told.len() - 1;
            }
        }
    }
    told[0].skipped = others;
    told
}

fn dotnet_frame(text: &str) -> Frame {
    let (label, place) = match text.split_once(" in ") {
        Some((label, place)) => (label, Some(place)),
        None => (text, None),
    };
    let place = place.map(|place| place.rsplit_once(":line ").unwrap_or((place, "")));
    Frame {
        path: place.and_then(|(path, _)| some(path)),
        line: place.and_then(|(_, line)| line.trim().parse().ok()),
        label: some(label),
    }
}

/// A line with the function, and one with its file, indented; of several goroutines the first.
fn go(text: &str) -> Vec<Told> {
    let mut frames = Vec::new();
    let mut function: Option<&str> = None;
    for line in text.lines() {
        if line.starts_with("goroutine ") {
            if frames.is_empty() {
                continue;
            }
            break;
        }
        if !line.starts_with([' ', '\t']) {
            function = some_str(line);
            continue;
        }
        let Some(label) = function.take() else {
            continue;
        };
        let place = line.trim();
        let place = place.split_once(" +0x").map_or(place, |(place, _)| place);
        let (path, line) = path_and_line(place);
        if line.is_none() {
            continue;
        }
        frames.push(Frame {
            path: some(path),
            line,
            label: some(go_label(label)),
        });
    }
    vec![Told {
        frames,
        ..Told::default()
    }]
}

fn go_label(text: &str) -> &str {
    if let Some(creator) = text.strip_prefix("created by ") {
        return creator.split(" in goroutine ").next().unwrap_or(creator);
    }
    match text.ends_with(')') {
        // Without what it was called with.
        true => text.rsplit_once('(').map_or(text, |(label, _)| label),
        false => text,
    }
}

/// `file.rb:3:in 'method': message (Type)`, then `from file.rb:9:in 'other'`, and the same for what caused it.
fn ruby(text: &str) -> Vec<Told> {
    let mut told = vec![Told::default()];
    for line in text.lines().map(str::trim) {
        let outer = line.strip_prefix("from ");
        let Some((frame, rest)) = ruby_frame(outer.unwrap_or(line)) else {
            continue;
        };
        let is_first = told.iter().all(|told| told.frames.is_empty());
        if outer.is_none() && !is_first {
            let said = rest
                .strip_prefix(": ")
                .and_then(|said| said.strip_suffix(')'));
            // A message of several lines does not end here.
            let Some((message, type_name)) = said.and_then(|said| said.rsplit_once(" (")) else {
                break;
            };
            told.push(Told {
                type_name: type_name.to_owned(),
                message: message.to_owned(),
                ..Told::default()
            });
        }
        if let Some(last) = told.last_mut() {
            last.frames.push(frame);
        }
    }
    told
}

/// A frame, and what follows it.
fn ruby_frame(line: &str) -> Option<(Frame, &str)> {
    let (place, rest) = line.split_once(":in ")?;
    let (path, line) = path_and_line(place);
    line?;
    let quoted = rest.strip_prefix(['`', '\''])?;
    let (label, rest) = quoted.split_once('\'')?;
    let frame = Frame {
        path: some(path),
        line,
        label: some(label),
    };
    Some((frame, rest))
}

/// `Type: message`, as most languages name an exception.
fn caused_by(header: &str) -> Told {
    let (type_name, message) = header.split_once(": ").unwrap_or((header, ""));
    Told {
        type_name: type_name.trim_end_matches(':').trim().to_owned(),
        message: message.to_owned(),
        ..Told::default()
    }
}

fn path_and_line(place: &str) -> (&str, Option<i64>) {
    match place.rsplit_once(':') {
        Some((path, line)) => match line.parse() {
            Ok(line) => (path, Some(line)),
            Err(_) => (place, None),
        },
        None => (place, None),
    }
}

/// Text that says something: `?` is how Waggle writes what a frame does not say.
fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text != "?").then(|| text.to_owned())
}

fn some_str(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
