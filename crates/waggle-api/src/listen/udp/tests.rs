use super::*;

#[tokio::test]
async fn the_oldest_datagram_goes_when_there_is_no_room() {
    let queue = Queue::new(10 + 2 * DATAGRAM_BYTES);
    for (datagram, dropped_count) in [
        ("aaaa", 0),
        ("bbbb", 0),
        ("cccc", 1),
        ("dddddddddddddddd", 2),
    ] {
        assert_eq!(queue.push(datagram.as_bytes()), dropped_count, "{datagram}");
    }
    let taken = queue.pop().await.unwrap();
    assert_eq!(taken, [b"dddddddddddddddd".to_vec().into_boxed_slice()]);
    assert_eq!(queue.push(&[0; 200]), 1);
    assert_eq!(queue.push(b"e"), 0);
    queue.close();
    assert_eq!(queue.pop().await.unwrap().len(), 1);
    assert_eq!(queue.pop().await, None);
    assert_eq!(queue.pop().await, None);
}

#[tokio::test]
async fn every_worker_hears_of_the_end() {
    let queue = Arc::new(Queue::new(10));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.pop().await.is_none() })
        })
        .collect();
    tokio::task::yield_now().await;
    queue.close();
    for worker in workers {
        assert!(worker.await.unwrap());
    }
}
