//! Runtimes and their metadata.

use crate::{Warehouse, WarehouseError, rows::RuntimeVersionRow};

impl Warehouse {
    /// Runtimes that executed stored blocks, newest first.
    pub async fn list_runtime_versions(&self) -> Result<Vec<RuntimeVersionRow>, WarehouseError> {
        Ok(Vec::new())
    }
    /// Stored metadata bytes (SCALE, from the magic on) of a spec.
    pub async fn find_metadata(&self, spec_version: u32) -> Result<Option<Vec<u8>>, WarehouseError> {
        let _ = spec_version;
        Ok(None)
    }
}
