//! Relay connections whose parts are read only when they are selected.
//!
//! `totalCount` alone reads no rows; `edges` alone counts nothing; `coverage` is asked only where it is wanted.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Context, Object, ObjectType, OutputType, Result, SimpleObject, TypeName};
use futures::future::BoxFuture;
use tokio::sync::OnceCell;
use yumascan_warehouse::{Cursor, Order, Page, PageRequest, Warehouse, WarehouseError};

use super::{
    as_of::{AsOf, CoverageOf},
    cursor::ListId,
    paging::{PageArgs, PagePlan, page_of},
    scalars::Long,
    scope::Scope,
};
use crate::ApiError;

/// A thing that lists hold.
pub(crate) trait Node: ObjectType + Clone + Send + Sync + 'static {
    /// Name of its type.
    const NAME: &'static str;
    /// Where it stands in lists.
    fn place(&self) -> Cursor;
}

type Reader<T> = Box<dyn Fn(PageRequest) -> BoxFuture<'static, Result<Page<T>, ApiError>> + Send + Sync>;
type Counter = Box<dyn Fn() -> BoxFuture<'static, Result<u64, ApiError>> + Send + Sync>;

/// What a list reads from.
pub(crate) struct List<T> {
    /// Reads a page.
    pub(crate) read: Reader<T>,
    /// Counts all rows.
    pub(crate) count: Counter,
    /// Blocks the list ranges over, for its coverage: ends inclusive, `None` is open.
    pub(crate) blocks: (Option<u64>, Option<u64>),
    /// The block it holds as of, where that is not the head of the answer.
    pub(crate) as_of: Option<AsOf>,
}

impl<T: Node> List<T> {
    /// A list that is loaded as a whole, lowest place first: through a dataloader, or from memory.
    pub(crate) fn loaded<F>(
        blocks: (Option<u64>, Option<u64>),
        load: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<T>, ApiError>> + Send + 'static,
    {
        let load = Arc::new(load);
        let load_to_count = load.clone();
        Self {
            read: Box::new(move |request| {
                let loading = load();
                Box::pin(async move { Ok(page_of(&loading.await?, T::place, request)) })
            }),
            count: Box::new(move || {
                let loading = load_to_count();
                Box::pin(async move { Ok(loading.await?.len() as u64) })
            }),
            blocks,
            as_of: None,
        }
    }

    /// A list that is read from the warehouse page by page.
    pub(crate) fn stored<R, P, C>(
        scope: &Arc<Scope>,
        name: &'static str,
        blocks: (Option<u64>, Option<u64>),
        read: impl Fn(Warehouse, PageRequest) -> P + Send + Sync + 'static,
        count: impl Fn(Warehouse) -> C + Send + Sync + 'static,
    ) -> Self
    where
        R: Send + 'static,
        T: From<R>,
        P: Future<Output = Result<Page<R>, WarehouseError>> + Send + 'static,
        C: Future<Output = Result<u64, WarehouseError>> + Send + 'static,
    {
        let (scope, scope_to_count) = (scope.clone(), scope.clone());
        let read_page = move |request: PageRequest| -> BoxFuture<'static, Result<Page<T>, ApiError>> {
            let scope = scope.clone();
            let reading = scope.warehouse().map(|warehouse| read(warehouse.clone(), request));
            Box::pin(async move {
                let page = reading?.await?;
                scope.budget.take_rows(name, page.rows.len() as u64)?;
                let rows = page.rows.into_iter().map(T::from).collect();
                Ok(Page { rows, has_previous: page.has_previous, has_next: page.has_next })
            })
        };
        let count_rows = move || -> BoxFuture<'static, Result<u64, ApiError>> {
            let counting = scope_to_count.warehouse().map(|warehouse| count(warehouse.clone()));
            Box::pin(async move { Ok(counting?.await?) })
        };
        Self { read: Box::new(read_page), count: Box::new(count_rows), blocks, as_of: None }
    }
}

/// A page of a list.
pub(crate) struct Connection<T> {
    id: ListId,
    plan: PagePlan,
    list: List<T>,
    page: OnceCell<Page<T>>,
}

impl<T: Node> Connection<T> {
    /// Checks the page arguments; nothing is read yet.
    pub(crate) fn new(
        id: ListId,
        order: Order,
        args: &PageArgs,
        list: List<T>,
        scope: &Scope,
    ) -> Result<Self, ApiError> {
        let plan = args.plan(id, order, &scope.shared.state.config)?;
        Ok(Self { id, plan, list, page: OnceCell::new() })
    }

    async fn page(&self) -> Result<&Page<T>, ApiError> {
        let read = || async { Ok(self.plan.restore((self.list.read)(self.plan.request).await?)) };
        self.page.get_or_try_init(read).await
    }
}

impl<T: Node> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::NAME).into()
    }
}

/// A page of a list, and what is known of the whole list.
#[Object(name_type)]
impl<T: Node + OutputType> Connection<T> {
    /// The rows of the page, each with its cursor.
    async fn edges(&self) -> Result<Vec<Edge<T>>> {
        let edge = |node: &T| Edge { id: self.id, node: node.clone() };
        Ok(self.page().await?.rows.iter().map(edge).collect())
    }
    /// The rows of the page without cursors.
    async fn nodes(&self) -> Result<Vec<T>> {
        Ok(self.page().await?.rows.clone())
    }
    /// Where the page stands in the list.
    async fn page_info(&self) -> Result<PageInfo> {
        let page = self.page().await?;
        let cursor = |node: &T| self.id.encode(node.place());
        Ok(PageInfo {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: page.rows.first().map(cursor),
            end_cursor: page.rows.last().map(cursor),
        })
    }
    /// Number of rows of the whole list. Counted only when selected: over long ranges with narrow filters it costs more
    /// than the page.
    async fn total_count(&self) -> Result<Long> {
        Ok(Long((self.list.count)().await?))
    }
    /// The block as of which the list holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        if let Some(as_of) = &self.list.as_of {
            return Ok(Some(as_of.clone()));
        }
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
    /// Which blocks of the list's range are stored: where it has gaps, rows may be missing from the list. Times in the
    /// filter do not narrow it.
    async fn coverage(&self, ctx: &Context<'_>) -> Result<CoverageOf> {
        let scope = Scope::of(ctx)?;
        let head = scope.find_head().await?;
        let (from, to) = self.list.blocks;
        let as_of = head.map(|row| AsOf { row, finalized: true });
        Ok(CoverageOf { from, to, coverage: scope.get_coverage(from, to).await?, as_of })
    }
}

/// Where a page stands in its list.
#[derive(Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether rows come after this page, in list order.
    has_next_page: bool,
    /// Whether rows come before this page, in list order.
    has_previous_page: bool,
    /// Cursor of the first row, to pass as `before`; null for an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last row, to pass as `after`; null for an empty page.
    end_cursor: Option<String>,
}

/// A row of a page with its cursor.
pub(crate) struct Edge<T> {
    id: ListId,
    node: T,
}

impl<T: Node> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::NAME).into()
    }
}

/// A row of a page with its cursor.
#[Object(name_type)]
impl<T: Node + OutputType> Edge<T> {
    /// Where the row stands: pass it as `after` or `before` to the same list with the same filter and order.
    async fn cursor(&self) -> String {
        self.id.encode(self.node.place())
    }
    /// The row.
    async fn node(&self) -> &T {
        &self.node
    }
}
