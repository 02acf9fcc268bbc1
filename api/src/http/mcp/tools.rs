//! The tools: what they are called, what they take, what they give.

use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use super::super::{App, sql};
use crate::{
    graphql::{self, Scope},
    limits::Visitor,
};

/// A tool that is a query with variables.
struct Tool {
    name: &'static str,
    description: &'static str,
    /// Properties of its input, as a JSON schema.
    input: fn() -> Value,
    required: &'static [&'static str],
    query: &'static str,
}

const TOOLS: [Tool; 7] = [
    Tool {
        name: "block",
        description: "A block by height (number) or hash, with its extrinsics: author, time, runtime, counts, and for each extrinsic its id, \
                      name, signer, success and error. Without arguments: the highest stored block.",
        input: || {
            json!({
                "number": { "type": "integer", "minimum": 0, "description": "height" },
                "hash": { "type": "string", "description": "hash of the header, 0x and 64 hexadecimal digits" },
            })
        },
        required: &[],
        query: "query($number: BlockNumber, $hash: Hash) { block(number: $number, hash: $hash) { number hash parentHash timestamp author \
                specVersion extrinsicCount eventCount callCount extrinsics(first: 50) { totalCount nodes { id name signer success error feeRao } } } }",
    },
    Tool {
        name: "extrinsic",
        description: "An extrinsic by id (block and index, `3010-4`) or hash: arguments, fee, error, the first 50 calls of its tree with \
                      their outcomes (a batch that succeeded may hold calls that failed), and its first 100 events.",
        input: || {
            json!({
                "id": { "type": "string", "pattern": "^[0-9]+-[0-9]+$", "description": "block and index" },
                "hash": { "type": "string", "description": "Blake2b-256 of its bytes, 0x hex" },
            })
        },
        required: &[],
        query: "query($id: String, $hash: Hash) { extrinsic(id: $id, hash: $hash) { id hash name signer success error feeRao tipRao nonce timestamp args \
                calls(first: 50) { totalCount nodes { path name origin outcome error } } events(first: 100) { totalCount nodes { id name args } } } }",
    },
    Tool {
        name: "account",
        description: "What stored blocks say of an account: counts, sums sent and received in rao, the newest transfers and extrinsics.",
        input: || json!({ "address": { "type": "string", "description": "SS58 address, or 0x public key of 32 bytes" } }),
        required: &["address"],
        query: "query($address: AccountId!) { account(id: $address) { id publicKey firstBlock lastBlock signedExtrinsicCount transfersInCount \
                transfersOutCount sentRao receivedRao transfers(first: 10) { nodes { id timestamp from to amountRao } } \
                extrinsics(first: 10) { nodes { id name timestamp success error } } } }",
    },
    Tool {
        name: "epoch_verification",
        description: "How the chain's own consensus maths compares with its independent recomputation: the newest verdicts of a subnet's \
                      epochs (verified, excused, differs, cannot_say), with how many numbers were compared and the first difference.",
        input: || {
            json!({
                "netuid": { "type": "integer", "minimum": 0, "maximum": 65535, "description": "subnet" },
                "from_block": { "type": "integer", "minimum": 0 },
                "to_block": { "type": "integer", "minimum": 0 },
            })
        },
        required: &["netuid"],
        query: "query($netuid: Int!, $from_block: BlockNumber, $to_block: BlockNumber) { epochVerifications(first: 20, filter: { netuid: $netuid, \
                fromBlock: $from_block, toBlock: $to_block }) { totalCount nodes { id blockNumber netuid mechid verdict reason neurons fieldsChecked \
                fieldsEqual fieldsExcused firstDifference emissionRao specVersion } } }",
    },
    Tool {
        name: "subnet",
        description: "A subnet at any block: name, owner, price in TAO, reserves, market cap, volumes and flows, emission, tempo, cost of \
                      registering, risk of being pruned. Without `at`: now.",
        input: || {
            json!({
                "netuid": { "type": "integer", "minimum": 0, "maximum": 65535, "description": "subnet; 0 is root" },
                "at": { "type": "integer", "minimum": 0, "description": "block" },
            })
        },
        required: &["netuid"],
        query: "query($netuid: Int!, $at: BlockNumber) { subnet(netuid: $netuid, at: $at) { netuid name symbol owner ownerHotkey registeredAt blockNumber \
                timestamp priceTao movingPriceTao priceChanges { window change } taoInRao alphaInRao alphaOutRao totalMarketCapRao liquidityRao \
                liquidationPriceTao flows { window buyRao sellRao netRao } taoInEmissionRao alphaOutEmissionRao rootProportion tempoBlocks lastEpochBlock \
                neuronCount neuronCostRao pruning { position risk } generations { registeredAt } } }",
    },
    Tool {
        name: "validator",
        description: "A validator by hotkey at any block: rank, stake weight, dominance, take, and its seats in subnets with trust, dividends and \
                      how long ago it set weights.",
        input: || {
            json!({
                "hotkey": { "type": "string", "description": "SS58 address, or 0x public key of 32 bytes" },
                "at": { "type": "integer", "minimum": 0, "description": "block" },
            })
        },
        required: &["hotkey"],
        query: "query($hotkey: AccountId!, $at: BlockNumber) { validator(hotkey: $hotkey, at: $at) { hotkey coldkey rank take dominance weightRao rootStakeRao \
                alphaWorthRao seats { neuron { netuid uid validatorTrust } dividendShare blocksSinceUpdate } } }",
    },
    Tool {
        name: "yields",
        description: "What staking to each validator of a subnet earned in a window (HOUR, DAY, WEEK, MONTH): APR and APY as fractions, net of takes, \
                      with how far to rely on them (coverage of the window, confidence).",
        input: || {
            json!({
                "netuid": { "type": "integer", "minimum": 0, "maximum": 65535, "description": "subnet" },
                "window": { "type": "string", "enum": ["HOUR", "DAY", "WEEK", "MONTH"] },
                "at": { "type": "integer", "minimum": 0, "description": "block" },
            })
        },
        required: &["netuid"],
        query: "query($netuid: Int!, $window: YieldWindow! = DAY, $at: BlockNumber) { validatorYield(netuid: $netuid, window: $window, at: $at) { hotkey apr apy \
                taoGain dividendsRao epochs epochsUsed coverage confidence } }",
    },
];

