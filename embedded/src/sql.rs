//! What a statement is, as far as the endpoint must know: does it print rows, take rows, or neither, and where
//! does its `FORMAT` stand.
//!
//! The engine parses and judges the statement; this is only a reading of its outline, token by token.

mod lexer;

use lexer::{Token, TokenKind, tokens};

use crate::exception::{Exception, codes};

/// The outline of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outline {
    /// Prints a table: everything before its `FORMAT` clause, the format it names, and what follows the name.
    Table { head: Vec<u8>, format: Option<String>, tail: Vec<u8> },
    /// Takes rows: the statement before `FORMAT` or `VALUES`, the format of the rows, and where they begin in the text.
    Insert { head: Vec<u8>, format: Option<String>, data: usize },
    /// Anything else (DDL, `INSERT … SELECT`, `KILL`, `SYSTEM` …): run as it is, without the trailing semicolon.
    Plain(Vec<u8>),
}

/// What is known of a text of which only the beginning has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// An `INSERT` whose rows have begun.
    Insert(Outline),
    /// The rest is needed.
    Incomplete,
}

/// Reads the outline of a whole statement.
///
/// # Errors
/// An empty text, several statements, and `INTO OUTFILE` / `FROM INFILE` (files of the server's machine).
pub(crate) fn outline(sql: &[u8]) -> Result<Outline, Exception> {
    let all: Vec<Token> = tokens(sql).collect();
    let Some(first) = all.iter().find(|token| !token.is(sql, b"(")) else {
        return Err(syntax("Empty query"));
    };
    if first.is_word(sql, "INSERT")
        && let Some(insert) = insert_outline(sql, &all)?
    {
        return Ok(insert);
    }

    let statement = single_statement(sql, &all)?;
    let end = statement.last().map_or(0, |token| token.end);
    let sql = &sql[..end];
    if !prints_table(sql, statement, first) {
        return Ok(Outline::Plain(sql.to_vec()));
    }
    let outfile = statement
        .windows(2)
        .any(|pair| pair[0].depth == 0 && pair[0].is_word(sql, "INTO") && pair[1].is_word(sql, "OUTFILE"));
    if outfile {
        return Err(Exception::new(
            codes::INTO_OUTFILE_NOT_ALLOWED,
            "INTO_OUTFILE_NOT_ALLOWED",
            "INTO OUTFILE is not allowed",
        ));
    }
    Ok(match format_clause(sql, statement) {
        Some((keyword, name)) => Outline::Table {
            head: sql[..keyword.start].to_vec(),
            format: Some(name.text(sql)),
            tail: sql[name.end..].to_vec(),
        },
        None => Outline::Table { head: sql.to_vec(), format: None, tail: Vec::new() },
    })
}

/// Reads the outline of a text that may go on: enough when it is an `INSERT` whose rows have begun.
///
/// # Errors
/// As [`outline`], where the beginning shows it.
pub(crate) fn prefix(sql: &[u8]) -> Result<Prefix, Exception> {
    let all: Vec<Token> = tokens(sql).collect();
    if !all.first().is_some_and(|token| token.is_word(sql, "INSERT")) {
        return Ok(Prefix::Incomplete);
    }
    match insert_outline(sql, &all)? {
        // the word must be complete, and the line break after it (which is no data) must have arrived
        Some(insert @ Outline::Insert { data, .. }) if data < sql.len() => Ok(Prefix::Insert(insert)),
        _ => Ok(Prefix::Incomplete),
    }
}

/// The statement's tokens without its closing semicolon.
fn single_statement<'t>(sql: &[u8], all: &'t [Token]) -> Result<&'t [Token], Exception> {
    let Some(semicolon) = all.iter().position(|token| token.is(sql, b";")) else { return Ok(all) };
    if let Some(extra) = all[semicolon..].iter().find(|token| !token.is(sql, b";")) {
        let text = String::from_utf8_lossy(&sql[extra.start..]).chars().take(40).collect::<String>();
        return Err(syntax(format!(
            "Syntax error (Multi-statements are not allowed): failed at position {}: {text}",
            extra.start + 1
        )));
    }
    if semicolon == 0 {
        return Err(syntax("Empty query"));
    }
    Ok(&all[..semicolon])
}

fn syntax(message: impl std::fmt::Display) -> Exception {
    Exception::new(codes::SYNTAX_ERROR, "SYNTAX_ERROR", message)
}

