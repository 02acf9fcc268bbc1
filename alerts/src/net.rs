//! The only way out: names are resolved, the addresses checked, and the checked address is the one connected to.
//!
//! A name that resolves to something else a moment later changes nothing, since it is not asked again; redirects are not
//! followed; proxies of the environment are not used.

mod address;
mod client;
mod resolve;

use std::{net::SocketAddr, sync::Arc};

pub use address::{AddressClass, Network, class_of};
pub(crate) use client::check_url;
pub use client::{Answer, HttpClient};
pub use resolve::{Resolve, SystemResolver};

use crate::AlertError;

/// Why nothing was connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The address is inside.
    #[error(
        "{host} is {address}, a {class} address; alerts go only to public addresses unless alerts.allow_networks names the network"
    )]
    Forbidden {
        /// Host as given.
        host: String,
        /// Address it stands for.
        address: String,
        /// What kind of address that is.
        class: AddressClass,
    },
    /// The name is not known, or not now.
    #[error("{host} cannot be resolved: {reason}")]
    Unresolved {
        /// Host.
        host: String,
        /// Why.
        reason: String,
    },
    /// A URL that cannot be used.
    #[error("{0}")]
    Url(String),
    /// It could not be connected to, or broke off.
    #[error("{host}: {reason}")]
    Failed {
        /// Host.
        host: String,
        /// Why.
        reason: String,
    },
    /// It did not answer in time.
    #[error("{host} did not answer within {ms} ms")]
    TimedOut {
        /// Host.
        host: String,
        /// The time it had.
        ms: u128,
    },
}

impl NetError {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Forbidden { .. } | Self::Url(_))
    }
}

/// Decides which addresses may be connected to.
#[derive(Clone)]
pub struct Guard {
    allowed: Arc<[Network]>,
    resolver: Arc<dyn Resolve>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Guard {
    /// Public addresses, and those of `networks`.
    ///
    /// # Errors
    /// [`AlertError::Network`] for a text that is no network.
    pub fn new(networks: &[String]) -> Result<Self, AlertError> {
        Self::with_resolver(networks, Arc::new(SystemResolver))
    }

    /// The same with another resolver.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_resolver(networks: &[String], resolver: Arc<dyn Resolve>) -> Result<Self, AlertError> {
        let parse = |text: &String| text.parse().map_err(|()| AlertError::Network { text: text.clone() });
        let allowed: Vec<Network> = networks.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { allowed: allowed.into(), resolver })
    }

    /// Addresses of a host that may be connected to, in the resolver's order.
    ///
    /// # Errors
    /// [`NetError::Forbidden`] when there is none among them, [`NetError::Unresolved`].
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = match bare.parse() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => self
                .resolver
                .resolve(bare, port)
                .await
                .map_err(|error| NetError::Unresolved { host: host.to_owned(), reason: error.to_string() })?,
        };
        let mut forbidden = None;
        let mut allowed = Vec::with_capacity(found.len());
        for address in found {
            let class = class_of(address.ip());
            let is_allowed = || self.allowed.iter().any(|network| network.holds(address.ip()));
            if class == AddressClass::Public || is_allowed() {
                allowed.push(address);
            } else {
                forbidden = Some((address, class));
            }
        }
        match forbidden {
            _ if !allowed.is_empty() => Ok(allowed),
            Some((address, class)) => {
                Err(NetError::Forbidden { host: host.to_owned(), address: address.ip().to_string(), class })
            }
            None => {
                Err(NetError::Unresolved { host: host.to_owned(), reason: "it has no address".to_owned() })
            }
        }
    }
}
