use super::*;
use futures::stream;

fn chunked(chunks: &[&'static [u8]]) -> Body {
    let frames: Vec<Result<Bytes, std::io::Error>> = chunks
        .iter()
        .map(|chunk| Ok(Bytes::from_static(chunk)))
        .collect();
    Body::from_stream(stream::iter(frames))
}

#[tokio::test]
async fn chunks_are_joined_up_to_the_limit() {
    assert_eq!(collect(chunked(&[]), 5).await.unwrap(), "");
    assert_eq!(collect(chunked(&[b"abc"]), 5).await.unwrap(), "abc");
    assert_eq!(
        collect(chunked(&[b"ab", b"c", b"de"]), 5).await.unwrap(),
        "abcde"
    );
    assert_eq!(
        collect(chunked(&[b"ab", b"c", b"def"]), 5).await,
        Err(BodyError::TooLarge)
    );
}

#[tokio::test]
async fn a_broken_body_is_not_taken_for_a_short_one() {
    let frames = vec![
        Ok(Bytes::from_static(b"abc")),
        Err(std::io::Error::other("reset")),
    ];
    let body = Body::from_stream(stream::iter(frames));
    assert_eq!(collect(body, 5).await, Err(BodyError::Interrupted));
}

#[tokio::test]
async fn work_gives_its_value_on_both_paths() {
    assert_eq!(run(false, || 1).await, 1);
    assert_eq!(run(true, || 2).await, 2);
}

#[test]
fn a_small_compressed_body_counts_as_what_it_becomes() {
    assert!(!is_large(ContentEncoding::Identity, 8_000, 65_536));
    assert!(is_large(ContentEncoding::Gzip, 8_000, 65_536));
}
