//! `yumascan alerts`: rules, sinks, silences, and what became of what they told.

mod fields;
mod files;
mod lists;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use yumascan_alerts::{
    Message,
    delivery::Deliverer,
    evaluate,
    rule::Rule,
    sinks::{Sink, webhook},
};
use yumascan_store::{
    Store,
    alerts::{OutboxFilter, RuleSave, Secret, Silence},
};

use crate::config::Config;
use crate::house::{House, open_store};
use crate::shutdown;

const EXAMPLES: &str = "\
Examples:
  yumascan alerts add sink ops webhook url=https://ops.example/hook       prints the key that signs
  SLACK=https://hooks.slack.com/… yumascan alerts add sink chat slack --secret-env SLACK
  yumascan alerts add rule serious on=incident min_severity=S2 sinks=ops,chat
  yumascan alerts add rule cheap-eight on=metric metric=alpha_price netuid=8 below=0.015 for_blocks=10 sinks=chat
  yumascan alerts add rule treasury on=watch address=5F… sinks=ops
  yumascan alerts preview on=metric metric=alpha_price netuid=8 changes_by=20% within_blocks=300 --blocks 7200
  yumascan alerts test ops                                                a message to see that it arrives
  yumascan alerts silence --scope subnet:8 --for 2h --note \"planned migration\"
  yumascan alerts list; yumascan alerts dead; yumascan alerts replay --sink ops

Rules are evaluated, and alerts delivered, by `yumascan up` and `yumascan ingest` while they follow the head; a new rule
begins at the head. Fields, metrics and payloads: docs/alerts.md.";

