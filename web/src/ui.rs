//! Small parts that every page is made of: accounts, hashes, times, amounts, badges, icons.

use leptos::prelude::*;

use crate::text;

pub mod icons;
pub mod mark;

/// A long text (address, hash) that shows its two ends when room is short, and is still whole for find and copy.
pub fn middle(full: &str) -> impl IntoView + use<> {
    // Four characters stay visible at the end; the start gives way first.
    let split = full.char_indices().rev().nth(3).map_or(0, |(position, _)| position);
    let (start, end) = full.split_at(split);
    view! { <span class="mid" title=full.to_owned()><span>{start.to_owned()}</span><span>{end.to_owned()}</span></span> }
}

/// An account: its mark and its address, linked when it is one of 32 bytes.
pub fn account(address: &str) -> AnyView {
    if !text::looks_like_account(address) {
        return view! { <span class="acct">{middle(address)}</span> }.into_any();
    }
    let href = format!("/account/{address}");
    view! { <span class="acct">{mark::account_mark(address)}<a href=href aria-label=address.to_owned()>{middle(address)}</a></span> }
        .into_any()
}

/// An account, or a dash that says why there is none.
pub fn account_or(address: Option<&str>, none: &'static str) -> AnyView {
    match address {
        Some(address) => account(address),
        None => view! { <span class="none">{none}</span> }.into_any(),
    }
}

/// A button that copies `value`. It shows up once the script runs; its room is reserved before.
pub fn copy(value: &str, what: &str) -> impl IntoView + use<> {
    view! {
        <button type="button" class="copy" data-copy=value.to_owned() aria-label=format!("Copy {what}") title=format!("Copy {what}")>
            {icons::copy()}
        </button>
    }
}

/// How long ago, with the exact UTC time on hover.
pub fn time(timestamp_ms: Option<u64>, now_ms: u64) -> AnyView {
    let Some(ms) = timestamp_ms else {
        return view! { <span class="none" title="The block carries no timestamp">"unknown"</span> }
            .into_any();
    };
    view! { <time datetime=text::iso(ms) title=text::utc(ms) data-ms=ms.to_string()>{text::relative(ms, now_ms)}</time> }
        .into_any()
}

/// An amount of TAO: grouped, decimals aligned, exact rao on hover.
pub fn tao(rao: u128) -> AnyView {
    let parts = text::tao_parts(rao);
    let title = format!("{} rao", text::group(rao));
    // The dot before nothing but zeros is as faint as they are.
    let (figures, faint) = if parts.fraction.is_empty() {
        (parts.whole, format!(".{}", parts.zeros))
    } else {
        (format!("{}.{}", parts.whole, parts.fraction), parts.zeros)
    };
    let faint = (!faint.is_empty()).then(|| view! { <span class="zeros">{faint}</span> });
    view! { <span class="amount" title=title><span>{figures}</span>{faint}<span class="unit">"TAO"</span></span> }
        .into_any()
}

/// An amount that may not be known.
pub fn tao_or_unknown(rao: Option<u64>, why: &'static str) -> AnyView {
    match rao {
        Some(rao) => tao(u128::from(rao)),
        None => unknown(why),
    }
}

/// What is not known, never shown as 0.
pub fn unknown(why: &'static str) -> AnyView {
    view! { <span class="none" title=why>"unknown"</span> }.into_any()
}

/// A grouped number.
pub fn number(value: u64) -> impl IntoView + use<> {
    view! { <span class="num">{text::group(value)}</span> }
}

/// A link to a block by height.
pub fn block_link(number: u64) -> impl IntoView + use<> {
    view! { <a class="num" href=format!("/block/{number}")>{text::group(number)}</a> }
}

/// A link to an extrinsic, shown as `3,010-4`.
pub fn extrinsic_link(block: u64, index: u32) -> impl IntoView + use<> {
    view! { <a class="num" href=format!("/extrinsic/{block}-{index}")>{format!("{}-{index}", text::group(block))}</a> }
}

/// `Pallet.item` with the pallet set back.
pub fn name(pallet: &str, item: &str) -> impl IntoView + use<> {
    view! { <span class="name"><span class="pallet">{pallet.to_owned()}"."</span><wbr/>{item.to_owned()}</span> }
}

/// Success, failure or unknown, by sign and word as well as by colour.
pub fn result_badge(success: Option<bool>, error: Option<&str>) -> AnyView {
    match (success, error) {
        (Some(true), _) => badge("ok", icons::check().into_any(), "success"),
        (Some(false), Some(error)) => badge("bad", icons::cross().into_any(), error),
        (Some(false), None) => badge("bad", icons::cross().into_any(), "failed"),
        (None, _) => badge("dim", icons::question().into_any(), "unknown"),
    }
}

/// The same as a sign alone, for dense lists; the word is its label.
pub fn result_sign(success: Option<bool>) -> AnyView {
    match success {
        Some(true) => view! { <span class="sign ok" role="img" aria-label="success" title="success">{icons::check()}</span> }.into_any(),
        Some(false) => view! { <span class="sign bad" role="img" aria-label="failed" title="failed">{icons::cross()}</span> }.into_any(),
        None => view! { <span class="sign dim" role="img" aria-label="outcome unknown" title="outcome unknown">{icons::question()}</span> }.into_any(),
    }
}

