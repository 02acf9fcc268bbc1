//! `yumascan serve`: pages and API over what is stored.

use std::process::ExitCode;

use yumascan_warehouse::LiveTip;

use crate::args::Listen;
use crate::config::Config;
use crate::house::{House, require_data};
use crate::{serving, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan serve --data-dir data                                     http://127.0.0.1:8080
  yumascan serve --data-dir data --listen 0.0.0.0:80                 for others too
  yumascan serve --clickhouse-url http://ch:8123 --store-url postgres://user:password@db/yumascan

It reads only. To ingest in the same process use `yumascan up`.";

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    listen: Listen,
}

pub(crate) async fn run(args: ServeArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_listen(&args.listen);
    require_data(&config)?;
    let listener = serving::listen(config.serve.listen).await?;
    yumascan_api::install_metrics()?;
    let house = House::open(&config).await?;
    let chain_name = house.store.find_chain().await?.map(|chain| chain.name);
    let router = serving::router(&house, &LiveTip::default(), &config, chain_name)?;
    let cancel = shutdown::on_signal();
    println!("serving on {}", serving::url(&listener)?);
    let served = serving::serve(listener, router, cancel).await;
    house.close().await;
    served.map(|()| ExitCode::SUCCESS)
}
