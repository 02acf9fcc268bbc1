//! How the metadata of two runtimes differ.

use std::{collections::BTreeMap, sync::Arc};

use yumascan_chain::{ItemTable, Runtime};
use yumascan_warehouse::Warehouse;

use crate::{error::WatchError, input::MetadataDifference};

/// Runtimes by spec, compiled once.
#[derive(Default)]
pub(super) struct Runtimes {
    known: BTreeMap<u32, Option<Arc<Runtime>>>,
}

impl Runtimes {
    /// What spec `new` has and `old` had not, and the other way round.
    pub(super) async fn compare(
        &mut self,
        warehouse: &Warehouse,
        old: u32,
        new: u32,
    ) -> Result<MetadataDifference, WatchError> {
        let mut difference = MetadataDifference { old_spec: old, new_spec: new, ..Default::default() };
        let before = self.find(warehouse, old).await?;
        let after = self.find(warehouse, new).await?;
        let (Some(before), Some(after)) = (before, after) else {
            difference.unknown = Some("the metadata of one of them is not stored".to_owned());
            return Ok(difference);
        };
        let (before, after) = (items_of(&before), items_of(&after));
        for (name, shape) in &after {
            match before.get(name) {
                None => difference.added.push(name.clone()),
                Some(known) if known != shape => difference.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        difference.removed = before.into_keys().filter(|name| !after.contains_key(name)).collect();
        Ok(difference)
    }

    async fn find(&mut self, warehouse: &Warehouse, spec: u32) -> Result<Option<Arc<Runtime>>, WatchError> {
        if let Some(known) = self.known.get(&spec) {
            return Ok(known.clone());
        }
        let bytes = warehouse.find_metadata(spec).await?;
        let runtime = bytes.and_then(|bytes| Runtime::compile(&bytes).ok()).map(Arc::new);
        self.known.insert(spec, runtime.clone());
        Ok(runtime)
    }
}

/// Everything a runtime has, by name, with its shape.
fn items_of(runtime: &Runtime) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for pallet in runtime.pallets() {
        for (what, list) in [("call", &pallet.calls), ("event", &pallet.events)] {
            for item in list {
                items.insert(format!("{what} {}.{}", pallet.name, item.name), shape_of(item));
            }
        }
        for (_, error) in &pallet.errors {
            items.insert(format!("error {}.{error}", pallet.name), String::new());
        }
    }
    for item in runtime.storage_items() {
        items.insert(format!("storage {}.{}", item.pallet(), item.name()), item.key_count().to_string());
    }
    items
}

fn shape_of(item: &ItemTable<'_>) -> String {
    item.fields.iter().map(|field| format!("{}: {}, ", field.name, field.type_text)).collect()
}
