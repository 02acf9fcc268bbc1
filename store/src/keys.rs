//! Keys of the API: made once, shown once, kept as a hash.
//!
//! A key is `ys_<id>_<secret>`: the id finds the row, the secret is 256 random bits. Stored is Blake2b-256 of the secret.
//! A password hash (argon2) would be slow for nobody's good: it protects secrets that can be guessed, and would have to run
//! with every request.

use rand::{TryRngCore, rngs::OsRng};
use sqlx::any::AnyRow;
use yumascan_chain::Hash;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// What a key may do at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyTier {
    /// More than an anonymous visitor.
    Keyed,
    /// An operator's.
    Admin,
}

impl KeyTier {
    const ALL: [Self; 2] = [Self::Keyed, Self::Admin];

    /// Stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyed => "keyed",
            Self::Admin => "admin",
        }
    }
}

/// What scopes there are: reading lists and objects, asking in SQL, and taking away whole tables.
pub const SCOPES: [&str; 3] = ["read", "sql", "export"];

/// A key as it is known afterwards: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public part.
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// What it may do at most.
    pub tier: KeyTier,
    /// Which of [`SCOPES`] it has.
    pub scopes: Vec<String>,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When it ends; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// When it was revoked.
    pub revoked_at_ms: Option<u64>,
    /// When it was last used, to the minute.
    pub last_used_at_ms: Option<u64>,
}

impl ApiKey {
    /// Whether it opens anything at this time.
    #[must_use]
    pub fn is_valid(&self, now_ms: u64) -> bool {
        self.revoked_at_ms.is_none() && self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

/// Reads keys; what follows says which.
macro_rules! select_keys {
    ($which:literal) => {
        concat!(
            "SELECT id, hash, name, tier, scopes, created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms FROM api_keys ",
            $which
        )
    };
}

impl Store {
    /// Makes a key. The text that is returned is shown once and stored nowhere.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails, [`StoreError::Random`] when the system gives no random bytes.
    pub async fn create_key(
        &self,
        name: &str,
        tier: KeyTier,
        scopes: &[String],
        expires_at_ms: Option<u64>,
    ) -> Result<(ApiKey, String), StoreError> {
        let (id, secret) = (random_hex::<6>()?, random_hex::<32>()?);
        let key = ApiKey {
            id: id.clone(),
            name: name.to_owned(),
            tier,
            scopes: scopes.to_vec(),
            created_at_ms: u64::try_from(now_ms()).unwrap_or_default(),
            expires_at_ms,
            revoked_at_ms: None,
            last_used_at_ms: None,
        };
        let expires = expires_at_ms.map(|end| row::stored(end, "expires_at_ms")).transpose()?;
        sqlx::query(
            "INSERT INTO api_keys (id, hash, name, tier, scopes, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.as_str())
        .bind(hash_of(&secret))
        .bind(name)
        .bind(tier.name())
        .bind(scopes.join(" "))
        .bind(row::stored(key.created_at_ms, "created_at_ms")?)
        .bind(expires)
        .execute(&self.pool)
        .await
        .map_err(failed("store a key"))?;
        Ok((key, format!("ys_{id}_{secret}")))
    }

    /// The key that this text is; `None` for one that does not exist or is not whole. Whether it still opens anything says
    /// [`ApiKey::is_valid`].
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_key(&self, text: &str) -> Result<Option<ApiKey>, StoreError> {
        let Some((id, secret)) = text.strip_prefix("ys_").and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        let found = sqlx::query(select_keys!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a key"))?;
        let Some(found) = found else { return Ok(None) };
        if !is_equal(&row::text(&found, "hash")?, &hash_of(secret)) {
            return Ok(None);
        }
        api_key(&found).map(Some)
    }

    /// All keys, newest first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let found = sqlx::query(select_keys!("ORDER BY created_at_ms DESC, id"))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list keys"))?;
        found.iter().map(api_key).collect()
    }

    /// Revokes a key; whether there was one that was not revoked before.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE api_keys SET revoked_at_ms = $1 WHERE id = $2 AND revoked_at_ms IS NULL")
                .bind(now_ms())
                .bind(id)
                .execute(&self.pool)
                .await
                .map_err(failed("revoke a key"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that a key was used, at most once a minute.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn touch_key(&self, id: &str) -> Result<(), StoreError> {
        let now = now_ms();
        sqlx::query(
            "UPDATE api_keys SET last_used_at_ms = $1 WHERE id = $2 AND (last_used_at_ms IS NULL OR last_used_at_ms < $3)",
        )
        .bind(now)
        .bind(id)
        .bind(now - 60_000)
        .execute(&self.pool)
        .await
        .map_err(failed("note the use of a key"))?;
        Ok(())
    }
}

/// Random bytes of the system, as hex.
pub(crate) fn random_hex<const N: usize>() -> Result<String, StoreError> {
    use std::fmt::Write as _;
    let mut bytes = [0u8; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| StoreError::Random { reason: error.to_string() })?;
    Ok(bytes.iter().fold(String::with_capacity(2 * N), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn hash_of(secret: &str) -> String {
    Hash::blake2_256(secret.as_bytes()).to_string()
}

/// Looks at every byte, whatever the first ones are.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn api_key(found: &AnyRow) -> Result<ApiKey, StoreError> {
    let tier = row::text(found, "tier")?;
    let known = KeyTier::ALL.into_iter().find(|known| known.name() == tier);
    Ok(ApiKey {
        id: row::text(found, "id")?,
        name: row::text(found, "name")?,
        tier: known.ok_or(StoreError::Value { column: "tier", value: tier, expected: "a tier of keys" })?,
        scopes: row::text(found, "scopes")?.split_whitespace().map(str::to_owned).collect(),
        created_at_ms: row::number(found, "created_at_ms")?,
        expires_at_ms: row::optional_number(found, "expires_at_ms")?,
        revoked_at_ms: row::optional_number(found, "revoked_at_ms")?,
        last_used_at_ms: row::optional_number(found, "last_used_at_ms")?,
    })
}
