//! Ten thousand callers that met a 401 with the same token: one refresh, and none is turned away.
//!
//! Here and not in `tests/proofs`, because with a connection for each caller the test would need more files than most
//! machines open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::client::{Client, Identity};
use crate::clock::{Clock, Sleep};

const CALLERS: usize = 10_000;

/// A clock that was moved once.
#[derive(Debug, Default)]
struct Moved(AtomicUsize);

impl Clock for Moved {
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst) as u64)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(tokio::task::yield_now())
    }
}

/// Answers each request with the next token; the counter is how many it answered.
async fn provider(listener: TcpListener, given: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        // The bodies end with an object.
        while !request.ends_with(b"}") && stream.read_buf(&mut request).await.is_ok_and(|it| it > 0)
        {
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let number = given.fetch_add(1, Ordering::SeqCst) + 1;
        let body = format!(
            r#"{{"tokens":{{"accessToken":"a{number}","refreshToken":"r{number}"}},"permissions":[],"mfaStatus":"none","customer":{{"id":"c","name":"acme_corp"}}}}"#
        );
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[test]
fn ten_thousand_callers_at_a_401_refresh_once_and_none_is_turned_away() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(16)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let given = Arc::<AtomicUsize>::default();
        tokio::spawn(provider(listener, Arc::clone(&given)));
        let clock = Arc::<Moved>::default();
        let client = Client::builder()
            .base_url(url)
            .password("ana", "her password")
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        let Identity::User(session) = client.identity() else {
            panic!("a client with a password has a session");
        };
        let rejected = session.acquire().await.unwrap();
        clock.0.store(60, Ordering::SeqCst);
        let tasks: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (session, rejected) = (session.clone(), rejected.clone());
                tokio::spawn(async move {
                    assert!(session.reject(&rejected), "another token is worth a try");
                    session
                        .acquire()
                        .await
                        .map(|it| it.token().expose().to_owned())
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), "a2");
        }
        assert_eq!(given.load(Ordering::SeqCst), 2);
    });
}
