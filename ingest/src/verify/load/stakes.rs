//! The third and fourth round: stakes, children and parents, once the hotkeys are known.

use yumascan_chain::AccountId;
use yumascan_protocol::epoch::StakeInputs;

use super::Loader;
use crate::verify::{
    items::{Part, Reason, Wide},
    state::States,
};

type Relations = Vec<(Wide<u64>, AccountId)>;

impl Loader<'_> {
    pub(super) fn want_stakes(&self, states: &mut States) -> Result<(), Reason> {
        let netuid = Part::U16(self.netuid());
        for hotkey in self.hotkeys.iter().flatten() {
            self.want_stake(states, hotkey);
            for name in ["ChildKeys", "ParentKeys"] {
                self.items.want(states, self.parent, name, &[Part::Account(hotkey), netuid]);
            }
        }
        for mechid in 0..self.mechanisms {
            let index = self.index(mechid)?;
            for uid in self.revealing_uids(index) {
                self.items.want(states, self.at, "Weights", &[Part::U16(index), Part::U16(uid)]);
            }
            if let Some(reading) = &self.commits {
                reading.want_commits(self.items, states, index, self.parent, self.at);
            }
        }
        Ok(())
    }

    pub(super) fn read_relations(&mut self, states: &States) -> Result<(), Reason> {
        let (items, block, netuid) = (self.items, self.parent.number, Part::U16(self.netuid()));
        for uid in 0..self.hotkeys.len() {
            let mut parents = Vec::new();
            if let Some(hotkey) = self.hotkeys[uid] {
                let key = [Part::Account(&hotkey), netuid];
                let children: Relations = items.read(states, block, "ChildKeys", &key)?.unwrap_or_default();
                let of: Relations = items.read(states, block, "ParentKeys", &key)?.unwrap_or_default();
                parents = of.into_iter().map(|(proportion, parent)| (proportion.0, parent)).collect();
                let (alpha, tao) = self.stake(states, &hotkey)?;
                let children = children.into_iter().map(|(proportion, _)| proportion.0).collect();
                self.loaded.inputs.neurons[uid].stake =
                    StakeInputs { alpha, tao, children, parents: Vec::new() };
            }
            self.parents.push(parents);
        }
        Ok(())
    }

    pub(super) fn want_parents(&self, states: &mut States) {
        for (_, parent) in self.parents.iter().flatten() {
            self.want_stake(states, parent);
        }
    }

    fn want_stake(&self, states: &mut States, hotkey: &AccountId) {
        let account = Part::Account(hotkey);
        for netuid in [self.netuid(), 0] {
            self.items.want(states, self.parent, "TotalHotkeyAlpha", &[account, Part::U16(netuid)]);
        }
        self.items.want(states, self.parent, "TotalHotkeyStake", &[account]);
    }

    /// Alpha on the subnet and TAO on the root; before alpha existed, the hotkey's whole stake and 0.
    pub(super) fn stake(&self, states: &States, hotkey: &AccountId) -> Result<(u64, u64), Reason> {
        let block = self.parent.number;
        let account = Part::Account(hotkey);
        let read = |name: &str, key: &[Part<'_>]| -> Result<u64, Reason> {
            Ok(self.items.read::<Wide<u64>>(states, block, name, key)?.map_or(0, |wide| wide.0))
        };
        if !self.items.has("TotalHotkeyAlpha") {
            return Ok((read("TotalHotkeyStake", &[account])?, 0));
        }
        let of = |netuid| read("TotalHotkeyAlpha", &[account, Part::U16(netuid)]);
        Ok((of(self.netuid())?, of(0)?))
    }
}
