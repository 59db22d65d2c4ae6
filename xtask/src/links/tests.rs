use super::findings;

fn check(pages: &[(&str, &str)], expected: &[&str]) {
    let pages: Vec<(String, String)> = pages
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let exists = |file: &str| file == "docs/a.png" || pages.iter().any(|(path, _)| path == file);
    assert_eq!(findings(&pages, exists), expected);
}

#[test]
fn good_links_are_quiet() {
    check(
        &[
            (
                "README.md",
                "# A\n[b](docs/guide/b.md#what-it-is) ![c](docs/a.png) <source srcset=\"docs/a.png\">\n[d](https://x.y) [e](#a)",
            ),
            (
                "docs/guide/b.md",
                "## What `it` is?\n[up](../../README.md) ![c](../a.png)\n```\n[code](nowhere)\n```",
            ),
        ],
        &[],
    );
}

#[test]
fn bad_links_are_named() {
    check(
        &[
            (
                "README.md",
                "[a](docs/guide/a.md) [b](docs/guide/b.md#gone) <img src=\"x.png\">",
            ),
            ("docs/guide/b.md", "```\n# gone\n```"),
            ("docs/guide/c.md", "[b](b.md)"),
        ],
        &[
            "README.md: docs/guide/a.md: there is no docs/guide/a.md",
            "README.md: docs/guide/b.md#gone: there is no such heading",
            "README.md: x.png: there is no x.png",
            "docs/guide/c.md: README.md does not lead there",
        ],
    );
}
