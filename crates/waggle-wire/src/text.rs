//! Text where it lies in the input, known to be UTF-8. Nearly all of it is short and ASCII, and goes from the input into a column as
//! bytes: a `&str` would have to be checked byte by byte at every step on the way.

/// Bytes that are UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// `None` for bytes that are not UTF-8.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        (is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()).then_some(Self(bytes))
    }

    #[inline]
    pub(crate) fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn as_str(self) -> &'a str {
        std::str::from_utf8(self.0).unwrap_or_default()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self(text.as_bytes())
    }
}

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().fold(0, |seen, byte| seen | byte) < 0x80;
    };
    // The last word may overlap the one before.
    let (words, _) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.fold(u64::from_le_bytes(*last), |seen, word| seen | word) & HIGH_BITS == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf8_is_text() {
        for text in [
            "",
            "a",
            "seven b",
            "eight by",
            "nine byte",
            "\u{7f}",
            "żółw",
            "eleven byteż",
            "żeleven bytes and more",
        ] {
            assert_eq!(Text::new(text.as_bytes()), Some(Text::from(text)));
            assert_eq!(is_ascii(text.as_bytes()), text.is_ascii(), "{text}");
        }
        for bytes in [
            &b"\xff"[..],
            b"seven \xff",
            b"eight b\xff",
            b"\xffnine byt",
            b"a long text with \xc5 in it",
        ] {
            assert_eq!(Text::new(bytes), None);
        }
    }
}
