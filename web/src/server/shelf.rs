//! What the page for SQL needs besides the warehouse: limits, and the questions that were kept under links.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use yumascan_warehouse::AskLimits;

/// A kept question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptQuestion {
    /// What it is called; may be empty.
    pub title: String,
    /// The statement.
    pub sql: String,
}

/// Finds a kept question by its id.
pub type FindQuestion = Arc<dyn Fn(String) -> BoxFuture<'static, Option<KeptQuestion>> + Send + Sync>;

/// Everyone's SQL on the page.
#[derive(Clone)]
pub struct SqlShelf {
    /// What a question may take.
    pub limits: AskLimits,
    /// Where kept questions are.
    pub find: FindQuestion,
    /// Turns of questions that pages ask.
    pub(crate) turns: Arc<Semaphore>,
}

impl SqlShelf {
    /// With these limits, and at most `turns` questions at the same time.
    #[must_use]
    pub fn new(limits: AskLimits, turns: usize, find: FindQuestion) -> Self {
        Self { limits, find, turns: Arc::new(Semaphore::new(turns.max(1))) }
    }
}

impl std::fmt::Debug for SqlShelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlShelf").field("limits", &self.limits).finish_non_exhaustive()
    }
}
