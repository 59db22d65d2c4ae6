//! The bytes a case's body stands for.

use super::Case;
use base64::Engine as _;
use serde_json::Value;
use std::io::Write as _;

/// Expands `@each(N|text)@`, which repeats `text` N times with commas between and `#` replaced by the number, and `@text(N|text)@`,
/// which repeats `text` N times.
pub(super) fn expand(body: &str) -> String {
    let mut output = String::new();
    let mut rest = body;
    while let Some(start) = ["@each(", "@text("]
        .iter()
        .filter_map(|call| rest.find(call))
        .min()
    {
        let (before, call) = rest.split_at(start);
        output.push_str(before);
        let (call, after) = call[1..].split_once(")@").expect("a closed @call(...)@");
        let (name, arguments) = call.split_once('(').unwrap();
        let (count, text) = arguments.split_once('|').unwrap();
        let count: usize = count.parse().unwrap();
        match name {
            "text" => output.push_str(&text.repeat(count)),
            "each" => {
                let each: Vec<_> = (0..count)
                    .map(|number| text.replace('#', &number.to_string()))
                    .collect();
                output.push_str(&each.join(","));
            }
            name => panic!("unknown call {name}"),
        }
        rest = after;
    }
    output.push_str(rest);
    output
}

/// What goes over the wire for these bytes: `hex: yes` takes the body as hex digits, `zeros` makes that many of them,
/// `content-encoding` compresses, `truncate` cuts that many bytes off the end.
pub(super) fn sent(case: &Case, bytes: Vec<u8>) -> Vec<u8> {
    let bytes = if case.is_set("hex") {
        from_hex(&case.body)
    } else {
        bytes
    };
    let bytes = match case.number("zeros", 0) {
        0 => bytes,
        count => vec![0; count],
    };
    let mut bytes = match case.header("content-encoding") {
        Some("gzip") => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap()
        }
        Some("zstd") => zstd::stream::encode_all(&*bytes, 3).unwrap(),
        _ => bytes,
    };
    let length = bytes.len() - case.number("truncate", 0);
    bytes.truncate(length);
    bytes
}

pub(super) fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

/// JSON as msgpack. An object with one member whose name starts with `$` stands for what JSON does not have: `$float` (its text),
/// `$bin` (base64), `$timestamp` ([bytes, seconds, nanoseconds]), `$raw` (hex of msgpack).
pub(crate) fn to_msgpack(value: &Value, output: &mut Vec<u8>) {
    match value {
        Value::Null => rmp::encode::write_nil(output).unwrap(),
        Value::Bool(value) => rmp::encode::write_bool(output, *value).unwrap(),
        Value::Number(number) => {
            if let Some(value) = number.as_i64() {
                rmp::encode::write_sint(output, value).unwrap();
            } else if let Some(value) = number.as_u64() {
                rmp::encode::write_uint(output, value).unwrap();
            } else {
                rmp::encode::write_f64(output, number.as_f64().unwrap()).unwrap();
            }
        }
        Value::String(value) => rmp::encode::write_str(output, value).unwrap(),
        Value::Array(values) => {
            rmp::encode::write_array_len(output, values.len() as u32).unwrap();
            for value in values {
                to_msgpack(value, output);
            }
        }
        Value::Object(members) => {
            if let Some((name, value)) = members.iter().next()
                && name.starts_with('$')
            {
                return special(name, value, output);
            }
            rmp::encode::write_map_len(output, members.len() as u32).unwrap();
            for (name, value) in members {
                rmp::encode::write_str(output, name).unwrap();
                to_msgpack(value, output);
            }
        }
    }
}

fn special(name: &str, value: &Value, output: &mut Vec<u8>) {
    match name {
        "$float" => {
            let value: f64 = value.as_str().unwrap().parse().unwrap();
            rmp::encode::write_f64(output, value).unwrap();
        }
        "$bin" => {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(value.as_str().unwrap())
                .unwrap();
            rmp::encode::write_bin(output, &bytes).unwrap();
        }
        "$raw" => output.extend(from_hex(value.as_str().unwrap())),
        "$timestamp" => {
            let part = |index: usize| value[index].as_i64().unwrap();
            let (seconds, nanoseconds) = (part(1), part(2));
            let bytes = match part(0) {
                4 => (seconds as u32).to_be_bytes().to_vec(),
                8 => ((nanoseconds as u64) << 34 | seconds as u64)
                    .to_be_bytes()
                    .to_vec(),
                12 => [
                    (nanoseconds as u32).to_be_bytes().to_vec(),
                    seconds.to_be_bytes().to_vec(),
                ]
                .concat(),
                count => panic!("no timestamp has {count} bytes"),
            };
            rmp::encode::write_ext_meta(output, bytes.len() as u32, -1).unwrap();
            output.extend(bytes);
        }
        name => panic!("unknown special value {name}"),
    }
}
