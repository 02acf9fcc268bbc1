//! `yumascan keys`: who may ask more, made, listed and revoked.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use yumascan_store::{ApiKey, KeyTier, SCOPES, Store};

use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  yumascan keys add \"research group\" --days 90                  prints the key: it is shown once
  yumascan keys add dashboard --scope read                      lists and objects, neither SQL nor exports
  yumascan keys add operator --admin                            not limited but by an administrator's rates
  yumascan keys list
  yumascan keys revoke 3fa9c1d2e4b5
  yumascan keys log                                             what operators did

A key goes with each request: `authorization: Bearer ys_…`. Only its hash is stored: a lost key is revoked and made anew.
Rates and tiers: section [limits] of the configuration.";

/// Flags of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and print it, once
    Add {
        /// Whose it is
        #[arg(value_name = "NAME")]
        name: String,
        /// What it may do; may be given more than once [default: all of read, sql, export]
        #[arg(long = "scope", value_name = "SCOPE", value_parser = SCOPES)]
        scopes: Vec<String>,
        /// It ends after this many days [default: never]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
        /// An administrator's
        #[arg(long)]
        admin: bool,
    },
    /// List the keys
    List,
    /// Revoke a key: it ends within ten seconds
    Revoke {
        /// Its id, the part between the underscores
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Show what operators did, newest first
    Log,
}

pub(crate) async fn run(args: KeysArgs, config: Config) -> anyhow::Result<ExitCode> {
    let store = match &config.store.url {
        Some(url) => Store::open(url).await?,
        None => Store::open_file(&config.store_file()).await?,
    };
    let done = act(args.action, &store).await;
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(action: Action, store: &Store) -> anyhow::Result<()> {
    match action {
        Action::Add { name, scopes, days, admin } => {
            let tier = if admin { KeyTier::Admin } else { KeyTier::Keyed };
            let all = || SCOPES.iter().map(ToString::to_string).collect();
            let scopes = if scopes.is_empty() { all() } else { scopes };
            let ends = days.map(|days| now_ms() + u64::from(days) * 86_400_000);
            let (key, text) = store.create_key(&name, tier, &scopes, ends).await?;
            let target = format!("{} {} ({})", key.id, key.name, tier.name());
            store.record_action(&actor(), "keys.add", &target).await?;
            println!("{text}");
            eprintln!("this is the only time it is shown; id {}, {}", key.id, describe(&key));
        }
        Action::List => {
            for key in store.list_keys().await? {
                println!("{}  {:<24}  {}", key.id, key.name, describe(&key));
            }
        }
        Action::Revoke { id } => {
            anyhow::ensure!(
                store.revoke_key(&id).await?,
                "there is no key {id} that is not revoked; see `yumascan keys list`"
            );
            store.record_action(&actor(), "keys.revoke", &id).await?;
            println!("revoked {id}");
        }
        Action::Log => {
            for done in store.list_actions(1_000).await? {
                println!("{}  {}  {}  {}", utc(done.at_ms), done.actor, done.action, done.target);
            }
        }
    }
    Ok(())
}

fn describe(key: &ApiKey) -> String {
    let state = if key.revoked_at_ms.is_some() {
        "revoked".to_owned()
    } else if !key.is_valid(now_ms()) {
        "ended".to_owned()
    } else {
        key.expires_at_ms.map_or_else(|| "never ends".to_owned(), |end| format!("until {}", utc(end)))
    };
    let used = key.last_used_at_ms.map_or_else(|| "never used".to_owned(), |at| format!("used {}", utc(at)));
    format!("{}  {}  {state}  {used}", key.tier.name(), key.scopes.join(","))
}

/// Who runs this command.
fn actor() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    format!("cli:{}", user.unwrap_or_else(|_| "unknown".to_owned()))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn utc(ms: u64) -> String {
    yumascan_web::text::utc(ms)
}
