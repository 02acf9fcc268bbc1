#!/bin/sh
# Runs one fuzz target with the stable compiler: fuzz/run.sh TARGET [SECONDS]
# (the same flags that cargo-fuzz passes; no sanitizer, as the decoder has no unsafe code)
set -eu
target=${1:?usage: fuzz/run.sh metadata|extrinsic|events|storage_value [SECONDS]}
seconds=${2:-600}
cd "$(dirname "$0")"
build=${CARGO_TARGET_DIR:-target}
cargo run --quiet --release --bin seeds
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
    cargo build --quiet --release --target "$host" --bin "$target"
mkdir -p "corpus/$target" "artifacts/$target"
exec "$build/$host/release/$target" -max_total_time="$seconds" -artifact_prefix="artifacts/$target/" \
    -rss_limit_mb=1024 -timeout=20 -max_len=524288 -print_final_stats=1 "corpus/$target"
