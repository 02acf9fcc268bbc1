//! What surrounds every page: head, header with search, footer.

use leptos::{prelude::*, reactive::owner::Owner};

use super::Page;
use crate::{
    islands::{CopyButtons, Keys, Panes, RelativeTimes, SearchBox, ThemeSwitch},
    server::{self, Context, Status},
    text,
    ui::{self, icons},
};

const SECTIONS: [(&str, &str); 12] = [
    ("/subnets", "Subnets"),
    ("/validators", "Validators"),
    ("/yield", "Yield"),
    ("/tokenomics", "Tokenomics"),
    ("/blocks", "Blocks"),
    ("/extrinsics", "Extrinsics"),
    ("/events", "Events"),
    ("/transfers", "Transfers"),
    ("/incidents", "Incidents"),
    ("/verification", "Verification"),
    ("/runtimes", "Runtimes"),
    ("/sql", "SQL"),
];

const DESCRIPTION: &str = "Bittensor at every block: subnets, validators, yields and accounts, and all blocks, extrinsics, events and transfers, decoded by the runtime that executed them.";

/// The whole document as HTML.
pub(crate) fn render(context: &Context, status: Option<&Status>, page: Page) -> String {
    let owner = Owner::new();
    let html = owner.with(|| document(context, status, page).to_html());
    owner.cleanup();
    format!("<!DOCTYPE html>{html}")
}

fn document(context: &Context, status: Option<&Status>, page: Page) -> AnyView {
    let head = head(&page.title);
    let header = header(context, page.section);
    let content = (page.body)();
    // Each part is erased on its own: the compiler would choke on the type of a whole page.
    let islands = [
        view! { <RelativeTimes/> }.into_any(),
        view! { <CopyButtons/> }.into_any(),
        view! { <Panes/> }.into_any(),
        view! { <Keys/> }.into_any(),
    ];
    view! {
        <html lang="en" data-theme=context.theme.name()>
            {head}
            <body>
                <a class="skip" href="#main">"Skip to content"</a>
                {header}
                {banner(status)}
                <main id="main" tabindex="-1">{content}</main>
                {footer(context, status)}
                {islands.into_iter().collect_view()}
            </body>
        </html>
    }
    .into_any()
}

fn head(title: &str) -> AnyView {
    let title = if title.is_empty() { "Yumascan".to_owned() } else { format!("{title} · Yumascan") };
    let loader = server::pkg_url().map(|package| {
        view! {
            <link rel="modulepreload" href=package.clone()/>
            <script type="module" src=server::script_url() data-pkg=package></script>
        }
        .into_any()
    });
    view! {
        <head>
            <meta charset="utf-8"/>
            <title>{title}</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="description" content=DESCRIPTION/>
            <meta name="color-scheme" content="light dark"/>
            <link rel="stylesheet" href=server::css_url()/>
            <link rel="icon" type="image/svg+xml" href=server::logo_url()/>
            {loader}
        </head>
    }
    .into_any()
}

fn header(context: &Context, section: &'static str) -> AnyView {
    let on_search = context.path == "/search";
    let query = context.params.get("q").filter(|_| on_search).unwrap_or_default().to_owned();
    let search = view! { <SearchBox query=query/> }.into_any();
    let themes = view! { <ThemeSwitch theme=context.theme back=context.link(&[])/> }.into_any();
    let chain =
        context.state.chain_name.clone().map(|name| view! { <span class="chain">{name}</span> }.into_any());
    view! {
        <header class="site">
            <div class="bar">
                <a class="brand" href="/" aria-label="Yumascan, home">{icons::logo()}<span>"Yumascan"</span></a>
                {chain}
                {search}
                {themes}
            </div>
            <nav aria-label="Sections">{sections(section)}</nav>
        </header>
    }
    .into_any()
}

/// What is serious and not over, on every page.
fn banner(status: Option<&Status>) -> AnyView {
    let alarms = status.map(|status| status.alarms.as_slice()).unwrap_or_default();
    let Some(worst) = alarms.first() else { return ().into_any() };
    let more = (alarms.len() > 1).then(|| {
        view! { " "<a href="/incidents?state=open">{format!("and {} more", alarms.len() - 1)}</a> }
    });
    view! {
        <aside class="alarm" aria-label="Open incidents"><p class="notice bad"><strong>{worst.severity.clone()}</strong>" since block "{ui::block_link(worst.first_block)}": "
            <a href=format!("/incident/{}", worst.id)>{worst.title.clone()}</a>{more}</p></aside>
    }
    .into_any()
}

fn sections(current: &'static str) -> impl IntoView {
    SECTIONS
        .iter()
        .map(|(href, label)| {
            let here = (*href == current).then_some("page");
            view! { <a href=*href aria-current=here>{*label}</a> }
        })
        .collect_view()
}

/// As of which block the page speaks, and what is stored.
fn footer(context: &Context, status: Option<&Status>) -> AnyView {
    let as_of = match status {
        Some(status) => match &status.head {
            Some(head) => view! {
                <p>
                    "As of finalized block " {ui::block_link(head.number)} ", " {ui::time(head.timestamp_ms, context.now_ms)}
                    ", runtime " {head.spec_version} ". Stored: " {status.coverage_text()} "."
                    {(status.totals.quarantined > 0).then(|| format!(" {} items could not be decoded and are kept raw.", text::group(status.totals.quarantined)))}
                </p>
            }
            .into_any(),
            None => view! { <p>"Nothing is stored yet. Blocks appear here as they are ingested."</p> }.into_any(),
        },
        None => view! { <p>"The warehouse does not answer at the moment."</p> }.into_any(),
    };
    view! {
        <footer class="site">
            {as_of}
            <p class="links">
                <a href="/help" data-help="">"Help and keys"</a>
                <a href="/status">"Status"</a>
                <a href="/graphql" rel="external">"GraphQL"</a>
                <span>"Yumascan, open source, Apache-2.0"</span>
            </p>
        </footer>
    }
    .into_any()
}
