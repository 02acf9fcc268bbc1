//! The third wall: a parser of the ClickHouse dialect must see one `SELECT` over views, and nothing else.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{
        Expr, Function, GroupByExpr, ObjectName, ObjectNamePart, Query, Select, SetExpr, Statement,
        TableFactor, Visit, Visitor,
    },
    dialect::ClickHouseDialect,
    parser::{Parser, ParserOptions},
};

use super::{functions, views::is_view};

/// Deepest nesting that the parser follows.
const MAX_NESTING: usize = 80;

/// Why a statement is not run. The text is for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was asked.
    #[error(
        "the statement is empty; write one SELECT, for example: SELECT number, time, author FROM v_blocks ORDER BY number DESC LIMIT 10"
    )]
    Empty,
    /// More than one statement.
    #[error("one statement at a time: nothing may follow the semicolon")]
    Several,
    /// It is too large.
    #[error("the statement is too large: at most {max} {what}")]
    Size {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// It ends too early.
    #[error("a {what} is opened and never closed")]
    Unfinished {
        /// What.
        what: &'static str,
    },
    /// Something that might be read in two ways.
    #[error("`{near}` is not understood here; expected {expected}")]
    Unclear {
        /// The place.
        near: String,
        /// What would do.
        expected: &'static str,
    },
    /// A word of another statement or clause.
    #[error(
        "`{word}` is not allowed: only a SELECT is run, its format and limits are parameters of the request; put the word in \
         backticks if it is a name of yours"
    )]
    Word {
        /// The word.
        word: String,
    },
    /// A function that is not listed.
    #[error(
        "the function `{name}` is not on the list of those that may be used (table functions, functions that read files, \
         dictionaries or the server's state are not); see /sql for the list"
    )]
    Function {
        /// Its name.
        name: String,
    },
    /// A relation that is not a view.
    #[error("there is no view `{name}`; the views are listed at /sql{}", hint(.near.as_deref()))]
    Relation {
        /// Its name.
        name: String,
        /// One that exists and sounds like it.
        near: Option<String>,
    },
    /// A table with a database before it.
    #[error("`{name}.…`: views are named without a database")]
    Qualified {
        /// The first name.
        name: String,
    },
    /// `IN name`.
    #[error(
        "IN takes a list of values or a subquery in brackets, not a name; write IN (SELECT …) or has(array, value)"
    )]
    InName,
    /// A clause or an expression that is not for this endpoint.
    #[error("{what} is not allowed here")]
    Clause {
        /// What.
        what: &'static str,
    },
    /// The parser gave up.
    #[error("this is not a SELECT that can be checked: {reason}")]
    Syntax {
        /// Why.
        reason: String,
    },
}

fn hint(name: Option<&str>) -> String {
    name.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

impl Refusal {
    pub(super) fn unclear(rest: &str, expected: &'static str) -> Self {
        Self::Unclear { near: rest.chars().take(20).collect(), expected }
    }
}

/// Checks a rewritten statement; gives its cost.
pub(super) fn check(text: &str) -> Result<u32, Refusal> {
    let dialect = ClickHouseDialect {};
    let parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_NESTING)
        .with_options(ParserOptions::new().with_unescape(false));
    let syntax = |error: sqlparser::parser::ParserError| Refusal::Syntax {
        reason: error.to_string().trim_start_matches("sql parser error: ").to_owned(),
    };
    let statements = parser.try_with_sql(text).map_err(syntax)?.parse_statements().map_err(syntax)?;
    let [Statement::Query(query)] = statements.as_slice() else {
        return Err(Refusal::Clause { what: "a statement other than one SELECT" });
    };
    let mut walk = Walk { scopes: Vec::new(), cost: 0 };
    match query.visit(&mut walk) {
        ControlFlow::Break(refusal) => Err(refusal),
        ControlFlow::Continue(()) => Ok(walk.cost.max(1)),
    }
}

/// Names of a `WITH`, and how many of them can be used by now.
struct Scope {
    names: Vec<String>,
    /// Their queries, by address: how the walk knows which one it is in.
    queries: Vec<*const Query>,
    usable: usize,
}

struct Walk {
    scopes: Vec<Scope>,
    cost: u32,
}

type Step = ControlFlow<Refusal>;

fn refuse(what: &'static str) -> Step {
    ControlFlow::Break(Refusal::Clause { what })
}

