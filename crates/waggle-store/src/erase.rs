//! Making events go for good: every block that holds some is written again without them, and no file keeps what was left out.

mod request;

use crate::Source;

pub(crate) use request::{decode, encode};

/// Chooses rows. The store does not know filters: whoever wires it hands one in.
pub trait RowPredicate: Send + Sync {
    /// The chosen rows of a source: bit `r % 64` of word `r / 64` for row `r`. Words that are missing at the end are 0.
    ///
    /// # Errors
    /// Says why the source can't be read; nothing is erased then.
    fn rows(&self, source: &Source) -> Result<Vec<u64>, String>;
}
