//! Signed (transaction) extensions: which an extrinsic carries, and which of them mean era, nonce, tip, proof.

use std::collections::BTreeMap;

use super::{compile::Compiler, metadata::Metadata, program::Lead, storage::TypeId};
use crate::json::write_text;

/// Longest chain of newtypes that is looked into for names.
const MAX_WRAPPERS: usize = 16;

/// What the decoder reads from an extension beside writing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtensionRole {
    /// Mortality.
    Era,
    /// Nonce of the signer.
    Nonce,
    /// Tip.
    Tip,
    /// A signature and the account it proves (general extrinsics).
    Proof,
    /// Nothing more.
    Other,
}

/// One extension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extension {
    /// `"Identifier":`
    pub(crate) lead: Lead,
    pub(crate) ty: TypeId,
    pub(crate) role: ExtensionRole,
}

/// All extensions of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    all: Vec<Extension>,
    by_version: BTreeMap<u8, Vec<Extension>>,
}

impl Extensions {
    pub(super) fn compile(compiler: &mut Compiler<'_>, metadata: &Metadata) -> Self {
        let mut all = Vec::new();
        for extension in &metadata.extensions {
            let mut lead = Vec::new();
            write_text(&extension.identifier, &mut lead);
            lead.push(b':');
            let role =
                role(&compiler.registry.newtype_names(extension.ty, MAX_WRAPPERS), &extension.identifier);
            all.push(Extension { lead: compiler.add_text(&lead), ty: extension.ty, role });
        }
        let mut by_version = BTreeMap::new();
        for (version, indices) in &metadata.extensions_by_version {
            let set: Option<Vec<Extension>> =
                indices.iter().map(|index| all.get(*index as usize).copied()).collect();
            if let Some(set) = set {
                by_version.insert(*version, set);
            }
        }
        Self { all, by_version }
    }

    /// The extensions of a signed extrinsic, which names no extension version: those of version 0.
    pub(crate) fn of_signed(&self) -> &[Extension] {
        self.by_version.get(&0).or_else(|| self.by_version.get(&4)).unwrap_or(&self.all)
    }

    /// The extensions of a general extrinsic of this extension version.
    pub(crate) fn of_general(&self, version: u8) -> Option<&[Extension]> {
        match self.by_version.get(&version) {
            Some(set) => Some(set),
            None if version == 0 => Some(self.by_version.get(&5).unwrap_or(&self.all)),
            None => None,
        }
    }
}

/// By identifier, or by the types that it wraps: a chain may put its own extension around a known one.
fn role(type_names: &[&str], identifier: &str) -> ExtensionRole {
    let named = |parts: &[&str]| {
        std::iter::once(&identifier)
            .chain(type_names)
            .any(|name| parts.iter().any(|part| name.contains(part)))
    };
    if named(&["CheckMortality", "CheckEra"]) || type_names.last() == Some(&"Era") {
        ExtensionRole::Era
    } else if named(&["CheckNonce"]) {
        ExtensionRole::Nonce
    } else if named(&["TransactionPayment", "TxPayment"]) {
        ExtensionRole::Tip
    } else if named(&["VerifySignature", "VerifyMultiSignature"]) {
        ExtensionRole::Proof
    } else {
        ExtensionRole::Other
    }
}
