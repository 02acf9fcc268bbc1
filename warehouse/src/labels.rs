//! Labels: names that the operator gives to accounts and subnets that belong together. A file beside the data, not a table:
//! it is edited by hand.

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use yumascan_chain::AccountId;

/// The file as it comes with the binary: how to write one, and no labels.
pub const EXAMPLE: &str = include_str!("../labels.toml");

/// A name for accounts and subnets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Name.
    pub name: String,
    /// `exchange`, `team`, `operator`, or any other word.
    #[serde(default)]
    pub kind: String,
    /// SS58 with prefix 42; read from any prefix or 0x hex.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Numbers of subnets.
    #[serde(default)]
    pub subnets: Vec<u16>,
    /// Address of its site.
    #[serde(default)]
    pub url: Option<String>,
    /// Anything else.
    #[serde(default)]
    pub note: Option<String>,
}

/// All labels; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<Vec<Label>>);

/// Why a file of labels cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// It is there and cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It is not in the format.
    #[error("the labels are not in the format: {0}; see the comments at the top of labels.toml")]
    Format(#[from] toml::de::Error),
    /// An address is none.
    #[error("label `{label}` has `{account}`, which is no address: {reason}")]
    Account {
        /// Name of the label.
        label: String,
        /// The address.
        account: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    label: Vec<Label>,
}

impl Labels {
    /// Reads a file of labels; without one there are none.
    ///
    /// # Errors
    /// Where the file is there and cannot be used.
    pub fn load(path: &Path) -> Result<Self, LabelsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LabelsError::Read { path: path.display().to_string(), source }),
        }
    }

    /// Reads labels; addresses are brought to one form.
    ///
    /// # Errors
    /// Where the text is not in the format, or has an address that is none.
    pub fn parse(text: &str) -> Result<Self, LabelsError> {
        let mut file: File = toml::from_str(text)?;
        for label in &mut file.label {
            for account in &mut label.accounts {
                let parsed = account.trim().parse::<AccountId>().map_err(|error| LabelsError::Account {
                    label: label.name.clone(),
                    account: account.clone(),
                    reason: error.to_string(),
                })?;
                *account = parsed.to_ss58();
            }
        }
        Ok(Self(Arc::new(file.label)))
    }

    /// All of them, as the file has them.
    #[must_use]
    pub fn list(&self) -> &[Label] {
        &self.0
    }

    /// Those that name an account (SS58 with prefix 42).
    pub fn of_account<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Label> {
        self.0.iter().filter(move |label| label.accounts.iter().any(|known| known == account))
    }

    /// Those that name a subnet.
    pub fn of_subnet(&self, netuid: u16) -> impl Iterator<Item = &Label> {
        self.0.iter().filter(move |label| label.subnets.contains(&netuid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const ALICE_HEX: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn the_example_has_no_labels_and_its_commented_label_is_in_the_format() {
        assert!(Labels::parse(EXAMPLE).unwrap().list().is_empty());
        let lines = EXAMPLE.lines().skip_while(|line| !line.starts_with("# [[label]]"));
        let text = lines.map(|line| line.trim_start_matches("# ")).collect::<Vec<_>>().join("\n");
        let labels = Labels::parse(&text.replace("5…", ALICE)).unwrap();
        assert_eq!(labels.list().len(), 1);
    }

    #[test]
    fn addresses_of_every_form_are_one() {
        let text = format!("[[label]]\nname = \"A\"\naccounts = [\"{ALICE_HEX}\"]\nsubnets = [3]");
        let labels = Labels::parse(&text).unwrap();
        assert_eq!(labels.of_account(ALICE).count(), 1);
        assert_eq!((labels.of_subnet(3).count(), labels.of_subnet(4).count()), (1, 0));
    }

    #[test]
    fn mistakes_are_told() {
        let refused = |text: &str| Labels::parse(text).unwrap_err().to_string();
        assert!(refused("[[label]]\nname = \"A\"\naccounts = [\"5x\"]").contains("`A`"));
        assert!(refused("[[label]]\nname = \"A\"\nnetuids = [3]").contains("netuids"));
        assert!(Labels::load(Path::new("/nowhere/labels.toml")).unwrap().list().is_empty());
    }
}
