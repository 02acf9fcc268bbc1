//! Calls, events and errors by pallet: the tables that blocks are decoded with.

use scale_info::{Field as TypeField, TypeDef, form::PortableForm};

use super::{
    compile::Compiler,
    metadata::Pallet,
    program::{Close, Item, Items, Lead, Program, Shape, Special},
    storage::TypeId,
};
use crate::json::write_text;

/// Which table an enum fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Calls,
    Events,
}

impl Compiler<'_> {
    /// Fills the tables of calls (from the runtime's call enum), events and errors.
    pub(super) fn compile_items(&mut self, call: Option<TypeId>, pallets: &[Pallet]) {
        self.program.calls.slots = vec![0; 256 * 256];
        self.program.events.slots = vec![0; 256 * 256];
        self.program.errors = vec![None; 256 * 256];
        let outer =
            call.and_then(|call| self.registry.canonical(call)).and_then(|call| self.registry.find(call));
        if let Some(TypeDef::Variant(outer)) = outer.map(|outer| &outer.ty.type_def) {
            let mut seen = [false; 256];
            for pallet in &outer.variants {
                if std::mem::replace(&mut seen[usize::from(pallet.index)], true) {
                    continue;
                }
                if let [calls] = pallet.fields.as_slice() {
                    self.add_items(Table::Calls, pallet.index, &pallet.name, calls.ty.id);
                }
            }
        }
        let mut seen = [false; 256];
        for pallet in pallets {
            // an index can be used once; more would multiply the work
            if std::mem::replace(&mut seen[usize::from(pallet.index)], true) {
                continue;
            }
            if let Some(events) = pallet.events {
                self.add_items(Table::Events, pallet.index, &pallet.name, events);
            }
            if let Some(errors) = pallet.errors {
                self.add_errors(pallet, errors);
            }
        }
    }

    fn add_errors(&mut self, pallet: &Pallet, errors: TypeId) {
        let Some(ty) = self.registry.canonical(errors).and_then(|errors| self.registry.find(errors)) else {
            return;
        };
        let TypeDef::Variant(def) = &ty.ty.type_def else { return };
        let pallet_name = self.name(&pallet.name);
        for error in &def.variants {
            let name = self.name(&error.name);
            let slot = usize::from(pallet.index) * 256 + usize::from(error.index);
            self.program.errors[slot] = Some((pallet_name, name));
        }
    }

    fn add_items(&mut self, table: Table, pallet: u8, pallet_name: &str, enum_type: TypeId) {
        let Some(enum_type) = self.registry.canonical(enum_type) else { return };
        let Some(ty) = self.registry.find(enum_type) else { return };
        let TypeDef::Variant(def) = &ty.ty.type_def else { return };
        let pallet_id = self.name(pallet_name);
        for variant in &def.variants {
            let slot = usize::from(pallet) * 256 + usize::from(variant.index);
            if items(&mut self.program, table).slots[slot] != 0 {
                continue;
            }
            let Some((first, end)) = self.variant_fields(enum_type, variant.index) else { continue };
            let args = self.args_shape(&variant.fields, first, end);
            let prefix = match table {
                Table::Events => Lead::default(),
                Table::Calls => {
                    let mut prefix = b"{".to_vec();
                    write_text(pallet_name, &mut prefix);
                    prefix.extend_from_slice(b":{");
                    write_text(&variant.name, &mut prefix);
                    prefix.push(b':');
                    self.add_text(&prefix)
                }
            };
            let special = match table {
                Table::Calls => Special::Nothing,
                Table::Events => special(pallet_name, &variant.name),
            };
            let item = Item { pallet: pallet_id, name: self.name(&variant.name), args, prefix, special };
            let items = items(&mut self.program, table);
            items.items.push(item);
            items.slots[slot] = items.items.len() as u32;
        }
    }

    /// The same fields as in the variant, written as arguments.
    fn args_shape(&mut self, fields: &[TypeField<PortableForm>], first: u32, end: u32) -> Shape {
        if fields.is_empty() {
            return Shape { open: self.add_text(b"{}"), first, end: first, close: Close::Nothing };
        }
        let named = fields.iter().all(|field| field.name.is_some());
        if !named {
            return Shape { open: self.add_text(b"["), first, end, close: Close::Array };
        }
        let mut open = b"{".to_vec();
        write_text(fields[0].name.as_deref().unwrap_or(""), &mut open);
        open.push(b':');
        Shape { open: self.add_text(&open), first, end, close: Close::Object }
    }
}

fn items(program: &mut Program, table: Table) -> &mut Items {
    match table {
        Table::Calls => &mut program.calls,
        Table::Events => &mut program.events,
    }
}

fn special(pallet: &str, event: &str) -> Special {
    match (pallet, event) {
        ("System", "ExtrinsicSuccess") => Special::ExtrinsicSuccess,
        ("System", "ExtrinsicFailed") => Special::ExtrinsicFailed,
        ("TransactionPayment", "TransactionFeePaid") => Special::FeePaid,
        ("Balances", "Transfer") => Special::Transfer,
        _ => Special::Nothing,
    }
}
