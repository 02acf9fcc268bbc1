//! One value of any type to canonical JSON: storage values, keys, constants.

use super::{
    input::Input,
    machine::{Machine, output_limit},
    scratch,
};
use crate::runtime::{DecodeError, Runtime, storage::TypeId};

/// Appends a value of type `ty` to `out` and advances `input` past it; an error leaves both as they were.
pub(crate) fn write(
    runtime: &Runtime,
    ty: TypeId,
    input: &mut &[u8],
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let start = out.len();
    let mut cursor = Input::new(input);
    let written = scratch::with(|scratch| {
        let mut machine = Machine {
            program: &runtime.program,
            names: &runtime.names,
            registers: &mut scratch.registers,
            tree: None,
            limit: start.saturating_add(output_limit(input.len())),
        };
        machine.value(ty, &mut cursor, out)
    });
    match written {
        Ok(()) => {
            *input = cursor.rest();
            Ok(())
        }
        Err(fault) => {
            out.truncate(start);
            Err(DecodeError { offset: fault.offset, reason: fault.reason.to_string() })
        }
    }
}
