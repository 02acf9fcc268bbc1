//! Files that are part of the binary: style, loader, logo, and the islands' wasm where it was built.
//!
//! Their URLs carry a hash of their content, so browsers keep them for ever and never see a stale one.

use std::fmt::Write as _;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

#[derive(RustEmbed)]
#[folder = "pkg/"]
struct Package;

const WASM_LOADER: &str = "yumascan_web.js";
const WASM: &str = "yumascan_web_bg.wasm";

fn short_hash(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(6).fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

fn asset_url(name: &str) -> String {
    let hash = Assets::get(name).as_ref().map(short_hash).unwrap_or_default();
    format!("/assets/{hash}/{name}")
}

/// URL of the style sheet.
pub(crate) fn css_url() -> String {
    asset_url("app.css")
}

/// URL of the loader that hydrates the islands.
pub(crate) fn script_url() -> String {
    asset_url("boot.js")
}

/// URL of the logo.
pub(crate) fn logo_url() -> String {
    asset_url("logo.svg")
}

/// URL of the islands' module, or `None` when the binary was built without wasm: pages then leave the loader out.
pub(crate) fn pkg_url() -> Option<String> {
    let wasm = Package::get(WASM)?;
    let glue = Package::get(WASM_LOADER)?;
    Some(format!("/pkg/{}{}/{WASM_LOADER}", short_hash(&glue), short_hash(&wasm)))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

fn serve(name: &str, file: Option<EmbeddedFile>, cache: &'static str) -> Response {
    let Some(file) = file else {
        return (StatusCode::NOT_FOUND, "no such file; reload the page\n").into_response();
    };
    let headers = [(header::CONTENT_TYPE, content_type(name)), (header::CACHE_CONTROL, cache)];
    (headers, file.data.into_owned()).into_response()
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) async fn asset(Path((_, name)): Path<(String, String)>) -> Response {
    serve(&name, Assets::get(&name), FOR_EVER)
}

pub(super) async fn package(Path((_, name)): Path<(String, String)>) -> Response {
    serve(&name, Package::get(&name), FOR_EVER)
}

pub(super) async fn favicon() -> Response {
    serve("logo.svg", Assets::get("logo.svg"), "public, max-age=86400")
}

pub(super) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /search\nDisallow: /theme\n"
}
