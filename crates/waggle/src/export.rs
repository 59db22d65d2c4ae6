//! `waggle export`: a window of a dataset of a running server as a file. The server writes it; this carries the bytes.

use crate::remote::{Remote, refusal};
use anyhow::{Context, Result, bail};
use reqwest::{Client, Url};
use std::os::fd::AsFd;
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use waggle_model::ExportFormat;

/// Write a window of a dataset to a file: Parquet, CSV or newline JSON
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    remote: Remote,
    /// Name or slug of the dataset
    #[arg(long, value_name = "NAME")]
    dataset: String,
    /// First moment: whole seconds since 1970, or RFC 3339 [default: the first event]
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// First moment after: whole seconds since 1970, or RFC 3339 [default: after the last event]
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// Only events that pass: a JSON list as in the filters of a query, [{"column": "error", "op": "exists"}]
    #[arg(long, value_name = "JSON")]
    filters: Option<String>,
    /// Whether all filters must hold or one is enough: AND or OR
    #[arg(long, value_name = "WORD", default_value = "AND")]
    filter_combination: String,
    /// parquet, csv or ndjson [default: by the file's extension, else parquet]
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// The file; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// A server that is not there or refuses, or a file that can't be written. What was written of it is deleted.
pub(crate) async fn run(args: ExportArgs) -> Result<()> {
    let format = args.format()?;
    let environment = args.remote.environment().await?;
    let path = format!(
        "/api/environments/{environment}/datasets/{}/export",
        args.dataset
    );
    let mut query = vec![("format", format.name().to_owned())];
    let optional = [
        ("start", &args.start),
        ("end", &args.end),
        ("filters", &args.filters),
    ];
    for (name, value) in optional {
        query.extend(value.clone().map(|value| (name, value)));
    }
    query.push(("filter_combination", args.filter_combination.clone()));
    let url = format!("{}{path}", args.remote.endpoint());
    let url =
        Url::parse_with_params(&url, &query).with_context(|| format!("{url} is no address"))?;
    let answer = args.remote.keyed(Client::new().get(url)).send().await;
    let answer = answer.with_context(|| format!("{} does not answer", args.remote.endpoint()))?;
    if !answer.status().is_success() {
        return Err(refusal(answer).await);
    }
    if args.output.as_os_str() == "-" {
        let output = std::io::stdout().as_fd().try_clone_to_owned()?;
        carry(answer, File::from_std(output.into())).await?;
        return Ok(());
    }
    let shown = args.output.display();
    let file = File::create(&args.output)
        .await
        .with_context(|| format!("{shown} can't be written"))?;
    match carry(answer, file).await {
        Ok(bytes) => {
            say(&format!("{shown}: {bytes} bytes\n"));
            Ok(())
        }
        Err(error) => {
            // Half a file must not be taken for a whole one; if it can't be deleted either, the error says enough.
            let _deleted = tokio::fs::remove_file(&args.output).await;
            Err(error)
        }
    }
}

impl ExportArgs {
    fn format(&self) -> Result<ExportFormat> {
        let extension = self.output.extension().and_then(|text| text.to_str());
        match (&self.format, extension) {
            (Some(name), _) => match ExportFormat::from_name(name) {
                Some(format) => Ok(format),
                None => bail!("--format={name}: takes parquet, csv or ndjson"),
            },
            (None, extension) => Ok(extension
                .and_then(ExportFormat::from_name)
                .unwrap_or(ExportFormat::Parquet)),
        }
    }
}

async fn carry(mut answer: reqwest::Response, mut to: impl AsyncWrite + Unpin) -> Result<u64> {
    let mut bytes = 0;
    while let Some(piece) = answer
        .chunk()
        .await
        .context("the export broke off; the server's log says why")?
    {
        bytes += piece.len() as u64;
        to.write_all(&piece)
            .await
            .context("the file can't be written")?;
    }
    to.flush().await.context("the file can't be written")?;
    Ok(bytes)
}

#[expect(clippy::print_stderr, reason = "standard output may be the file")]
fn say(text: &str) {
    eprint!("{text}");
}
