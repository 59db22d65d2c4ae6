//! The texts of a column in a run: each distinct one once, or ids as the bytes they stand for.
//!
//! Span ids are looked up by nobody while they are in memory and are all different: to give each a number would cost a hash table that
//! outgrows the processor's caches, for nothing.

use crate::column::{Codes, Dictionary, IdOrder, Interner, Values, parse_id};
use std::sync::Arc;
use waggle_model::StringValues;

/// The texts of one column, collected batch by batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// By value, unless they are ids.
    codes: Vec<u32>,
    interner: Interner,
    /// Bytes of an id; 0 when the texts are not all ids.
    id_width: usize,
    /// One id after another, by value.
    ids: Vec<u8>,
    /// What a batch's entries are here; only its memory is kept.
    known: Vec<u32>,
}

impl Texts {
    /// Adds the texts of a batch. Returns the bytes it grew by.
    pub(super) fn extend(&mut self, texts: &StringValues) -> usize {
        let before = self.heap_bytes();
        if self.codes.is_empty() && self.ids.is_empty() {
            self.id_width = id_width(texts);
        }
        if self.id_width > 0 && !self.extend_ids(texts) {
            self.give_up_ids();
        }
        if self.id_width == 0 {
            self.known.clear();
            for entry in 0..texts.entry_count() {
                let text = texts.entry_bytes(entry as u32);
                self.known.push(self.interner.intern_bytes(text));
            }
            let known = &self.known;
            let codes = texts.codes.iter().map(|code| known[*code as usize]);
            self.codes.extend(codes);
        }
        self.heap_bytes() - before
    }

    /// All texts so far, and none from here on.
    pub(super) fn take(&mut self) -> Values {
        if self.id_width > 0 {
            let dictionary = Dictionary::Ids {
                width: std::mem::take(&mut self.id_width),
                bytes: self.ids.to_vec(),
                order: IdOrder::default(),
            };
            self.ids.clear();
            return Values::Strings {
                codes: Codes::Identity,
                dictionary: Arc::new(dictionary),
            };
        }
        let codes = Codes::Plain(Arc::from(&*self.codes));
        self.codes.clear();
        Values::Strings {
            codes,
            dictionary: Arc::new(self.interner.take_dictionary()),
        }
    }

    /// Adds a batch if all of it is ids of this width; else nothing.
    fn extend_ids(&mut self, texts: &StringValues) -> bool {
        let before = self.ids.len();
        let width = self.id_width;
        // Of the entry before, which the next value often repeats.
        let mut last = (u32::MAX, [0; 16]);
        for &code in &texts.codes {
            if code != last.0 {
                match parse_id(texts.entry_bytes(code)) {
                    Some((id, id_width)) if id_width == width => last = (code, id.to_be_bytes()),
                    _ => {
                        self.ids.truncate(before);
                        return false;
                    }
                }
            }
            self.ids.extend_from_slice(&last.1[16 - width..]);
        }
        true
    }

    /// Makes texts of the ids so far.
    fn give_up_ids(&mut self) {
        let ids = Dictionary::Ids {
            width: std::mem::take(&mut self.id_width),
            bytes: std::mem::take(&mut self.ids),
            order: IdOrder::default(),
        };
        for id in 0..ids.len() {
            self.codes.push(self.interner.intern(&ids.text(id as u32)));
        }
    }

    fn heap_bytes(&self) -> usize {
        self.codes.len() * 4 + self.interner.heap_bytes() + self.ids.len()
    }
}

/// Bytes of an id when the texts look like ids that hardly repeat, else 0.
fn id_width(texts: &StringValues) -> usize {
    if texts.entry_count() * 2 < texts.codes.len() {
        return 0;
    }
    let first = texts.codes.first().map(|code| texts.entry_bytes(*code));
    first.and_then(parse_id).map_or(0, |(_, width)| width)
}
