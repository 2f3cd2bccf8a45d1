//! One authenticated call through the SDK against the same call by bare reqwest, and the read of a token that lives.
#![expect(
    clippy::expect_used,
    reason = "a bench that cannot start has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dadosfera::Client;
use dadosfera_emulator::Emulator;
use tokio::runtime::Runtime;

fn calls(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let emulator = runtime.block_on(Emulator::start()).expect("an emulator");
    let client = Client::builder()
        .base_url(emulator.base_url())
        .password("ana@acme.example", "acme-ana-password")
        .build()
        .expect("a client");
    let token = runtime
        .block_on(client.session().access_token())
        .expect("a token");
    let bare = reqwest::Client::new();
    let url = format!("{}/platform/pipelines", emulator.base_url());

    let mut group = criterion.benchmark_group("one authenticated call");
    group.bench_function("reqwest", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let answer = bare
                .get(&url)
                .header("Authorization", token.expose())
                .send()
                .await
                .expect("an answer");
            black_box(answer.json::<serde_json::Value>().await.expect("a body"))
        });
    });
    group.bench_function("dadosfera", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(client.pipelines().list().await.expect("pipelines")) });
    });
    group.finish();

    criterion.bench_function("the token that lives is read", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(client.session().access_token().await.expect("a token")) });
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