/// Flags of `alerts`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AlertsArgs {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// Make or change a rule or a sink
    #[command(subcommand)]
    Add(Add),
    /// Remove a rule or a sink
    #[command(subcommand)]
    Remove(Remove),
    /// Rules, sinks, silences and the outbox
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a test message to a sink, or to all sinks of a rule
    Test {
        /// Sink or rule
        name: String,
    },
    /// What a rule would have found in the last blocks; nothing is stored or sent
    Preview {
        /// Name of a rule, or the fields of one: on=metric metric=…
        #[arg(required = true, value_name = "NAME|FIELD=VALUE")]
        rule: Vec<String>,
        /// How many blocks
        #[arg(long, default_value_t = 7_200, value_name = "N")]
        blocks: u64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell nothing of something for a while
    Silence(SilenceArgs),
    /// Print rules and sinks as JSON, without secrets
    Export,
    /// Make the rules and sinks of a file (JSON as exported, or TOML); all of it is checked first
    Import {
        /// The file; `-` is standard input
        file: std::path::PathBuf,
    },
    /// Alerts that were given up
    Dead {
        #[command(flatten)]
        which: Which,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put alerts that were given up back into the outbox
    Replay {
        #[command(flatten)]
        which: Which,
    },
    /// Deliver what waits in the outbox and stop; with --follow go on, beside an `ingest` that does not deliver
    Deliver {
        /// Go on until stopped
        #[arg(long)]
        follow: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Add {
    /// A rule, from its fields
    Rule {
        /// Its name
        name: String,
        /// on=incident|metric|watch, what it watches, sinks=a,b
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// A place that alerts go to: webhook, slack, discord, telegram, email, pagerduty or alertmanager
    Sink {
        /// Its name
        name: String,
        /// Its kind
        kind: String,
        /// Its settings, e.g. url=https://ops.example/hook
        #[arg(value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// Take the secret from this variable of the environment
        #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
        secret_env: Option<String>,
        /// Take the secret from this file; `-` is standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<std::path::PathBuf>,
        /// Deliver nothing to it for now; what waits goes on waiting
        #[arg(long)]
        disabled: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Remove {
    /// A rule, and what waits to be delivered of it
    Rule {
        /// Its name
        name: String,
    },
    /// A sink that no rule uses
    Sink {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct SilenceArgs {
    /// Only alerts of this rule
    #[arg(long)]
    rule: Option<String>,
    /// Only this kind of incident, metric or watch
    #[arg(long)]
    kind: Option<String>,
    /// Only this scope, e.g. subnet:8
    #[arg(long)]
    scope: Option<String>,
    /// For how long: 30m, 2h, 1d
    #[arg(long = "for", value_name = "TIME", default_value = "1h")]
    time: String,
    /// Why
    #[arg(long, default_value = "")]
    note: String,
    /// End the silence of this id instead
    #[arg(long, value_name = "ID", conflicts_with_all = ["rule", "kind", "scope"])]
    end: Option<String>,
}

#[derive(Debug, Args)]
struct Which {
    /// Only of this sink
    #[arg(long)]
    sink: Option<String>,
    /// Only of this rule
    #[arg(long)]
    rule: Option<String>,
}

impl Which {
    fn filter(&self) -> OutboxFilter<'_> {
        OutboxFilter { sink: self.sink.as_deref(), rule: self.rule.as_deref() }
    }
}

/// Kinds of incidents that rules may name.
pub(crate) fn kinds() -> Vec<&'static str> {
    yumascan_watch::Kind::all().map(yumascan_watch::Kind::name).collect()
}

pub(crate) async fn run(args: AlertsArgs, config: Config) -> anyhow::Result<ExitCode> {
    if let AlertsCommand::Preview { rule, blocks, json } = &args.command {
        return preview(&config, rule, *blocks, *json).await;
    }
    let store = open_store(&config).await?;
    let done = on_store(args.command, &config, &store).await;
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn on_store(command: AlertsCommand, config: &Config, store: &Store) -> anyhow::Result<()> {
    match command {
        AlertsCommand::Add(Add::Rule { name, fields }) => {
            let mut rule = fields::read(&fields)?;
            rule.insert("name".into(), name.into());
            let rule = Rule::parse(&Value::Object(rule), &kinds())?;
            save_rule(store, &rule).await?;
            println!("rule {} is watching from the head on; see it with `yumascan alerts list`", rule.name);
        }
        AlertsCommand::Add(Add::Sink { name, kind, fields, secret_env, secret_file, disabled }) => {
            let settings = Value::Object(fields::read(&fields)?);
            let given = secret(secret_env.as_deref(), secret_file.as_deref())?;
            add_sink(store, &name, &kind, &settings, given, !disabled).await?;
        }
        AlertsCommand::Remove(Remove::Rule { name }) => {
            anyhow::ensure!(
                store.remove_rule(&name).await?,
                "there is no rule `{name}`; `yumascan alerts list` shows them"
            );
            println!("rule {name} removed");
        }
        AlertsCommand::Remove(Remove::Sink { name }) => {
            anyhow::ensure!(
                store.remove_sink(&name).await?,
                "there is no sink `{name}`; `yumascan alerts list` shows them"
            );
            println!("sink {name} removed");
        }
        AlertsCommand::List { json } => lists::all(store, json).await?,
        AlertsCommand::Test { name } => test(config, store, &name).await?,
        AlertsCommand::Silence(args) => silence(store, args).await?,
        AlertsCommand::Export => println!("{:#}", files::export(store, &kinds()).await?),
        AlertsCommand::Import { file } => files::import(store, &file, &kinds()).await?,
        AlertsCommand::Dead { which, json } => lists::dead(store, which.filter(), json).await?,
        AlertsCommand::Replay { which } => {
            let replayed = store.replay_dead_letters(which.filter()).await?;
            println!("{replayed} alerts wait to be delivered again");
        }
        AlertsCommand::Deliver { follow } => deliver(config, store, follow).await?,
        AlertsCommand::Preview { .. } => {}
    }
    Ok(())
}

pub(super) async fn save_rule(store: &Store, rule: &Rule) -> anyhow::Result<()> {
    let definition = rule.definition.to_string();
    let save =
        RuleSave { name: &rule.name, definition: &definition, sinks: &rule.sinks, enabled: rule.enabled };
    store.save_rule(save).await?;
    Ok(())
}

async fn add_sink(
    store: &Store,
    name: &str,
    kind: &str,
    settings: &Value,
    given: Option<Secret>,
    enabled: bool,
) -> anyhow::Result<()> {
    let known = store.find_sink(name).await?.filter(|sink| sink.kind == kind);
    let kept = known.and_then(|sink| sink.secret);
    let made = match (&given, &kept, kind) {
        // whoever receives must be able to tell who sent it
        (None, None, "webhook") => Some(Secret::new(webhook::new_key())),
        _ => None,
    };
    let effective = given.clone().or_else(|| made.clone()).or(kept);
    Sink::parse(name, kind, settings, effective)?;
    store.save_sink(name, kind, &settings.to_string(), given.as_ref().or(made.as_ref()), enabled).await?;
    println!("sink {name} is there; try it with `yumascan alerts test {name}`");
    if let Some(made) = made {
        println!("key that signs what it is sent (shown this once): {}", made.reveal());
    }
    Ok(())
}

/// Never an argument: those can be seen by others and stay in histories.
fn secret(variable: Option<&str>, file: Option<&std::path::Path>) -> anyhow::Result<Option<Secret>> {
    let text = match (variable, file) {
        (Some(name), _) => std::env::var(name).with_context(|| format!("the variable {name} is not set"))?,
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut text = String::new();
            if std::io::stdin().is_terminal() {
                eprintln!("type the secret and press Ctrl-D:");
            }
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        (None, Some(path)) => {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        (None, None) => return Ok(None),
    };
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "the secret is empty");
    Ok(Some(Secret::new(text)))
}

async fn preview(config: &Config, words: &[String], blocks: u64, json: bool) -> anyhow::Result<ExitCode> {
    let house = House::open_or_join(config).await?;
    let outcome = async {
        let rule = match words {
            [name] if !name.contains('=') => {
                let record = house.store.find_rule(name).await?;
                let record = record.with_context(|| {
                    format!("there is no rule `{name}`; `yumascan alerts list` shows them")
                })?;
                Rule::from_record(&record, &kinds())?
            }
            fields => {
                let mut rule = fields::read(fields)?;
                rule.entry("name").or_insert_with(|| "preview".into());
                Rule::parse(&Value::Object(rule), &kinds())?
            }
        };
        let preview = evaluate::preview(&house.warehouse, &config.alerts, &rule, blocks).await?;
        match json {
            true => println!("{}", serde_json::to_string_pretty(&preview)?),
            false => println!("{preview}"),
        }
        anyhow::Ok(ExitCode::SUCCESS)
    };
    let outcome = outcome.await;
    house.close().await;
    outcome
}

async fn test(config: &Config, store: &Store, name: &str) -> anyhow::Result<()> {
    let sinks = match (store.find_sink(name).await?, store.find_rule(name).await?) {
        (Some(sink), _) => vec![sink],
        (None, Some(rule)) => {
            let all = store.list_sinks().await?;
            all.into_iter().filter(|sink| rule.sinks.contains(&sink.name)).collect()
        }
        (None, None) => {
            anyhow::bail!("there is neither a sink nor a rule `{name}`; `yumascan alerts list` shows them")
        }
    };
    anyhow::ensure!(!sinks.is_empty(), "the rule `{name}` has no sinks; give it some with sinks=…");
    let deliverer = Deliverer::new(store.clone(), config.alerts.clone())?;
    let mut failed = 0;
    for record in sinks {
        let sink = Sink::from_record(&record)?;
        match deliverer.send_now(&sink, Message::test(name)).await {
            Ok(()) => println!("{} ({}) took it", record.name, record.kind),
            Err(error) => {
                failed += 1;
                println!("{} ({}) did not take it: {error}", record.name, record.kind);
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of the sinks did not take the test message");
    Ok(())
}

async fn silence(store: &Store, args: SilenceArgs) -> anyhow::Result<()> {
    if let Some(id) = args.end {
        anyhow::ensure!(
            store.remove_silence(&id).await?,
            "there is no silence `{id}`; `yumascan alerts list` shows them"
        );
        println!("silence {id} ended");
        return Ok(());
    }
    anyhow::ensure!(
        args.rule.is_some() || args.kind.is_some() || args.scope.is_some(),
        "silence what? give --rule, --kind or --scope"
    );
    let from_ms = now_ms();
    let silence = Silence {
        id: webhook::new_key().chars().take(8).collect(),
        rule: args.rule,
        kind: args.kind,
        scope: args.scope,
        note: args.note,
        from_ms,
        until_ms: from_ms + fields::milliseconds(&args.time)?,
    };
    store.save_silence(&silence).await?;
    println!(
        "silence {} for {}; end it with `yumascan alerts silence --end {}`",
        silence.id, args.time, silence.id
    );
    Ok(())
}

async fn deliver(config: &Config, store: &Store, follow: bool) -> anyhow::Result<()> {
    let deliverer = Deliverer::new(store.clone(), config.alerts.clone())?;
    if follow {
        deliverer.run(shutdown::on_signal()).await;
        return Ok(());
    }
    let done = deliverer.drain().await?;
    println!(
        "{} delivered, {} to be tried again later, {} given up",
        done.delivered, done.waiting, done.dead
    );
    Ok(())
}

/// Refuses a configuration with which alerts could not be delivered, before anything is begun.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    yumascan_alerts::net::Guard::new(&config.alerts.allow_networks)?;
    Ok(())
}

/// Evaluates rules and delivers alerts until cancelled.
pub(super) async fn follow(config: &Config, house: &House, cancel: &CancellationToken) -> anyhow::Result<()> {
    if !config.alerts.enabled {
        return Ok(());
    }
    let deliverer = Deliverer::new(house.store.clone(), config.alerts.clone())?;
    let evaluator = evaluate::Evaluator::new(
        house.warehouse.clone(),
        house.store.clone(),
        config.alerts.clone(),
        kinds(),
        deliverer.wake(),
    );
    tokio::join!(deliverer.run(cancel.clone()), evaluator.run(cancel.clone()));
    Ok(())
}

fn now_ms() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kinds_of_sinks_are_those_that_the_help_names() {
        for (kind, ..) in yumascan_alerts::sinks::KINDS {
            assert!(docs().contains(kind), "{kind}");
        }
    }

    fn docs() -> &'static str {
        include_str!("../../../docs/alerts.md")
    }
}
