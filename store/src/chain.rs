//! Which chain the store belongs to.

use yumascan_chain::Hash;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// The chain that a store and its warehouse belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainIdentity {
    /// Hash of block 0.
    pub genesis_hash: Hash,
    /// Name under which the chain was claimed (`system_chain`).
    pub name: String,
    /// When it was claimed, milliseconds since the Unix epoch.
    pub claimed_at_ms: u64,
}

impl Store {
    /// Binds the store to a chain, or confirms that it is bound to it already.
    ///
    /// The genesis hash decides; a name that differs from the stored one (nodes may be renamed) does not.
    ///
    /// # Errors
    /// [`StoreError::OtherChain`] when the store belongs to another chain.
    pub async fn claim_chain(&self, genesis_hash: Hash, name: &str) -> Result<ChainIdentity, StoreError> {
        const DOING: &str = "claim the chain";
        sqlx::query(
            "INSERT INTO chain (id, genesis_hash, name, claimed_at_ms) VALUES (1, $1, $2, $3)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(genesis_hash.to_string())
        .bind(name)
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed(DOING))?;

        let identity = self.find_chain().await?.ok_or_else(|| failed(DOING)(sqlx::Error::RowNotFound))?;
        if identity.genesis_hash != genesis_hash {
            return Err(StoreError::OtherChain {
                found: identity.genesis_hash,
                found_name: identity.name,
                expected: genesis_hash,
                expected_name: name.to_owned(),
            });
        }
        Ok(identity)
    }

    /// The chain of this store; `None` before the first [`Store::claim_chain`].
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_chain(&self) -> Result<Option<ChainIdentity>, StoreError> {
        let found = sqlx::query("SELECT genesis_hash, name, claimed_at_ms FROM chain WHERE id = 1")
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find the chain"))?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(ChainIdentity {
            genesis_hash: row::hash(&found, "genesis_hash")?,
            name: row::text(&found, "name")?,
            claimed_at_ms: row::number(&found, "claimed_at_ms")?,
        }))
    }
}
