//! Stack traces as the languages print them: one table, each text with what is read from it.

use super::{EXCEPTIONS_MAX, FRAMES_MAX, Told, read_stack};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::path::Path;

const LANGUAGES: [&str; 8] = [
    "java", "python", "nodejs", "webjs", "dotnet", "go", "ruby", "php",
];

/// An exception as `type: message [label path:line | ...] -truncated`, empty parts left out.
fn shown(told: &Told) -> String {
    let frames = told.frames.iter().map(|frame| {
        let line = frame.line.map(|line| format!(":{line}"));
        format!(
            "{} {}{}",
            frame.label.as_deref().unwrap_or("-"),
            frame.path.as_deref().unwrap_or("-"),
            line.unwrap_or_default()
        )
    });
    let frames: Vec<String> = frames.collect();
    let cut = match told.truncated {
        0 => String::new(),
        count => format!(" -{count}"),
    };
    format!(
        "{}: {} [{}]{cut}",
        told.type_name,
        told.message,
        frames.join(" | ")
    )
}

#[track_caller]
fn check(language: Option<&str>, text: &str, expected: &[&str]) {
    let told: Vec<String> = read_stack(language, text).iter().map(shown).collect();
    assert_eq!(told, expected, "{language:?}\n{text}");
}

const JAVA: &str = "java.lang.IllegalStateException: no cart
\tat com.shop.Cart.find(Cart.java:42)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)
\tat app//com.shop.Main.lambda$main$0(Main.java:7)
\tat jdk.internal.reflect.GeneratedMethodAccessor1.invoke(Unknown Source)
\tSuppressed: java.io.IOException: close failed
\t\tat com.shop.Pool.close(Pool.java:9)
\t\t... 3 more
\tCaused by: java.io.EOFException
\t\tat com.shop.Pool.read(Pool.java:11)
Caused by: java.sql.SQLException: gone: away
\tat com.shop.Db.query(Db.java)
\tat com.shop.Native.call(Native Method)
\t... 12 more
";

const PYTHON: &str = "Traceback (most recent call last):
  File \"/srv/db.py\", line 3, in query
    raise KeyError('x')
    ~~~~~~~~~~~~~~~^^^
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/srv/app.py\", line 10, in <module>
    main()
  File \"/srv/app.py\", line 7, in main
    again()
  [Previous line repeated 970 more times]
ValueError: no cart
for: you
";

#[test]
fn each_language_prints_its_own_way() {
    check(
        Some("java"),
        JAVA,
        &[
            ":  [com.shop.Cart.find Cart.java:42 | java.lang.reflect.Method.invoke Method.java:580 | \
             com.shop.Main.lambda$main$0 Main.java:7 | jdk.internal.reflect.GeneratedMethodAccessor1.invoke Unknown Source]",
            "java.sql.SQLException: gone: away [com.shop.Db.query Db.java | com.shop.Native.call Native Method] -12",
        ],
    );
    check(
        Some("python"),
        PYTHON,
        &[
            "ValueError: no cart [main /srv/app.py:7 | <module> /srv/app.py:10] -970",
            "KeyError: 'x' [query /srv/db.py:3]",
        ],
    );
    check(
        Some("nodejs"),
        "TypeError: x is not a function\n    at pay (/srv/pay.js:31:9)\n    at async Promise.all (index 0)\n    at /srv/app.js:5:6\n    \
         at async file:///srv/main.mjs:1:2\n    at new Cart (node:internal/cart:12:3)",
        &[
            ":  [pay /srv/pay.js:31 | Promise.all index 0 | - /srv/app.js:5 | - file:///srv/main.mjs:1 | new Cart node:internal/cart:12]",
        ],
    );
    check(
        Some("webjs"),
        "pay@https://shop.example/pay.js:31:9\n@https://shop.example/app.js:5:6\n",
        &[":  [pay https://shop.example/pay.js:31 | - https://shop.example/app.js:5]"],
    );
    check(
        Some("dotnet"),
        "System.InvalidOperationException: no cart\n ---> System.IO.IOException: gone\n ---> System.TimeoutException: late\n   \
         at Shop.Net.Read(Int32 n) in /src/Net.cs:line 3\n   --- End of inner exception stack trace ---\n   \
         at Shop.Db.Query(String sql) in C:\\src\\Db.cs:line 12\n   --- End of inner exception stack trace ---\n   \
         at Shop.Cart.Find()\n--- End of stack trace from previous location ---\n   at Shop.Main(String[] args) in /src/Main.cs:line 7",
        &[
            ":  [Shop.Cart.Find() - | Shop.Main(String[] args) /src/Main.cs:7]",
            "System.IO.IOException: gone [Shop.Db.Query(String sql) C:\\src\\Db.cs:12]",
            "System.TimeoutException: late [Shop.Net.Read(Int32 n) /src/Net.cs:3]",
        ],
    );
    check(
        Some("dotnet"),
        "A: one ---> B: two\n   at B.b()\n   --- End of inner exception stack trace ---\n   at A.a()",
        &[":  [A.a() -]", "B: two [B.b() -]"],
    );
    check(
        Some("go"),
        "goroutine 18 [running]:\nmain.(*Cart).Find(0xc000012345, {0x1, 0x2})\n\t/src/cart.go:42 +0x1d\nmain.main()\n\t/src/main.go:7\n\
         created by main.start in goroutine 1\n\t/src/main.go:3 +0x2\n\ngoroutine 1 [wait]:\nmain.other()\n\t/src/x.go:1\n",
        &[
            ":  [main.(*Cart).Find /src/cart.go:42 | main.main /src/main.go:7 | main.start /src/main.go:3]",
        ],
    );
    check(
        Some("go"),
        "no cart\nmain.(*Cart).Find\n\t/src/cart.go:42\nruntime.goexit\n\t/go/asm.s:1594",
        &[":  [main.(*Cart).Find /src/cart.go:42 | runtime.goexit /go/asm.s:1594]"],
    );
    check(
        Some("ruby"),
        "cart.rb:3:in `find': no cart (RuntimeError)\n\tfrom cart.rb:9:in 'Cart#all'\n\tfrom main.rb:1:in `<main>'",
        &[":  [find cart.rb:3 | Cart#all cart.rb:9 | <main> main.rb:1]"],
    );
    check(
        Some("php"),
        "RuntimeException: no cart\n at Cart.find(cart.php:3)\n at {main}(index.php:7)\nCaused by: E: x\n at Db.q(db.php:1)",
        &[
            ":  [Cart.find cart.php:3 | {main} index.php:7]",
            "E: x [Db.q db.php:1]",
        ],
    );
}