/// Whether the statement's grammar ends in `[INTO OUTFILE] [FORMAT] [SETTINGS]`.
fn prints_table(sql: &[u8], statement: &[Token], first: &Token) -> bool {
    const PRINTING: [&str; 9] =
        ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "FROM"];
    if !PRINTING.iter().any(|word| first.is_word(sql, word)) {
        return false;
    }
    // `WITH … INSERT INTO … SELECT`
    !statement
        .windows(2)
        .any(|pair| pair[0].depth == 0 && pair[0].is_word(sql, "INSERT") && pair[1].is_word(sql, "INTO"))
}

/// The last `FORMAT name` outside all brackets, when only settings follow it.
fn format_clause<'t>(sql: &[u8], statement: &'t [Token]) -> Option<(&'t Token, &'t Token)> {
    let at = statement.windows(2).enumerate().rev().find(|(_, pair)| {
        pair[0].depth == 0 && pair[0].is_word(sql, "FORMAT") && pair[1].kind == TokenKind::Word
    });
    let (index, pair) = at?;
    let before = index.checked_sub(1).and_then(|index| statement.get(index));
    let is_a_name = before.is_some_and(|token| {
        ["FROM", "JOIN", "AS", "TABLE", "BY"].iter().any(|word| token.is_word(sql, word))
            || [b".", b","].iter().any(|mark| token.is(sql, *mark))
    });
    let ends = statement.get(index + 2).is_none_or(|token| token.is_word(sql, "SETTINGS"));
    (ends && !is_a_name).then_some((&pair[0], &pair[1]))
}

/// The outline of an `INSERT` with rows; `None` when it takes them from a `SELECT`, or when nothing is said yet.
fn insert_outline(sql: &[u8], all: &[Token]) -> Result<Option<Outline>, Exception> {
    for (index, token) in all.iter().enumerate().skip(1) {
        if token.depth != 0 || token.kind != TokenKind::Word {
            continue;
        }
        let previous = &all[index - 1];
        let is_a_name = previous.is(sql, b".")
            || ["INTO", "TABLE", "INSERT"].iter().any(|word| previous.is_word(sql, word));
        if is_a_name {
            continue;
        }
        let next = all.get(index + 1);
        if token.is_word(sql, "SELECT") || token.is_word(sql, "WITH") {
            return Ok(None);
        }
        if token.is_word(sql, "FROM") && next.is_some_and(|next| next.is_word(sql, "INFILE")) {
            return Err(Exception::new(
                codes::UNKNOWN_TYPE_OF_QUERY,
                "UNKNOWN_TYPE_OF_QUERY",
                "FROM INFILE is not allowed: send the rows in the body",
            ));
        }
        if token.is_word(sql, "VALUES") {
            let head = sql[..token.start].to_vec();
            return Ok(Some(Outline::Insert { head, format: Some("Values".into()), data: token.end }));
        }
        if token.is_word(sql, "FORMAT")
            && let Some(name) = next
            && name.kind == TokenKind::Word
        {
            let (head, format) = (sql[..token.start].to_vec(), name.text(sql));
            let data = if format.eq_ignore_ascii_case("VALUES") {
                name.end
            } else {
                after_line_break(sql, name.end)
            };
            return Ok(Some(Outline::Insert { head, format: Some(format), data }));
        }
    }
    // `INSERT INTO t (SELECT …)`
    let selects = all.windows(2).any(|pair| pair[0].is(sql, b"(") && pair[1].is_word(sql, "SELECT"));
    if selects {
        return Ok(None);
    }
    let end = all.iter().rev().find(|token| !token.is(sql, b";")).map_or(0, |token| token.end);
    Ok(Some(Outline::Insert { head: sql[..end].to_vec(), format: None, data: sql.len() }))
}

