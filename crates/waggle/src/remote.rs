//! The running server that a command talks to: where it is, the key it wants, the environment the key opens.

use anyhow::{Context, Error, Result, anyhow};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value as Json;

/// Of a refusal's body this much is shown.
const REFUSAL_CHARS: usize = 500;

/// The server and the way in.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Remote {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    endpoint: String,
    /// A key; a server started with --dev takes this machine's requests without one
    #[arg(
        long,
        value_name = "KEY",
        env = "WAGGLE_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,
}

impl Remote {
    /// Scheme, host and port, without a slash at the end.
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.trim_end_matches('/')
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.keyed(Client::new().get(format!("{}{path}", self.endpoint())))
    }

    /// Adds the key.
    pub(crate) fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.api_key {
            Some(key) => request.header("x-honeycomb-team", key),
            None => request,
        }
    }

    /// The slug of the environment: the key's, or the first of a server with `--dev`.
    ///
    /// # Errors
    /// When the server is not there or does not know the key.
    pub(crate) async fn environment(&self) -> Result<String> {
        let (path, pointer) = match self.api_key {
            Some(_) => ("/1/auth", "/environment/slug"),
            None => ("/api/session", "/environments/0/slug"),
        };
        let answer = self.get(path).send().await;
        let answer = answer.with_context(|| format!("{} does not answer", self.endpoint()))?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        let body: Json = answer.json().await?;
        body.pointer(pointer)
            .and_then(Json::as_str)
            .map(str::to_owned)
            .ok_or_else(|| anyhow!("the server asks for a key: give one with --api-key"))
    }
}

/// What a refusal says, for a person.
pub(crate) async fn refusal(answer: Response) -> Error {
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let said = serde_json::from_str::<Json>(&text)
        .ok()
        .and_then(|body| Some(body.get("error")?.as_str()?.to_owned()))
        .unwrap_or(text);
    let said: String = said.chars().take(REFUSAL_CHARS).collect();
    anyhow!("the server refuses with {status}: {said}")
}