#[test]
fn what_printed_a_text_shows_where_nobody_says_it() {
    check(
        None,
        "at find (cart.py:7)\nat main (app.py)\nat ? (?)",
        &[":  [find cart.py:7 | main app.py | - -]"],
    );
    check(
        None,
        PYTHON
            .lines()
            .take(5)
            .collect::<Vec<_>>()
            .join("\n")
            .as_str(),
        &["KeyError: 'x' [query /srv/db.py:3]"],
    );
    check(None, "E: x\n\tat a.B.c(B.java:1)", &[":  [a.B.c B.java:1]"]);
    check(
        None,
        "goroutine 1 [running]:\nmain.main()\n\t/m.go:7 +0x1",
        &[":  [main.main /m.go:7]"],
    );
    check(
        None,
        "E: x\n   at A.B() in /a.cs:line 4",
        &[":  [A.B() /a.cs:4]"],
    );
    check(None, "it broke at noon (really)", &[":  []"]);
}

#[test]
fn what_looks_alike_is_told_apart() {
    // .NET: an exception with several inner ones. The first is its cause, the others come after its frames.
    check(
        Some("dotnet"),
        "System.AggregateException: two (a) (b)\n ---> A: a\n   at A.a()\n   --- End of inner exception stack trace ---\n   at Outer.o()\n \
         ---> (Inner Exception #1) B: b\n   at B.b()<---\n",
        &[":  [Outer.o() -]", "A: a [A.a() -]"],
    );
    assert_eq!(
        read_stack(
            Some("dotnet"),
            " ---> A: a\n   at A.a()\n ---> (Inner Exception #1) B: b\n   at B.b()<---"
        )[0]
        .skipped,
        1
    );
    // Ruby: what caused it follows its frames.
    check(
        Some("ruby"),
        "a.rb:3:in 'outer': no cart (Rails::Gone)\n\tfrom a.rb:9:in '<main>'\nb.rb:1:in 'inner': reset (PG::Error)\n\tfrom a.rb:2:in 'outer'\n",
        &[
            ":  [outer a.rb:3 | <main> a.rb:9]",
            "PG::Error: reset [inner b.rb:1 | outer a.rb:2]",
        ],
    );
    check(
        Some("ruby"),
        "a.rb:3:in 'outer': no cart (Gone)\nb.rb:1:in 'inner': reset\nand more (PG::Error)\n\tfrom a.rb:2:in 'outer'\n",
        &[":  [outer a.rb:3]"],
    );
    // Java: classes of lambdas; what was suppressed, whatever its message looks like; messages.
    check(
        Some("java"),
        "E: x\n\tat com.shop.Main$$Lambda$14/0x0000000800066840.run(Unknown Source)\n\tat shop/com.shop.Main$$Lambda/0x07.get(Main.java)\n\
         \tSuppressed: Checkpoint: \nError has been observed at the following site(s):\n\t*__checkpoint\nOriginal Stack Trace:\n\
         \t\tat reactor.Mono.block(Mono.java:1)\n\tat com.shop.Main.main(Main.java:7)\nCaused by: F: at least one item (min 1)\n\
         at least one item (min 1)\n\tat com.shop.Db.q(Db.java:2)",
        &[
            ":  [com.shop.Main$$Lambda$14/0x0000000800066840.run Unknown Source | com.shop.Main$$Lambda/0x07.get Main.java | \
             com.shop.Main.main Main.java:7]",
            "F: at least one item (min 1) [com.shop.Db.q Db.java:2]",
        ],
    );
    check(
        Some("php"),
        "E: x\n at {closure:/srv/x.php:12}(x.php:12)",
        &[":  [{closure:/srv/x.php:12} x.php:12]"],
    );
    // JavaScript: paths with brackets, code made of text, messages.
    check(
        Some("nodejs"),
        "E: broken\nat line 5 column 3\n    at foo (C:\\Program Files (x86)\\app\\x.js:1:2)\n    \
         at eval (eval at <anonymous> (/s/x.js:1:1), <anonymous>:1:1)",
        &[":  [foo C:\\Program Files (x86)\\app\\x.js:1 | eval -]"],
    );
    check(
        None,
        "E: x\n   at Shop.Cart.Find(String id)\n   at Shop.Main()",
        &[":  [Shop.Cart.Find(String id) - | Shop.Main() -]"],
    );
    // Python: a message that quotes another process.
    check(
        Some("python"),
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nRuntimeError: worker failed:\nTraceback (most recent call last):\n  \
         File \"w.py\", line 9, in g\nKeyError: 1\n",
        &["RuntimeError: worker failed: [f a.py:1]"],
    );
}