/// Rows begin after the blanks and the one line break that follow the format's name.
fn after_line_break(sql: &[u8], from: usize) -> usize {
    let blanks = sql[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &sql[from + blanks..];
    let line_break = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
    from + blanks + line_break
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sql: &str) -> (String, Option<String>, String) {
        match outline(sql.as_bytes()).unwrap() {
            Outline::Table { head, format, tail } => {
                (String::from_utf8(head).unwrap(), format, String::from_utf8(tail).unwrap())
            }
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn insert(sql: &str) -> (String, Option<String>, String) {
        match outline(sql.as_bytes()).unwrap() {
            Outline::Insert { head, format, data } => {
                (String::from_utf8(head).unwrap(), format, sql[data..].into())
            }
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn the_format_clause_is_found_and_names_are_not_taken_for_it() {
        assert_eq!(table("SELECT 1"), ("SELECT 1".into(), None, String::new()));
        assert_eq!(table("select 1 format JSON;"), ("select 1 ".into(), Some("JSON".into()), String::new()));
        assert_eq!(
            table("SELECT 1 FORMAT JSON SETTINGS max_threads = 1 -- end"),
            ("SELECT 1 ".into(), Some("JSON".into()), " SETTINGS max_threads = 1".into())
        );
        assert_eq!(table("SELECT 'FORMAT JSON' AS format").1, None);
        assert_eq!(table("SELECT * FROM (SELECT 1 FORMAT x)").1, None);
        assert_eq!(table("SELECT * FROM format f").1, None);
        assert_eq!(table("SELECT 1 /* FORMAT CSV */ FORMAT TSV").1.as_deref(), Some("TSV"));
        assert_eq!(table("-- note\n(SELECT 1) UNION ALL (SELECT 2) FORMAT CSV").1.as_deref(), Some("CSV"));
        assert_eq!(table("WITH 1 AS x SELECT x FORMAT XML").1.as_deref(), Some("XML"));
        assert_eq!(table("SHOW TABLES FORMAT TSV").1.as_deref(), Some("TSV"));
        assert_eq!(table("SELECT $$;FORMAT CSV$$").1, None);
        assert_eq!(table(r"SELECT 'it\'s; FORMAT CSV', 'a''b;', `x;`").1, None);
    }

    #[test]
    fn inserts_are_split_from_their_rows() {
        assert_eq!(
            insert("INSERT INTO t (a, b) FORMAT CSV\n1,2\n"),
            ("INSERT INTO t (a, b) ".into(), Some("CSV".into()), "1,2\n".into())
        );
        assert_eq!(insert("INSERT INTO t FORMAT RowBinary").2, "");
        assert_eq!(
            insert("INSERT INTO t FORMAT TSV  \r\n\n1").2,
            "\n1",
            "one line break belongs to the statement"
        );
        assert_eq!(
            insert("insert into d.t settings async_insert=0 values (1,'FORMAT;'),(2,')')"),
            (
                "insert into d.t settings async_insert=0 ".into(),
                Some("Values".into()),
                " (1,'FORMAT;'),(2,')')".into()
            )
        );
        assert_eq!(insert("INSERT INTO format FORMAT CSV\n1").0, "INSERT INTO format ");
        assert_eq!(insert("INSERT INTO d.values VALUES (1)").0, "INSERT INTO d.values ");
        assert_eq!(insert("INSERT INTO t;"), ("INSERT INTO t".into(), None, String::new()));
        assert_eq!(insert("INSERT INTO FUNCTION file('x', 'CSV') FORMAT CSV\n1").2, "1");
    }

    #[test]
    fn other_statements_run_as_they_are() {
        for sql in [
            "CREATE TABLE t (format String) ENGINE = Memory",
            "INSERT INTO t SELECT 1",
            "INSERT INTO t (a) WITH 1 AS x SELECT x",
            "INSERT INTO t (SELECT 1)",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "KILL QUERY WHERE 1 FORMAT JSON",
        ] {
            assert_eq!(outline(sql.as_bytes()).unwrap(), Outline::Plain(sql.into()), "{sql}");
        }
        assert_eq!(outline(b"DROP TABLE t ; ; -- done").unwrap(), Outline::Plain(b"DROP TABLE t".to_vec()));
    }

    #[test]
    fn what_a_server_refuses_is_refused_with_its_code() {
        let code = |sql: &str| outline(sql.as_bytes()).unwrap_err().code;
        assert_eq!(code(""), codes::SYNTAX_ERROR);
        assert_eq!(code(" ; -- nothing"), codes::SYNTAX_ERROR);
        assert_eq!(code("SELECT 1; DROP TABLE t"), codes::SYNTAX_ERROR);
        assert_eq!(code("SELECT 1 INTO OUTFILE '/etc/passwd'"), codes::INTO_OUTFILE_NOT_ALLOWED);
        assert_eq!(code("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV"), codes::UNKNOWN_TYPE_OF_QUERY);
    }

    #[test]
    fn a_prefix_is_enough_once_the_rows_have_begun() {
        assert_eq!(prefix(b"INSERT INTO t FORMAT CS").unwrap(), Prefix::Incomplete);
        assert_eq!(prefix(b"INSERT INTO t (a, ").unwrap(), Prefix::Incomplete);
        assert_eq!(prefix(b"SELECT 1 FORMAT CSV\n").unwrap(), Prefix::Incomplete);
        let Prefix::Insert(Outline::Insert { data, .. }) = prefix(b"INSERT INTO t FORMAT CSV\n1,").unwrap()
        else {
            panic!("the rows have begun")
        };
        assert_eq!(data, 25);
    }
}