/// The gravest first.
const SEVERITIES: [&str; 4] = ["S1", "S2", "S3", "S4"];
const INCIDENTS: &str = "What went wrong on the chain, newest first: kind, severity (S1 is the gravest), state, scope, blocks, a sentence that says what \
                         happened, and the evidence. Found by detectors over all blocks.";
const SQL: &str = "Asks in SQL: one SELECT in ClickHouse's dialect over the views that sql_views lists. Read-only, limited in time, memory and rows. \
                   A condition on block_number makes it fast. The answer is JSON with `meta` (columns) and `data` (rows as arrays).";
const SQL_VIEWS: &str =
    "Lists the views that sql may read. With `view`: the columns of one, with types and meanings.";

fn schema(name: &str, description: &str, properties: &Value, required: &[&str]) -> Value {
    json!({
        "name": name,
        "description": description,
        "inputSchema": { "type": "object", "properties": properties, "required": required, "additionalProperties": false },
        "annotations": { "readOnlyHint": true, "openWorldHint": false },
    })
}

/// All tools.
pub(super) fn list() -> Vec<Value> {
    let mut tools: Vec<Value> = TOOLS
        .iter()
        .map(|tool| schema(tool.name, tool.description, &(tool.input)(), tool.required))
        .collect();
    let statement = json!({
        "statement": { "type": "string", "description": "one SELECT" },
        "max_rows": { "type": "integer", "minimum": 1, "maximum": 1000, "description": "default 100" },
    });
    let filter = json!({
        "open": { "type": "boolean", "description": "only those that are not over" },
        "severity": { "type": "string", "enum": SEVERITIES, "description": "at least this grave" },
        "limit": { "type": "integer", "minimum": 1, "maximum": 50, "description": "default 20" },
    });
    tools.push(schema("incidents", INCIDENTS, &filter, &[]));
    tools.push(schema("sql", SQL, &statement, &["statement"]));
    let view = json!({ "view": { "type": "string", "description": "name of a view, e.g. v_transfers" } });
    tools.push(schema("sql_views", SQL_VIEWS, &view, &[]));
    tools
}

