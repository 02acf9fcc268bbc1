//! Everyone's SQL: a statement, its answer as table and chart, and what there is to ask.

use std::time::Duration;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::{AskFormat, AskLimits, Question, ask::ViewInfo};

use super::Page;
use crate::{
    islands::GraphView,
    server::{Answer, Context, KeptQuestion, PageError},
    text,
};

mod answer;
mod examples;

use answer::Table;
use examples::EXAMPLES;

/// Rows shown; the files have more.
const MAX_ROWS: u64 = 500;
/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of the question.
enum Outcome {
    NotAsked,
    Refused(String),
    Answered(Table),
}

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let Some(shelf) = context.state.sql.clone() else {
        let hint = "The operator of this server has switched SQL off.".to_owned();
        return Err(PageError::NotFound { what: "No SQL here".to_owned(), hint });
    };
    let kept = match context.params.get("q") {
        Some(id) => {
            let found = (shelf.find)(id.to_owned()).await;
            let hint = "No question is kept under this link.".to_owned();
            Some(found.ok_or(PageError::NotFound { what: "Question not found".to_owned(), hint })?)
        }
        None => None,
    };
    let statement = match (&kept, context.params.get("sql")) {
        (Some(kept), _) => kept.sql.clone(),
        (None, Some(sql)) => sql.to_owned(),
        (None, None) => String::new(),
    };
    let outcome =
        if statement.is_empty() { Outcome::NotAsked } else { ask(context, &shelf, &statement).await };
    let views = context.state.warehouse.list_views().await?;
    let limits = shelf.limits;
    let shown =
        Shown { statement, kept, id: context.params.get("q").map(str::to_owned), outcome, views, limits };
    let title = shown.kept.as_ref().map(|kept| kept.title.clone()).filter(|title| !title.is_empty());
    Ok(Page::new(title.unwrap_or_else(|| "SQL".to_owned()), "/sql", move || shown.view()).into())
}

async fn ask(context: &Context, shelf: &crate::server::SqlShelf, statement: &str) -> Outcome {
    let question = match Question::new(statement) {
        Ok(question) => question,
        Err(refusal) => return Outcome::Refused(refusal.to_string()),
    };
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, shelf.turns.clone().acquire_owned()).await else {
        return Outcome::Refused("Too many questions are being answered; try again in a moment.".to_owned());
    };
    let limits = AskLimits { result_rows: shelf.limits.result_rows.min(MAX_ROWS), ..shelf.limits.clone() };
    let answered = async {
        let mut answer = context.state.warehouse.ask(&question, AskFormat::Json, &limits)?;
        answer.collect().await
    };
    match answered.await {
        Ok(bytes) => Table::read(&bytes, limits.result_rows)
            .map_or_else(|| Outcome::Refused("The answer could not be read.".to_owned()), Outcome::Answered),
        Err(error) => {
            tracing::debug!(%error, "question on a page failed");
            Outcome::Refused(error.question_text())
        }
    }
}

/// What the page shows.
struct Shown {
    statement: String,
    kept: Option<KeptQuestion>,
    id: Option<String>,
    outcome: Outcome,
    views: Vec<ViewInfo>,
    limits: AskLimits,
}

impl Shown {
    fn view(self) -> AnyView {
        let heading = self.kept.as_ref().map(|kept| kept.title.clone()).filter(|title| !title.is_empty());
        let link = self.id.as_ref().map(|id| {
            let href = format!("/sql?q={id}");
            let label = href.clone();
            view! { <p class="lead">"Kept under " <a href=href>{label}</a></p> }
        });
        let answer = match &self.outcome {
            Outcome::NotAsked => ().into_any(),
            Outcome::Refused(why) => {
                view! { <div class="sql-refused" role="alert"><p>{why.clone()}</p></div> }.into_any()
            }
            Outcome::Answered(table) => answered(table),
        };
        let is_first = matches!(self.outcome, Outcome::NotAsked);
        view! {
            <h1>{heading.unwrap_or_else(|| "Ask in SQL".to_owned())}</h1>
            {link}
            <p class="lead">
                "One SELECT in ClickHouse's dialect over the views below. It only reads, and it may take "
                {self.limits.seconds} " s, " {text::bytes(self.limits.memory_bytes)} " of memory and "
                {text::group(self.limits.read_rows)} " rows read. The tables are sorted by block: a condition on "
                <code>"block_number"</code> " makes it fast."
            </p>
            {form(&self.statement)}
            {answer}
            {examples(is_first)}
            {views(&self.views)}
        }
        .into_any()
    }
}

/// A plain form: it works without script, and the address is the question.
fn form(statement: &str) -> AnyView {
    let rows = statement.lines().count().clamp(6, 24).to_string();
    let statement = statement.to_owned();
    view! {
        <form class="sql" method="get" action="/sql">
            <label for="sql">"Statement"</label>
            <textarea id="sql" name="sql" rows=rows spellcheck="false" autocapitalize="off" autocomplete="off" required>{statement}</textarea>
            <p class="buttons">
                <button type="submit" class="main">"Run"</button>
                <button type="submit" formaction="/api/v1/sql" name="format" value="csv">"CSV"</button>
                <button type="submit" formaction="/api/v1/sql" name="format" value="parquet">"Parquet"</button>
                <button type="submit" formaction="/api/v1/sql" name="format" value="json">"JSON"</button>
                <span class="keep">
                    <label for="title">"Title"</label>
                    <input id="title" name="title" maxlength="120" placeholder="Stake moved a day"/>
                    <button type="submit" formaction="/api/v1/sql/saved" formmethod="post">"Keep under a link"</button>
                </span>
            </p>
        </form>
    }
    .into_any()
}

fn answered(table: &Table) -> AnyView {
    let chart = table.graph().map(|graph| view! { <GraphView graph=graph/> });
    let cut =
        table.is_cut.then(|| format!(" The first {} are shown; the files have more.", table.rows.len()));
    view! {
        <p class="sql-count">{text::count(table.rows.len() as u64, "row")} " in " {table.elapsed()} ", " {text::group(table.read_rows)} " rows read." {cut}</p>
        {chart}
        <div class="wide">{table.view()}</div>
    }
    .into_any()
}

fn examples(open: bool) -> AnyView {
    let list = EXAMPLES
        .iter()
        .map(|example| {
            let href = format!("/sql?sql={}", text::encode(example.sql));
            view! {
                <li>
                    <a href=href>{example.title}</a>
                    <p>{example.teaches}</p>
                    <pre>{example.sql}</pre>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="sql-examples" open=open>
            <summary>"Examples"</summary>
            <ol>{list}</ol>
        </details>
    }
    .into_any()
}

fn views(views: &[ViewInfo]) -> AnyView {
    let list = views
        .iter()
        .map(|view| {
            let columns = view
                .columns
                .iter()
                .map(|column| {
                    view! {
                        <tr><td><code>{column.name.clone()}</code></td><td class="p2"><code>{column.kind.clone()}</code></td><td>{column.about.clone()}</td></tr>
                    }
                })
                .collect_view();
            let about = view.about.clone();
            view! {
                <details>
                    <summary><code>{view.name.clone()}</code></summary>
                    <p>{about}</p>
                    <div class="wide"><table class="list"><tbody>{columns}</tbody></table></div>
                </details>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="sql-views">
            <h2>"Views"</h2>
            {list}
            <p>"As data: " <a href="/api/v1/sql/reference">"/api/v1/sql/reference"</a></p>
        </section>
    }
    .into_any()
}