#[test]
fn counts_of_strangers_do_not_overflow() {
    let more = "\t... 18446744073709551615 more\n";
    let frames = "\tat a.B.c(B.java:1)\n".repeat(101);
    let told = read_stack(Some("java"), &format!("E: x\n{frames}{more}{more}"));
    assert_eq!(told[0].truncated, usize::MAX);
}

#[test]
fn what_is_not_understood_has_no_frames() {
    for language in LANGUAGES {
        for text in [
            "",
            "\n\n",
            "nonsense",
            "at",
            "at ",
            "File \"",
            "\t",
            ":",
            "(:",
            "Caused by",
            "from :in `",
            "x:in '",
        ] {
            let told = read_stack(Some(language), text);
            assert!(!told.is_empty(), "{language} {text:?}");
            assert!(
                told.iter().flat_map(|told| &told.frames).next().is_none(),
                "{language} {text:?}"
            );
        }
    }
    check(Some("rust"), JAVA, &[":  []"]);
}

#[test]
fn long_stacks_are_cut_and_counted() {
    let text: String = (0..250)
        .map(|line| format!("\tat a.B.c(B.java:{line})\n"))
        .collect();
    let told = read_stack(Some("java"), &text);
    assert_eq!((told[0].frames.len(), told[0].truncated), (FRAMES_MAX, 150));
    assert_eq!(told[0].frames[0].line, Some(0), "the innermost stay");
    let text: String = (0..30)
        .map(|number| format!("Caused by: E{number}: x\n"))
        .collect();
    let told = read_stack(Some("java"), &text);
    assert_eq!(told.len(), EXCEPTIONS_MAX);
    assert_eq!(told[EXCEPTIONS_MAX - 1].skipped, 21);
}

/// The corpus of the fuzzer, and what becomes of it when bytes are lost, doubled and swapped: frames or none, and never a panic.
#[test]
fn damaged_stacks_never_panic() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/xray_stack");
    let files = std::fs::read_dir(corpus).unwrap();
    let texts: Vec<Vec<u8>> = files
        // Without the byte that tells the fuzzer a language.
        .map(|file| std::fs::read(file.unwrap().path()).unwrap().split_off(1))
        .collect();
    assert!(texts.len() >= 9, "the corpus is there");
    for _ in 0..5_000 {
        let mut bytes = texts[rng.random_range(0..texts.len())].clone();
        for _ in 0..rng.random_range(0..4) {
            let other = &texts[rng.random_range(0..texts.len())];
            let at = rng.random_range(0..=bytes.len());
            let part = rng.random_range(0..=other.len());
            match rng.random_range(0..3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, rng.random()),
                _ => _ = bytes.splice(at..at, other[part..].iter().copied()),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        for language in LANGUAGES.iter().copied().map(Some).chain([None]) {
            let told = read_stack(language, &text);
            assert!((1..=EXCEPTIONS_MAX).contains(&told.len()));
            assert!(told.iter().all(|told| told.frames.len() <= FRAMES_MAX));
        }
    }
}