/// Calls a tool: its answer, or what is wrong with the call. `None` where there is no such tool.
pub(super) async fn call(
    app: &App,
    visitor: &Visitor,
    request_id: &str,
    name: &str,
    arguments: &Value,
) -> Option<Result<String, String>> {
    match name {
        "incidents" => Some(incidents(app, visitor, request_id, arguments).await),
        "sql" => Some(ask(app, visitor, request_id, arguments).await),
        "sql_views" => Some(views(app, arguments).await),
        _ => {
            let tool = TOOLS.iter().find(|tool| tool.name == name)?;
            Some(query(app, visitor, request_id, tool, arguments).await)
        }
    }
}

async fn query(
    app: &App,
    visitor: &Visitor,
    request_id: &str,
    tool: &Tool,
    arguments: &Value,
) -> Result<String, String> {
    if !visitor.may("read") {
        return Err("this key does not have the scope `read`".to_owned());
    }
    visitor.charge(2).map_err(|limited| limited.to_string())?;
    let arguments = if arguments.is_null() { json!({}) } else { arguments.clone() };
    let request = Request::new(tool.query).variables(Variables::from_json(arguments));
    let scope = Scope::new(app.shared.clone(), request_id.to_owned(), visitor.tier);
    let running = graphql::execute(&app.schema, request, &scope);
    let response = tokio::time::timeout(app.shared.state.config.timeout(), running)
        .await
        .map_err(|_| "the query took too long and was cancelled".to_owned())?;
    if let Some(error) = response.errors.first() {
        return Err(error.message.clone());
    }
    let data = response.data.into_json().map_err(|error| error.to_string())?;
    let found = data.as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    if found.is_null() {
        return Err("not found: it does not exist, or its block is not stored here".to_owned());
    }
    Ok(found.to_string())
}

/// A question over the view, made of words that are known.
async fn incidents(
    app: &App,
    visitor: &Visitor,
    request_id: &str,
    arguments: &Value,
) -> Result<String, String> {
    let least = arguments["severity"].as_str().unwrap_or("S4");
    let least =
        SEVERITIES.iter().find(|known| **known == least).ok_or("`severity` is one of S1, S2, S3, S4")?;
    let state = if arguments["open"].as_bool().unwrap_or_default() {
        "state = 'open'"
    } else {
        "state != 'retracted'"
    };
    let limit = arguments["limit"].as_u64().unwrap_or(20).clamp(1, 50);
    let statement = format!(
        "SELECT id, kind, severity, state, scope, first_block, last_block, title, evidence FROM v_incidents \
         WHERE {state} AND severity <= '{least}' ORDER BY last_block DESC, id LIMIT {limit}"
    );
    sql::ask_text(app, visitor, request_id, &statement, limit).await
}

async fn ask(app: &App, visitor: &Visitor, request_id: &str, arguments: &Value) -> Result<String, String> {
    let statement = arguments["statement"].as_str().ok_or("`statement` is missing: one SELECT")?;
    let max_rows = arguments["max_rows"].as_u64().unwrap_or(100).clamp(1, 1_000);
    sql::ask_text(app, visitor, request_id, statement, max_rows).await
}

async fn views(app: &App, arguments: &Value) -> Result<String, String> {
    let views = app.shared.state.warehouse.list_views().await.map_err(|error| {
        tracing::error!(%error, "views not listed");
        "the warehouse does not answer at the moment".to_owned()
    })?;
    let Some(name) = arguments["view"].as_str() else {
        let list: Vec<_> =
            views.iter().map(|view| json!({ "name": view.name, "about": view.about })).collect();
        return Ok(json!(list).to_string());
    };
    let found = views.iter().find(|view| view.name == name);
    found
        .map(|view| json!(view).to_string())
        .ok_or_else(|| format!("there is no view `{name}`; call sql_views without arguments"))
}
