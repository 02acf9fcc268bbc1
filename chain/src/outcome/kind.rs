//! What the names of carrying calls mean: whose origin the inner calls get, and which events tell their fate.

/// How a call treats the calls it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Carries none, or carries them in a way this decoder does not know.
    Other,
    /// Runs items until one fails (`BatchInterrupted`); ends well either way.
    Batch,
    /// Runs all items or fails with the first error.
    BatchAll,
    /// Runs all items, each with its own result.
    ForceBatch,
    /// Runs its call and fails with its error.
    Transparent,
    /// Runs its call and reports the result in an event of its own pallet.
    Reporting(Report),
    /// Runs its call at once under a multisig address; some runtimes report that, some do not.
    MultisigOfOne,
    /// Runs its call when enough signatories have agreed, else records the approval.
    Multisig,
    /// Carries no call, but records an approval as [`Kind::Multisig`] does.
    MultisigApproval,
    /// Runs `main`, and `fallback` when that fails; fails when both do.
    IfElse,
    /// Stores its call to be run later.
    Deferred,
    /// Runs its call at once where one vote is enough, else stores it.
    Propose,
}

/// The event that reports the result of a carried call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    /// Variant, in the pallet of the carrying call.
    pub(super) variant: &'static str,
    /// Field that holds the `DispatchResult`.
    pub(super) field: &'static str,
    /// Position of that field where fields have no names.
    pub(super) position: usize,
    /// Whether the carrying call itself fails when the carried one does.
    pub(super) propagates: bool,
}

const fn report(variant: &'static str, field: &'static str, position: usize, propagates: bool) -> Kind {
    Kind::Reporting(Report { variant, field, position, propagates })
}

/// Names that pallets of kind `pallet_collective` have had.
pub(super) fn is_collective(pallet: &str) -> bool {
    matches!(pallet, "Triumvirate" | "Senate" | "Council" | "TechnicalCommittee")
}

impl Kind {
    pub(super) fn of(pallet: &str, call: &str) -> Self {
        match (pallet, call) {
            ("Utility", "batch") => Self::Batch,
            ("Utility", "batch_all") => Self::BatchAll,
            ("Utility", "force_batch") => Self::ForceBatch,
            ("Utility", "as_derivative" | "with_weight") => Self::Transparent,
            ("Utility", "dispatch_as") => report("DispatchedAs", "result", 0, false),
            ("Utility", "dispatch_as_fallible") => report("DispatchedAs", "result", 0, true),
            ("Utility", "if_else") => Self::IfElse,
            ("Proxy", "proxy" | "proxy_announced") => report("ProxyExecuted", "result", 0, false),
            ("Multisig", "as_multi_threshold_1") => Self::MultisigOfOne,
            ("Multisig", "as_multi") => Self::Multisig,
            ("Multisig", "approve_as_multi") => Self::MultisigApproval,
            ("Sudo", "sudo" | "sudo_unchecked_weight") => report("Sudid", "sudo_result", 0, false),
            ("Sudo", "sudo_as") => report("SudoAsDone", "sudo_result", 0, false),
            // until spec 326 the pallet had a sudo of its own for the triumvirate
            ("SubtensorModule", "sudo" | "sudo_unchecked_weight") => report("Sudid", "sudo_result", 0, true),
            ("Scheduler", "schedule" | "schedule_named" | "schedule_after" | "schedule_named_after")
            | ("Crowdloan", "create" | "update_call") => Self::Deferred,
            (_, "execute") if is_collective(pallet) => report("MemberExecuted", "result", 1, false),
            (_, "propose") if is_collective(pallet) => Self::Propose,
            _ => Self::Other,
        }
    }

    /// Whether the error of an inner call can become the error of this one.
    pub(super) fn propagates(self) -> bool {
        match self {
            Self::BatchAll | Self::Transparent | Self::MultisigOfOne | Self::IfElse => true,
            Self::Reporting(report) => report.propagates,
            _ => false,
        }
    }

    /// Whether an error of this call means that what it carries never ran: once that runs, its result is reported in
    /// an event and the call itself succeeds.
    pub(super) fn fails_before_inside(self) -> bool {
        match self {
            Self::Multisig => true,
            Self::Reporting(report) => !report.propagates,
            _ => false,
        }
    }
}
