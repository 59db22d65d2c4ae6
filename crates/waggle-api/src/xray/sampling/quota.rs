//! How a rule's reservoir is shared among the clients that use it. Source: spec/xray.md section 6.4.
//!
//! Everybody begins with an equal share. Who asks for less than that keeps what they ask for, and what they leave goes to the others,
//! once. When nobody asks for more, nobody gives anything up: a client that was idle may take its share in a burst.

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Demand<'a> {
    pub(super) client: &'a str,
    /// Requests a second.
    pub(super) rate: f64,
}

/// Shares a reservoir: how many requests a second each client may keep, in the order of the demands. Together never more than there is.
pub(super) fn quotas(reservoir: u32, demands: &[Demand<'_>]) -> Vec<u32> {
    let mut quotas = vec![0; demands.len()];
    // The busiest first.
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&demands[*a], &demands[*b]);
        b.rate
            .total_cmp(&a.rate)
            .then_with(|| a.client.cmp(b.client))
    });
    if usize::try_from(reservoir).unwrap_or(usize::MAX) < demands.len() {
        for &client in order.iter().take(reservoir as usize) {
            quotas[client] = 1;
        }
        return quotas;
    }
    give(&mut quotas, &order, reservoir);
    let mut left = 0;
    let mut busy = Vec::new();
    for &client in &order {
        let wanted = wanted(&demands[client]);
        if wanted < quotas[client] {
            left += quotas[client] - wanted;
        } else {
            busy.push(client);
        }
    }
    if !busy.is_empty() {
        for (quota, demand) in quotas.iter_mut().zip(demands) {
            *quota = (*quota).min(wanted(demand));
        }
        give(&mut quotas, &busy, left);
    }
    quotas
}

/// Gives everybody an equal part, and one more to the first as long as there are.
fn give(quotas: &mut [u32], clients: &[usize], total: u32) {
    let Ok(count) = u32::try_from(clients.len()) else {
        return;
    };
    let (Some(each), Some(rest)) = (total.checked_div(count), total.checked_rem(count)) else {
        return;
    };
    for (place, &client) in (0..).zip(clients) {
        quotas[client] += each + u32::from(place < rest);
    }
}

/// Whole requests a second, at least one. The cast keeps any rate within the type.
fn wanted(demand: &Demand<'_>) -> u32 {
    (demand.rate.ceil() as u32).max(1)
}

#[cfg(test)]
mod tests;
