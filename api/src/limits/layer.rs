//! The layer around all routes: names the visitor, takes the price of the request, tells the standing.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use metrics::counter;
use moka::future::Cache;
use yumascan_store::{ApiKey, KeyTier, Store};

use super::{
    LimitsConfig,
    address::{client_address, is_forwarded},
    buckets::{Buckets, Rate, Standing},
    visitor::{Bucket, Tier, Visitor},
};
use crate::{http::answer, metrics::names};

/// How long a key's row is remembered: a revoked key ends within this time.
const KEY_MEMORY: Duration = Duration::from_secs(10);
const KEYS_REMEMBERED: u64 = 10_000;

/// Paths of orchestrators and scrapers, open to all and not counted.
const OPEN: [&str; 3] = ["/health", "/ready", "/metrics"];

#[derive(Clone)]
struct Guard {
    config: Arc<LimitsConfig>,
    store: Store,
    buckets: Arc<Buckets>,
    keys: Cache<String, Option<Arc<ApiKey>>>,
}

/// Puts the limits around a router.
pub fn guard(router: Router, config: LimitsConfig, store: Store) -> Router {
    if !config.enabled && !config.require_key {
        return router;
    }
    let keys = Cache::builder().max_capacity(KEYS_REMEMBERED).time_to_live(KEY_MEMORY).build();
    let guard = Guard { config: Arc::new(config), store, buckets: Arc::default(), keys };
    router.layer(middleware::from_fn_with_state(guard, check))
}

async fn check(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if OPEN.contains(&path) {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let key = match guard.key(request.headers()).await {
        Ok(key) => key,
        Err(refused) => return refused,
    };
    if guard.config.require_key && key.is_none() {
        let text =
            "this server answers with a key only: send authorization: Bearer ys_…; the operator makes keys";
        return unauthorized(text);
    }
    let visitor = guard.visitor(peer, request.headers(), key.as_deref());
    if needs_read(path) && !visitor.may("read") {
        let text = "this key does not have the scope `read`; ask the operator for one that does";
        return answer::problem(StatusCode::FORBIDDEN, "SCOPE", text);
    }
    let price = price(path, request.uri().query());
    let standing = match &visitor.bucket {
        Some(bucket) => match guard.buckets.take(&bucket.whose, bucket.rate, price, Instant::now()) {
            Ok(standing) => Some((bucket.rate, standing)),
            Err(wait) => return refuse(&visitor, bucket.rate, price, wait),
        },
        None => None,
    };
    let tier = visitor.tier;
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    if let Some((rate, standing)) = standing {
        tell(response.headers_mut(), tier, rate, standing);
    }
    response
}

/// REST, all of which reads. What needs another scope asks for it itself.
fn needs_read(path: &str) -> bool {
    path.starts_with("/api/") && !["/api/v1/sql", "/api/v1/export"].iter().any(|own| path.starts_with(own))
}

/// Files that every page needs cost nothing of their own; the page that asks in SQL costs what a question does.
fn price(path: &str, query: Option<&str>) -> u32 {
    let is_asset = ["/assets/", "/pkg/", "/graphql/assets/"].iter().any(|prefix| path.starts_with(prefix));
    match path {
        _ if is_asset => 0,
        "/sql" if query.is_some() => 10,
        _ => 1,
    }
}

impl Guard {
    /// The key that the request carries.
    async fn key(&self, headers: &HeaderMap) -> Result<Option<Arc<ApiKey>>, Response> {
        let Some(text) = key_text(headers) else { return Ok(None) };
        if !text.starts_with("ys_") || text.len() > 200 {
            return Err(unauthorized("this is not a key of this server: keys begin with ys_"));
        }
        let store = self.store.clone();
        let asked = text.to_owned();
        let found = self
            .keys
            .try_get_with(text.to_owned(), async move {
                let key = store.find_key(&asked).await?;
                if let Some(key) = &key {
                    store.touch_key(&key.id).await?;
                }
                Ok::<_, yumascan_store::StoreError>(key.map(Arc::new))
            })
            .await;
        let found = found.map_err(|error| {
            tracing::error!(%error, "key not checked");
            let text = "keys cannot be checked at the moment; try again in a moment";
            answer::problem(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", text)
        })?;
        match found {
            Some(key) if key.is_valid(now_ms()) => Ok(Some(key)),
            Some(_) => Err(unauthorized("this key has ended or was revoked; ask the operator for another")),
            None => Err(unauthorized("there is no such key; check that it was copied whole")),
        }
    }

    fn visitor(&self, peer: Option<IpAddr>, headers: &HeaderMap, key: Option<&ApiKey>) -> Visitor {
        let config = &self.config;
        let tier = match key.map(|key| key.tier) {
            None => Tier::Anonymous,
            Some(KeyTier::Keyed) => Tier::Keyed,
            Some(KeyTier::Admin) => Tier::Admin,
        };
        let rate = match tier {
            Tier::Anonymous => {
                Rate { per_minute: config.anonymous_per_minute, burst: config.anonymous_burst }
            }
            Tier::Keyed => Rate { per_minute: config.keyed_per_minute, burst: config.keyed_burst },
            Tier::Admin => Rate { per_minute: config.admin_per_minute, burst: config.admin_per_minute },
        };
        let whose: Option<Arc<str>> = match (key, peer) {
            (Some(key), _) => Some(format!("key {}", key.id).into()),
            (None, Some(peer)) => self.address(peer, headers).map(Into::into),
            // a router that is asked without a network
            (None, None) => None,
        };
        let bucket = whose.filter(|_| config.enabled).map(|whose| Bucket {
            all: Arc::clone(&self.buckets),
            whose,
            rate,
        });
        let scopes = key.filter(|_| tier != Tier::Admin).map(|key| Arc::from(key.scopes.as_slice()));
        Visitor { tier, scopes, bucket }
    }

    /// Whose bucket an address takes from; `None` for one that is exempt.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        let client = client_address(peer, headers, &self.config.trusted_proxies);
        let is_exempt = self.config.exempt.iter().any(|network| network.contains(client));
        // a proxy on this machine that nobody declared would make the whole world exempt
        let is_undeclared_proxy = client == peer.to_canonical() && is_forwarded(headers);
        if is_exempt && !is_undeclared_proxy {
            return None;
        }
        Some(match client {
            IpAddr::V4(address) => address.to_string(),
            // whoever has one address of IPv6 has a /64 of them
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        })
    }
}

/// `Authorization: Bearer …`, or `X-Api-Key`. Not in the address, where logs would keep it.
fn key_text(headers: &HeaderMap) -> Option<&str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| text.trim());
    bearer.or_else(|| header("x-api-key"))
}

fn unauthorized(text: &str) -> Response {
    let mut response = answer::problem(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", text);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"yumascan\""));
    response
}

fn refuse(visitor: &Visitor, rate: Rate, price: u32, wait: Duration) -> Response {
    let limited = visitor.limited(rate, price, wait);
    counter!(names::LIMITED, "tier" => visitor.tier.name()).increment(1);
    let mut response = answer::problem(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", &limited.to_string());
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(limited.wait_s));
    tell(headers, visitor.tier, rate, Standing { left: 0, full_in: wait });
    response
}

fn tell(headers: &mut HeaderMap, tier: Tier, rate: Rate, standing: Standing) {
    let name = tier.name();
    let policy = format!("\"{name}\";q={};w=60;burst={}", rate.per_minute, rate.burst);
    let now = format!("\"{name}\";r={};t={}", standing.left, standing.full_in.as_secs());
    for (header, text) in [("ratelimit-policy", policy), ("ratelimit", now)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    }
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
