//! Links between the pages of the project: a reader who follows one arrives at a page, and at the heading it names.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

/// What a link may begin with that leads out of the project.
const OUTSIDE: &[&str] = &["http://", "https://", "mailto:"];

/// Where a person begins; every page of [`GUIDE`] can be reached from here by one click.
const ENTRANCE: &str = "README.md";
const GUIDE: &str = "docs/guide/";

/// Lists the links of `pages` (path and text of each) that lead nowhere, and the pages of the guide that the entrance does not name.
pub(crate) fn findings(pages: &[(String, String)], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let headings: HashMap<&str, HashSet<String>> = pages
        .iter()
        .map(|(path, text)| (path.as_str(), prose(text).filter_map(heading).collect()))
        .collect();
    let mut findings = Vec::new();
    let mut reached = HashSet::new();
    for (path, text) in pages {
        for target in prose(text).flat_map(targets) {
            if OUTSIDE.iter().any(|start| target.starts_with(start)) {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = resolve(path, file);
            if path == ENTRANCE {
                reached.insert(file.clone());
            }
            if !exists(&file) {
                findings.push(format!("{path}: {target}: there is no {file}"));
            } else if let Some(headings) = headings.get(file.as_str())
                && !anchor.is_empty()
                && !headings.contains(anchor)
            {
                findings.push(format!("{path}: {target}: there is no such heading"));
            }
        }
    }
    for (path, _) in pages {
        if path.starts_with(GUIDE) && !reached.contains(path) {
            findings.push(format!("{path}: {ENTRANCE} does not lead there"));
        }
    }
    findings
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchor that a page of GitHub gives to a heading.
fn heading(line: &str) -> Option<String> {
    let text = line.trim_start_matches('#').strip_prefix(' ')?;
    line.starts_with('#').then(|| {
        text.trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

/// What the links and pictures of a line lead to.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    const BEFORE: [(&str, char); 3] = [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"')];
    BEFORE.iter().flat_map(move |(start, end)| {
        line.split(start)
            .skip(1)
            .filter_map(move |rest| rest.split_once(*end))
            .map(|(target, _)| target)
    })
}

/// The file that a link of the page `from` means; the page itself when it names none.
fn resolve(from: &str, link: &str) -> String {
    if link.is_empty() {
        return from.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
