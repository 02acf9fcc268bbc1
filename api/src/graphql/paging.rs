//! Pages: from `first/after/last/before` to what the warehouse is asked, and pages of lists held in memory.

use yumascan_warehouse::{Cursor, Order, Page, PageRequest};

use super::cursor::ListId;
use crate::{ApiConfig, ApiError};

/// Which page of a list; the arguments of every connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageArgs {
    /// Rows from the front.
    pub(crate) first: Option<i64>,
    /// Only rows after this cursor.
    pub(crate) after: Option<String>,
    /// Rows from the back.
    pub(crate) last: Option<i64>,
    /// Only rows before this cursor.
    pub(crate) before: Option<String>,
}

/// A page that was asked for, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PagePlan {
    /// What to ask of the list.
    pub(crate) request: PageRequest,
    /// The list is to be asked from its other end, and the answer turned around: `last` without `before`.
    pub(crate) turned: bool,
}

impl PageArgs {
    pub(crate) fn new(
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Self {
        Self { first, after, last, before }
    }

    /// Checks the arguments against the limits and the list.
    pub(crate) fn plan(&self, list: ListId, order: Order, config: &ApiConfig) -> Result<PagePlan, ApiError> {
        if self.first.is_some() && self.last.is_some() {
            return Err(ApiError::BadInput(
                "pass `first` to go forward or `last` to go back, not both".into(),
            ));
        }
        if self.after.is_some() && self.before.is_some() {
            return Err(ApiError::BadInput(
                "pass `after` to go forward or `before` to go back, not both".into(),
            ));
        }
        if self.first.is_some() && self.before.is_some() || self.last.is_some() && self.after.is_some() {
            return Err(ApiError::BadInput("`first` goes with `after`, `last` goes with `before`".into()));
        }
        let (argument, asked) = match (self.first, self.last) {
            (Some(first), _) => ("first", first),
            (None, Some(last)) => ("last", last),
            (None, None) => ("first", i64::from(config.default_page_size)),
        };
        let limit = u32::try_from(asked)
            .ok()
            .filter(|limit| (1..=config.max_page_size).contains(limit))
            .ok_or(ApiError::PageSize { argument, value: asked, max: config.max_page_size })?;
        let decode = |cursor: &Option<String>| cursor.as_ref().map(|cursor| list.decode(cursor)).transpose();
        let (after, before) = (decode(&self.after)?, decode(&self.before)?);
        let turned = self.last.is_some() && before.is_none();
        let order = if turned { opposite(order) } else { order };
        Ok(PagePlan { request: PageRequest { limit, order, after, before }, turned })
    }

    /// Rows the page may have, for the estimate of a query's cost. The arguments are not checked yet: what is far beyond
    /// any page is refused later, for its size, and counts little here.
    pub(crate) fn estimate(first: Option<i64>, last: Option<i64>) -> usize {
        const DEFAULT: i64 = 25;
        const CEILING: i64 = 10_000;
        let rows = first.or(last).unwrap_or(DEFAULT).clamp(1, CEILING);
        usize::try_from(rows).unwrap_or(1)
    }
}

/// Cost of a list: its rows, each with its fields. Stays far from overflow however lists are nested and summed.
pub(crate) fn list_cost(first: Option<i64>, last: Option<i64>, of_children: usize) -> usize {
    const CEILING: usize = 1 << 40;
    PageArgs::estimate(first, last).saturating_mul(of_children.max(1)).min(CEILING)
}

impl PagePlan {
    /// Turns the answer around if the list was asked from its other end.
    pub(crate) fn restore<T>(self, mut page: Page<T>) -> Page<T> {
        if self.turned {
            page.rows.reverse();
            (page.has_previous, page.has_next) = (page.has_next, page.has_previous);
        }
        page
    }
}

fn opposite(order: Order) -> Order {
    match order {
        Order::Newest => Order::Oldest,
        Order::Oldest => Order::Newest,
    }
}

/// A page of rows that are all in memory, given lowest place first.
pub(crate) fn page_of<T: Clone>(rows: &[T], place: impl Fn(&T) -> Cursor, request: PageRequest) -> Page<T> {
    let mut listed: Vec<&T> = rows.iter().collect();
    if request.order == Order::Newest {
        listed.reverse();
    }
    let is_before = |left: Cursor, right: Cursor| match request.order {
        Order::Oldest => left < right,
        Order::Newest => left > right,
    };
    let limit = request.limit as usize;
    let (start, end) = match (request.after, request.before) {
        (Some(after), _) => {
            let start = listed.partition_point(|row| !is_before(after, place(row)));
            (start, listed.len().min(start + limit))
        }
        (None, Some(before)) => {
            let end = listed.partition_point(|row| is_before(place(row), before));
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, listed.len().min(limit)),
    };
    Page {
        rows: listed[start..end].iter().map(|row| (*row).clone()).collect(),
        has_previous: start > 0,
        has_next: end < listed.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(block: u64) -> Cursor {
        Cursor { block, major: 0, minor: 0 }
    }

    fn orders() -> impl Strategy<Value = Order> {
        prop_oneof![Just(Order::Newest), Just(Order::Oldest)]
    }

    proptest! {
        #[test]
        fn forward_and_backward_pages_visit_every_row_once(
            blocks in proptest::collection::btree_set(0u64..500, 0..60), limit in 1u32..9, order in orders(),
        ) {
            let rows: Vec<u64> = blocks.into_iter().collect();
            let mut expected = rows.clone();
            if order == Order::Newest {
                expected.reverse();
            }

            let mut forward: Vec<u64> = Vec::new();
            let mut after = None;
            loop {
                let page = page_of(&rows, |row| at(*row), PageRequest { limit, order, after, before: None });
                prop_assert_eq!(page.has_previous, after.is_some());
                forward.extend(page.rows.iter().copied());
                after = page.rows.last().map(|row| at(*row));
                if !page.has_next { break; }
            }
            prop_assert_eq!(&forward, &expected);

            let list = ListId::new("rows", &(), order);
            let config = ApiConfig::default();
            let mut backward: Vec<u64> = Vec::new();
            let mut before = None;
            loop {
                let args = PageArgs { last: Some(i64::from(limit)), before, ..PageArgs::default() };
                let plan = args.plan(list, order, &config).unwrap();
                let page = plan.restore(page_of(&rows, |row| at(*row), plan.request));
                backward.splice(0..0, page.rows.iter().copied());
                before = page.rows.first().map(|row| list.encode(at(*row)));
                if !page.has_previous { break; }
            }
            prop_assert_eq!(&backward, &expected);
        }
    }

    #[test]
    fn page_sizes_out_of_bounds_are_refused_with_the_bounds() {
        let list = ListId::new("rows", &(), Order::Newest);
        for size in [i64::MIN, -1, 0, 1001, i64::MAX] {
            let args = PageArgs { first: Some(size), ..PageArgs::default() };
            let error = args.plan(list, Order::Newest, &ApiConfig::default()).unwrap_err();
            assert_eq!(error.code(), "PAGE_SIZE");
            assert!(error.to_string().contains("1 to 1000"), "{error}");
        }
    }

    #[test]
    fn contradictory_arguments_are_refused() {
        let list = ListId::new("rows", &(), Order::Newest);
        let cursor = || Some(list.encode(at(1)));
        for args in [
            PageArgs { first: Some(1), last: Some(1), ..PageArgs::default() },
            PageArgs { after: cursor(), before: cursor(), ..PageArgs::default() },
            PageArgs { first: Some(1), before: cursor(), ..PageArgs::default() },
            PageArgs { last: Some(1), after: cursor(), ..PageArgs::default() },
        ] {
            let error = args.plan(list, Order::Newest, &ApiConfig::default()).unwrap_err();
            assert_eq!(error.code(), "BAD_INPUT");
        }
    }

    #[test]
    fn costs_of_nested_lists_do_not_overflow() {
        let mut cost = 1;
        for _ in 0..20 {
            cost = list_cost(Some(i64::MAX), None, cost);
        }
        assert!(cost.checked_mul(100_000).is_some());
    }
}
