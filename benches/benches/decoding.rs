//! Decoding a page of 500 pipelines into the generated types, against an untyped tree of the same bytes.
#![expect(
    clippy::expect_used,
    reason = "a bench that cannot start has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dadosfera_raw::types::PipelineSummary;
use serde_json::{Value, json};

fn page() -> Vec<u8> {
    let pipelines: Vec<Value> = (0..500)
        .map(|number| {
            json!({
                "id": number,
                "pipeline_id": format!("1b33ad2f_33d3_4837_9eeb_{number:012}"),
                "customer_id": "acme_corp",
                "user_id": "user@example.com",
                "name": format!("Pipeline {number}"),
                "description": "Daily extraction of orders data from PostgreSQL",
                "cron": "0 6 * * *",
                "last_status": "SUCCESS",
                "jobs": [{
                    "id": number,
                    "job_id": format!("1b33ad2f_33d3_4837_9eeb_{number:012}_0"),
                    "job_status": "SUCCESS",
                    "input": {"connector": "jdbc", "plugin": "postgresql", "table_name": "orders"},
                    "output": {"plugin": "dadosfera_snowflake", "raw": {"table_name": "orders", "table_schema": "RAW_DATA"}}
                }]
            })
        })
        .collect();
    serde_json::to_vec(&pipelines).expect("a page")
}

fn decoding(criterion: &mut Criterion) {
    let page = page();
    let mut group = criterion.benchmark_group("decoding 500 pipelines");
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("serde_json::Value", |bencher| {
        bencher.iter(|| black_box(serde_json::from_slice::<Value>(&page).expect("a tree")));
    });
    group.bench_function("dadosfera_raw::types", |bencher| {
        bencher.iter(|| {
            black_box(serde_json::from_slice::<Vec<PipelineSummary>>(&page).expect("types"))
        });
    });
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
