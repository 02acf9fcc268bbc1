//! `yumascan export`: lists as files, a folder a day, with a manifest of hashes.

mod manifest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tokio::io::AsyncWriteExt;
use yumascan_warehouse::{AskFormat, AskLimits, Warehouse, ask::find_list, days::ChainDay};

use crate::config::Config;
use crate::house::House;
pub(super) use manifest::Hasher;
use manifest::{Entry, Manifest};

const EXAMPLES: &str = "\
Examples:
  yumascan export --table transfers --out exports                       every day, Parquet
  yumascan export --table events,calls --from 2026-02-01 --to 2026-02-28 --out exports
  yumascan export --table blocks --format csv --out exports

Files: OUT/TABLE/date=2026-02-11/data.parquet, as DuckDB, Spark and ClickHouse read partitions; OUT/TABLE/manifest.json has rows,
blocks, bytes and the Blake2b-256 of each. Run again, it writes only what is new: a day whose blocks have not changed is left as it
is. Tables are the views at /sql that have blocks, with or without v_.";

/// Flags of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// What to export, several with commas
    #[arg(long = "table", value_name = "NAME[,NAME]", value_delimiter = ',', required = true)]
    tables: Vec<String>,
    /// First day, UTC [default: the first stored]
    #[arg(long, value_name = "DAY", default_value = "1970-01-01", value_parser = day, hide_default_value = true)]
    from: String,
    /// Last day, UTC [default: the last stored]
    #[arg(long, value_name = "DAY", default_value = "9999-12-31", value_parser = day, hide_default_value = true)]
    to: String,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Format of the files
    #[arg(long, value_name = "FORMAT", default_value = "parquet", value_parser = ["parquet", "arrow", "csv", "jsonl"])]
    format: String,
}

fn day(text: &str) -> Result<String, String> {
    match (text.len(), yumascan_web::text::parse_utc(text)) {
        (10, Some(_)) => Ok(text.to_owned()),
        _ => Err("expected a day such as 2026-02-11".to_owned()),
    }
}

pub(crate) async fn run(args: ExportArgs, config: Config) -> anyhow::Result<ExitCode> {
    let format = AskFormat::from_name(&args.format).context("no such format")?;
    let mut lists = Vec::new();
    for table in &args.tables {
        let list = find_list(table).with_context(|| {
            format!("there is no table `{table}` to export; there are the views with blocks, see /sql or docs/data-dictionary.md")
        })?;
        lists.push((table.trim_start_matches("v_").to_owned(), list));
    }
    let house = House::open_or_join(&config).await?;
    let done = export(&house.warehouse, &lists, &args, format).await;
    house.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn export(
    warehouse: &Warehouse,
    lists: &[(String, (String, &'static str))],
    args: &ExportArgs,
    format: AskFormat,
) -> anyhow::Result<()> {
    let days = warehouse.list_days(&args.from, &args.to).await?;
    anyhow::ensure!(!days.is_empty(), "no stored block is from {} to {}", args.from, args.to);
    for (name, list) in lists {
        let folder = args.out.join(name);
        tokio::fs::create_dir_all(&folder)
            .await
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut manifest = Manifest::read(&folder, name, format).await?;
        let (mut written, mut kept) = (0, 0);
        for day in &days {
            if manifest.holds(&folder, day).await {
                kept += 1;
                continue;
            }
            let entry = write_day(warehouse, list, day, &folder, format).await?;
            manifest.put(entry);
            // after every day: a run that is cut off goes on behind it
            manifest.write(&folder).await?;
            written += 1;
        }
        println!("{name}: {written} days written, {kept} unchanged, in {}", folder.display());
    }
    Ok(())
}

/// One day as a file: written beside its place and then put there.
async fn write_day(
    warehouse: &Warehouse,
    list: &(String, &'static str),
    day: &ChainDay,
    folder: &Path,
    format: AskFormat,
) -> anyhow::Result<Entry> {
    let limits = AskLimits {
        seconds: 24 * 3600,
        memory_bytes: 0,
        result_rows: 0,
        result_bytes: u64::MAX,
        read_rows: 0,
        read_bytes: 0,
        threads: 2,
    };
    let part =
        warehouse.cut_export(list, day.first_block, day.last_block, u64::from(u32::MAX), &limits).await?;
    anyhow::ensure!(part.next.is_none(), "{} has too many rows for one file", day.day);
    let file = format!("date={}/data.{}", day.day, format.name());
    let place = folder.join(&file);
    let beside = place.with_extension("part");
    let at = |path: &Path| format!("cannot write {}", path.display());
    tokio::fs::create_dir_all(place.parent().unwrap_or(folder)).await.with_context(|| at(&place))?;
    let mut out = tokio::fs::File::create(&beside).await.with_context(|| at(&beside))?;
    let mut answer = warehouse.export(&part, format, &limits)?;
    let mut hash = Hasher::default();
    while let Some(piece) = answer.next().await? {
        hash.update(&piece);
        out.write_all(&piece).await.with_context(|| at(&beside))?;
    }
    out.sync_all().await.with_context(|| at(&beside))?;
    drop(out);
    tokio::fs::rename(&beside, &place).await.with_context(|| at(&place))?;
    let rows = warehouse.count_export(&part).await?;
    let (bytes, blake2b_256) = hash.finish();
    Ok(Entry {
        file,
        day: day.day.clone(),
        first_block: day.first_block,
        last_block: day.last_block,
        blocks: day.blocks,
        rows,
        bytes,
        blake2b_256,
    })
}
