//! What surrounds every page: head, header with search, footer.

use leptos::{prelude::*, reactive::owner::Owner};

use super::Page;
use crate::{
    islands::{CopyButtons, Keys, Panes, RelativeTimes, SearchBox, ThemeSwitch},
    server::{self, Context, Status},
    text,
    ui::{self, icons},
};

const SECTIONS: [(&str, &str); 5] = [
    ("/blocks", "Blocks"),
    ("/extrinsics", "Extrinsics"),
    ("/events", "Events"),
    ("/transfers", "Transfers"),
    ("/runtimes", "Runtimes"),
];

/// The whole document as HTML.
pub(crate) fn render(context: &Context, status: Option<&Status>, page: Page) -> String {
    let owner = Owner::new();
    let html = owner.with(|| document(context, status, page).to_html());
    owner.cleanup();
    format!("<!DOCTYPE html>{html}")
}

fn document(context: &Context, status: Option<&Status>, page: Page) -> AnyView {
    let title =
        if page.title.is_empty() { "Yumascan".to_owned() } else { format!("{} · Yumascan", page.title) };
    let description = "Blocks, extrinsics, calls, events and transfers of Bittensor, decoded by the runtime that executed them.";
    let loader = server::pkg_url().map(|package| {
        view! {
            <link rel="modulepreload" href=package.clone()/>
            <script type="module" src=server::script_url() data-pkg=package></script>
        }
    });
    let section = page.section;
    let back = context.link(&[]);
    let query = if context.path == "/search" {
        context.params.get("q").unwrap_or_default().to_owned()
    } else {
        String::new()
    };
    let content = (page.body)();
    view! {
        <html lang="en" data-theme=context.theme.name()>
            <head>
                <meta charset="utf-8"/>
                <title>{title}</title>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="description" content=description/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=server::css_url()/>
                <link rel="icon" type="image/svg+xml" href=server::logo_url()/>
                {loader}
            </head>
            <body>
                <a class="skip" href="#main">"Skip to content"</a>
                <header class="site">
                    <div class="bar">
                        <a class="brand" href="/" aria-label="Yumascan, home">{icons::logo()}<span>"Yumascan"</span></a>
                        {context.state.chain_name.clone().map(|name| view! { <span class="chain">{name}</span> })}
                        <SearchBox query=query/>
                        <ThemeSwitch theme=context.theme back=back/>
                    </div>
                    <nav aria-label="Sections">{sections(section)}</nav>
                </header>
                <main id="main" tabindex="-1">{content}</main>
                {footer(context, status)}
                <RelativeTimes/>
                <CopyButtons/>
                <Panes/>
                <Keys/>
            </body>
        </html>
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
                <a href="/graphql" rel="external">"GraphQL"</a>
                <span>"Yumascan, open source, Apache-2.0"</span>
            </p>
        </footer>
    }
    .into_any()
}
