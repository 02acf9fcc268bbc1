//! Names of pallets, calls, events, arguments: stored once, referred to by number.

use std::collections::HashMap;

/// Number of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NameId(pub(crate) u32);

/// All names of a runtime; shared by the blocks it decodes.
#[derive(Debug, Default)]
pub(crate) struct RuntimeNames {
    texts: Vec<Box<str>>,
}

impl RuntimeNames {
    pub(crate) fn get(&self, id: NameId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }
}

/// Collects names while a runtime is compiled.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    names: RuntimeNames,
    ids: HashMap<Box<str>, NameId>,
}

impl NameTable {
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = NameId(self.names.texts.len() as u32);
        self.names.texts.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }

    pub(crate) fn finish(self) -> RuntimeNames {
        self.names
    }
}