/// A small label with a sign.
pub fn badge(kind: &'static str, sign: AnyView, label: &str) -> AnyView {
    view! { <span class=format!("badge {kind}")>{sign}<span>{label.to_owned()}</span></span> }.into_any()
}

/// Whether a block is final.
pub fn finality_badge(finalized: bool) -> AnyView {
    if finalized {
        badge("ok", icons::check().into_any(), "finalized")
    } else {
        badge("wait", icons::clock().into_any(), "unfinalized")
    }
}

/// Says why there is nothing and what to do.
pub fn empty(why: &str, what_to_do: AnyView) -> AnyView {
    view! { <div class="empty"><p class="why">{why.to_owned()}</p><p>{what_to_do}</p></div> }.into_any()
}

/// A subnet by number, name and symbol.
pub fn subnet_link(href: &str, netuid: u16, name: Option<&str>, symbol: Option<&str>) -> AnyView {
    let name = name.filter(|name| !name.is_empty()).map_or_else(|| format!("Subnet {netuid}"), str::to_owned);
    let symbol = symbol
        .filter(|symbol| !symbol.is_empty())
        .map(|symbol| view! { <span class="none">{symbol.to_owned()}</span> });
    view! { <span class="subnet"><span class="netuid num">{netuid}</span><a href=href.to_owned()>{name}</a>" "{symbol}</span> }
        .into_any()
}

/// An amount of TAO with as many digits as a table has room for; exact rao on hover.
pub fn tao_short(rao: u128) -> AnyView {
    let shown = crate::graph::numbers::label(rao as f64 / 1e9);
    view! { <span class="amount" title=format!("{} rao", text::group(rao))><span>{shown}</span><span class="unit">"TAO"</span></span> }
        .into_any()
}

/// TAO for one alpha, from the bits of a U96F32; exact bits on hover.
pub fn price(bits: Option<u128>) -> AnyView {
    let Some(bits) = bits else { return unknown("Not stored") };
    let shown = crate::graph::numbers::short(bits as f64 / 4_294_967_296.0);
    view! { <span class="amount" title=format!("{} TAO; bits {bits} of 2^32", text::price(bits))><span>{shown}</span><span class="unit">"τ"</span></span> }
        .into_any()
}

/// A change, by sign and colour.
pub fn change(ppm: Option<i64>) -> AnyView {
    match ppm {
        None => unknown("No block to compare with is stored"),
        Some(ppm) => {
            let class = match ppm {
                0 => "num",
                1.. => "num up",
                _ => "num down",
            };
            view! { <span class=class>{text::change_ppm(ppm)}</span> }.into_any()
        }
    }
}

/// An amount of TAO with its sign, by colour; exact rao on hover.
pub fn signed_tao(rao: Option<i128>) -> AnyView {
    let Some(rao) = rao else { return unknown("Not stored") };
    let class = match rao {
        0 => "amount",
        1.. => "amount up",
        _ => "amount down",
    };
    let sign = if rao > 0 { "+" } else { "" };
    let shown = format!("{sign}{}", crate::graph::numbers::label(rao as f64 / 1e9));
    view! { <span class=class title=format!("{rao} rao")><span>{shown}</span><span class="unit">"TAO"</span></span> }.into_any()
}

/// A line of prices without scale, oldest left: the shape alone.
pub fn spark(values: &[u128]) -> AnyView {
    let (Some(low), Some(high)) = (values.iter().min(), values.iter().max()) else { return ().into_any() };
    if values.len() < 2 {
        return ().into_any();
    }
    let (low, span) = (*low as f64, (high - low).max(1) as f64);
    let step = 96.0 / (values.len() - 1) as f64;
    let path: String = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let pen = if index == 0 { 'M' } else { 'L' };
            format!("{pen}{:.1} {:.1}", step * index as f64, 24.0 - (*value as f64 - low) / span * 22.0)
        })
        .collect();
    view! { <svg class="spark" viewBox="0 0 96 26" preserveAspectRatio="none" aria-hidden="true"><path d=path/></svg> }.into_any()
}

/// A share, from the bits of a U96F32.
pub fn share_bits(bits: Option<u128>) -> AnyView {
    let Some(bits) = bits else { return unknown("The runtime does not keep it") };
    view! { <span class="num">{text::percent_ppm(u64::try_from(bits.saturating_mul(1_000_000) >> 32).unwrap_or(u64::MAX))}</span> }
        .into_any()
}

/// An amount of alpha, exact.
pub fn alpha(rao: u64) -> AnyView {
    view! { <span class="amount" title=format!("{} alpha-rao", text::group(rao))><span>{text::amount(rao)}</span><span class="unit">"α"</span></span> }
        .into_any()
}

/// An amount of alpha with as many digits as a table has room for; exact alpha-rao on hover.
pub fn alpha_short(rao: u64) -> AnyView {
    let shown = crate::graph::numbers::label(rao as f64 / 1e9);
    view! { <span class="amount" title=format!("{} alpha-rao", text::group(rao))><span>{shown}</span><span class="unit">"α"</span></span> }
        .into_any()
}

/// A moving price, from the bits of an I96F32.
pub fn moving_price(bits: Option<i128>) -> AnyView {
    price(bits.and_then(|bits| u128::try_from(bits).ok()))
}