impl Walk {
    fn knows(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.names[..scope.usable].iter().any(|known| known == name))
    }

    fn check_body(body: &SetExpr) -> Step {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) => Step::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                Self::check_body(left)?;
                Self::check_body(right)
            }
            _ => refuse("anything but SELECT, UNION, INTERSECT and EXCEPT"),
        }
    }

    fn check_function(function: &Function) -> Step {
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else {
            return ControlFlow::Break(Refusal::Function { name: function.name.to_string() });
        };
        if name.quote_style.is_some() || !functions::is_allowed(&name.value) {
            return ControlFlow::Break(Refusal::Function { name: name.value.clone() });
        }
        Step::Continue(())
    }
}

/// The name of a relation in one part, without quotes around it.
fn single_name(name: &ObjectName) -> Result<&str, Refusal> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Ok(&name.value),
        [ObjectNamePart::Identifier(first), ..] => Err(Refusal::Qualified { name: first.value.clone() }),
        _ => Err(Refusal::Qualified { name: name.to_string() }),
    }
}

impl Visitor for Walk {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        let other_clauses = query.fetch.is_some()
            || !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if other_clauses {
            return refuse("FORMAT, SETTINGS, FETCH, FOR or a pipe");
        }
        Self::check_body(&query.body)?;
        let mut scope = Scope { names: Vec::new(), queries: Vec::new(), usable: 0 };
        if let Some(with) = &query.with {
            if with.recursive {
                return refuse("WITH RECURSIVE");
            }
            for cte in &with.cte_tables {
                let name = cte.alias.name.value.clone();
                if cte.from.is_some() || !cte.alias.columns.is_empty() {
                    return refuse("WITH name(columns)");
                }
                // a name that hides a view, or comes twice, could be read in two ways
                if is_view(&name) || scope.names.contains(&name) {
                    return refuse("a name in WITH that is a view's or comes twice");
                }
                scope.names.push(name);
                scope.queries.push(std::ptr::from_ref(cte.query.as_ref()));
            }
        }
        self.scopes.push(scope);
        Step::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> Step {
        self.scopes.pop();
        // the query of a WITH is done: from here on its name can be used
        if let Some(parent) = self.scopes.last_mut()
            && parent.queries.get(parent.usable) == Some(&std::ptr::from_ref(query))
        {
            parent.usable += 1;
        }
        Step::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        let other_clauses = select.into.is_some()
            || select.top.is_some()
            || select.exclude.is_some()
            || !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.value_table_mode.is_some();
        if other_clauses {
            return refuse("a clause of another dialect");
        }
        let aggregates = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
        self.cost += u32::from(aggregates);
        Step::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        match factor {
            TableFactor::Table {
                args: None,
                version: None,
                with_ordinality: false,
                json_path: None,
                with_hints,
                partitions,
                index_hints,
                ..
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                self.cost += 1;
                Step::Continue(())
            }
            TableFactor::Derived { lateral: false, .. } | TableFactor::NestedJoin { .. } => {
                Step::Continue(())
            }
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                ControlFlow::Break(Refusal::Function { name: name.to_string() })
            }
            _ => refuse("a table function"),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Step {
        let name = match single_name(relation) {
            Ok(name) => name,
            Err(refusal) => return ControlFlow::Break(refusal),
        };
        if is_view(name) || self.knows(name) {
            return Step::Continue(());
        }
        let near = format!("v_{name}");
        let near = is_view(&near).then_some(near);
        ControlFlow::Break(Refusal::Relation { name: name.to_owned(), near })
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        match expr {
            Expr::Function(function) => Self::check_function(function),
            Expr::InList { list, .. } if list.iter().any(is_bare_name) => ControlFlow::Break(Refusal::InName),
            Expr::InUnnest { .. } => ControlFlow::Break(Refusal::InName),
            Expr::MatchAgainst { .. } | Expr::Prior(_) | Expr::OuterJoin(_) => {
                refuse("an expression of another dialect")
            }
            _ => Step::Continue(()),
        }
    }
}

/// A name that ClickHouse might take for a table, brackets around it or not.
fn is_bare_name(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::Nested(inner) => is_bare_name(inner),
        Expr::Tuple(parts) => parts.iter().any(is_bare_name),
        _ => false,
    }
}
