//! The second wall: rules over tokens, which hold whatever a parser makes of their order.

use super::{functions, guard::Refusal, text::Token};

/// Words that begin clauses which are not the asker's to write. As a name they can be quoted.
const FORBIDDEN: [&str; 18] = [
    "SETTINGS",
    "FORMAT",
    "INTO",
    "OUTFILE",
    "INFILE",
    "INSERT",
    "CREATE",
    "ALTER",
    "DROP",
    "ATTACH",
    "GRANT",
    "SYSTEM",
    "KILL",
    "INFORMATION_SCHEMA",
    "RECURSIVE",
    "DICTIONARY",
    "FUNCTION",
    "EXPLAIN",
];

/// Words after which a bracket is a bracket, and not a list of arguments.
const KEYWORDS: [&str; 36] = [
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CUBE",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXISTS",
    "FILTER",
    "FROM",
    "HAVING",
    "ILIKE",
    "IN",
    "INTERSECT",
    "INTERVAL",
    "JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "OFFSET",
    "ON",
    "OR",
    "OVER",
    "PREWHERE",
    "QUALIFY",
    "REPLACE",
    "ROLLUP",
    "SELECT",
    "SETS",
    "THEN",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
];

/// Names that are places of the server's, whoever quotes them.
const PLACES: [&str; 2] = ["system", "information_schema"];

pub(super) fn check(tokens: &[Token]) -> Result<(), Refusal> {
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        let opens = next.is_some_and(|next| next.is("("));
        match token {
            Token::Quoted(name) => {
                if PLACES.iter().any(|place| name.eq_ignore_ascii_case(place)) {
                    return Err(Refusal::Word { word: name.clone() });
                }
                if opens {
                    return Err(Refusal::Function { name: name.clone() });
                }
            }
            Token::Word(word) => {
                if FORBIDDEN.iter().any(|forbidden| word.eq_ignore_ascii_case(forbidden)) {
                    return Err(Refusal::Word { word: word.clone() });
                }
                let is_keyword = KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
                if opens && !is_keyword && !functions::is_allowed(word) {
                    return Err(Refusal::Function { name: word.clone() });
                }
            }
            Token::Sign(".") => check_point(tokens, index)?,
            _ => {}
        }
        if token.is_word("IN") {
            check_in(&tokens[index + 1..])?;
        }
        if token.is_word("FROM") || token.is_word("JOIN") {
            check_source(&tokens[index + 1..])?;
        }
    }
    Ok(())
}

fn is_name(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Word(_) | Token::Quoted(_)))
}

/// A point stands between two names, or between a name and a star.
fn check_point(tokens: &[Token], index: usize) -> Result<(), Refusal> {
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    let after = tokens.get(index + 1);
    if is_name(before) && (is_name(after) || after.is_some_and(|after| after.is("*"))) {
        return Ok(());
    }
    Err(Refusal::Unclear {
        near: ".".to_owned(),
        expected: "alias.column; of a tuple take tupleElement(t, 1)",
    })
}

/// `IN` takes a list or a subquery in brackets. A lone name, bracketed or not, would be a table to ClickHouse.
fn check_in(after: &[Token]) -> Result<(), Refusal> {
    let opening = after.iter().take_while(|token| token.is("(")).count();
    if opening == 0 {
        return Err(Refusal::InName);
    }
    let inside = &after[opening..];
    // a name, or names with points between them
    let mut length = usize::from(is_name(inside.first()));
    while length > 0
        && inside.get(length).is_some_and(|token| token.is("."))
        && is_name(inside.get(length + 1))
    {
        length += 2;
    }
    let is_lone = length > 0 && inside.get(length).is_some_and(|token| token.is(")"));
    let is_constant = length == 1
        && inside
            .first()
            .is_some_and(|token| ["NULL", "TRUE", "FALSE"].iter().any(|word| token.is_word(word)));
    if is_lone && !is_constant {
        return Err(Refusal::InName);
    }
    Ok(())
}

/// `FROM` and `JOIN` are followed by a bracket or by one name that no point qualifies. (`EXTRACT(x FROM y)` and the like end
/// in a name or bracket as well.)
fn check_source(after: &[Token]) -> Result<(), Refusal> {
    if is_name(after.first()) && after.get(1).is_some_and(|token| token.is(".")) {
        let name = match after.first() {
            Some(Token::Word(name) | Token::Quoted(name)) => name.clone(),
            _ => String::new(),
        };
        return Err(Refusal::Qualified { name });
    }
    Ok(())
}
