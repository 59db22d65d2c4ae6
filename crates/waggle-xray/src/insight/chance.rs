//! How likely it is that faults became more by chance alone: Fisher's exact test, one-sided.
//!
//! Two times of one service are compared: of `recent.total` requests `recent.faults` failed, of `past.total` ones `past.faults`. If
//! nothing had changed, the failed ones of both times would be dealt among all requests like cards, and the number that falls to the
//! recent time would be distributed hypergeometrically. What is computed is the part of that distribution at and above the number that
//! was seen. The test asks for no guess at the true rate, so a short past weighs little by itself: without any past the result is 1.
//! Source: R. A. Fisher, "Statistical Methods for Research Workers", 5th edition (1934), section 21.02.

/// Some requests and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) faults: u64,
    pub(super) total: u64,
}

/// Terms that add less than this part of the sum end it.
const NEGLIGIBLE: f64 = 1e-12;

/// The chance of at least as many recent faults as were seen, if their rate were that of the past: 0 to 1.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2^53, and the result is compared with a round number"
)]
pub(super) fn chance(recent: Share, past: Share) -> f64 {
    let faults = recent.faults + past.faults;
    let most = recent.total.min(faults);
    if recent.faults == 0 || past.total == 0 {
        return 1.0;
    }
    let seen = recent.faults;
    let log = ln_choose(recent.total, seen) + ln_choose(past.total, past.faults)
        - ln_choose(recent.total + past.total, faults);
    let mut term = log.exp();
    // So small a term below the expected number means that next to all of the distribution lies above it: to add up from there would add
    // up nothing.
    let times = |one: u64, other: u64| u128::from(one) * u128::from(other);
    if !term.is_normal() && times(seen, past.total) <= times(past.faults, recent.total) {
        return 1.0;
    }
    let mut sum = term;
    for count in seen..most {
        let (count, faults) = (count as f64, faults as f64);
        let (recent_total, past_total) = (recent.total as f64, past.total as f64);
        let fits = (recent_total - count) * (faults - count);
        term *= fits / ((count + 1.0) * (past_total - faults + count + 1.0));
        sum += term;
        if term <= sum * NEGLIGIBLE {
            break;
        }
    }
    sum.min(1.0)
}

/// Logarithm of the number of ways to choose so many of so many.
fn ln_choose(of: u64, count: u64) -> f64 {
    ln_factorial(of) - ln_factorial(count) - ln_factorial(of - count)
}

/// From here on the series is exact to the last digits of a double.
const SERIES_MIN: u64 = 32;

/// Logarithm of `n!`: a product of small numbers, Stirling's series of large ones.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn ln_factorial(n: u64) -> f64 {
    if n < SERIES_MIN {
        let product: f64 = (2..=n).map(|factor| factor as f64).product();
        return product.ln();
    }
    let n = n as f64;
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1_260.0 * n.powi(5));
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + series
}

#[cfg(test)]
mod tests;
