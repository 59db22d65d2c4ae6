//! The way of every operation: who calls, may they, what comes out, in which words.

use super::call::{Call, Outcome, WARNING};
use super::error::{self, Code, Refusal};
use super::sender;
use crate::ask::text_answer;
use crate::resource;
use crate::route::{Need, Route};
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use futures::future::BoxFuture;
use waggle_access::Permission;

/// Answers a call of an operation.
pub(crate) async fn answer(
    state: ApiState,
    row: Route,
    operation: &'static str,
    run: fn(Call) -> BoxFuture<'static, Outcome>,
    request: Request,
) -> Response {
    let request_id = error::request_id();
    let now_ns = state.clock.now_ns();
    let outcome = async {
        let (parts, body) = request.into_parts();
        let bytes_max = row.body.bytes_max(&state.config);
        let sender = sender::of(&state, &parts, body, bytes_max).await?;
        match row.need {
            // Whoever sends is not made to wait: what is sent too often is refused where events are counted.
            Need::SendEvents => sender.caller.require(Permission::SendEvents)?,
            need => {
                state.rates.call(&sender.caller, now_ns)?;
                resource::check(&sender.caller, need)?;
            }
        }
        run(Call {
            state,
            caller: sender.caller,
            region: sender.region,
            operation,
            body: sender.body,
        })
        .await
    };
    let mut response = match outcome.await {
        Ok(reply) => {
            let mut response = text_answer(StatusCode::OK, reply.json);
            error::write_request_id(response.headers_mut(), &request_id);
            if let Some(warning) = reply.warning {
                let warning = HeaderValue::from_static(warning);
                response.headers_mut().insert(WARNING.clone(), warning);
            }
            response
        }
        Err(refusal) => refusal.into_response(&request_id),
    };
    error::write_date(response.headers_mut(), now_ns);
    response
}

/// Answers a path that no operation has.
pub(crate) async fn unknown_operation(State(state): State<ApiState>, uri: Uri) -> Response {
    let message = format!("no operation has the path {}", uri.path());
    worded(&state, Refusal::new(Code::UnknownOperation, message))
}

/// Words a refusal that comes about outside of [`answer`].
pub(crate) fn worded(state: &ApiState, refusal: Refusal) -> Response {
    let mut response = refusal.into_response(&error::request_id());
    error::write_date(response.headers_mut(), state.clock.now_ns());
    response
}
