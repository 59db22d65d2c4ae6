//! AWS X-Ray's API: signed POSTs of JSON, one path per operation. Source: spec/xray.md sections 3, 6 and 7.
//!
//! An operation is one row: [`Route::operation`](crate::route::Route::operation) names it, its path, what its caller must be, and a function from
//! [`Call`](call::Call) to [`Outcome`](call::Outcome). Before the function runs, the sender is known ([`sender`]), may do this, and has
//! sent a body that is not too large; after it, whatever came out is worded as the SDKs read it ([`error`]). So a new operation is one
//! row in the `RESOURCE` of a file here, and a new file one line in `resource::RESOURCES`. The function reads the members of the request
//! by [`call::Input`], which knows how refusals of wrong ones sound, pages by [`page::Pages`], and answers by [`call::reply`].
//!
//! The same rows serve the TCP port of the daemon protocol, where nobody signs: [`crate::xray_daemon_router`] is handed the one caller
//! that everybody there is.

pub(crate) mod answer;
mod arn;
pub(crate) mod call;
pub(crate) mod error;
mod filter;
pub(crate) mod graph;
pub(crate) mod group;
pub(crate) mod insight;
pub(crate) mod page;
pub(crate) mod policy;
mod reading;
pub(crate) mod retrieval;
pub(crate) mod sampling;
pub(crate) mod segment;
pub(crate) mod sender;
pub(crate) mod setting;
mod sign;
pub(crate) mod tag;
pub(crate) mod traces;
mod window;

pub(crate) use sign::{is_of_sdk, is_signed};

/// Most operations need this of whoever changes something that others rely on.
pub(crate) const MANAGE: crate::route::Need =
    crate::route::Need::AllOf(&[waggle_access::Permission::ManageColumns]);
/// Every operation that only reads, but for what samplers ask.
pub(crate) const READ: crate::route::Need =
    crate::route::Need::AllOf(&[waggle_access::Permission::RunQueries]);
