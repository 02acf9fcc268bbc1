//! Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet.

/// Appends a line.
pub fn line<T: AsRef<str>>(text: &mut String, fields: impl IntoIterator<Item = T>) {
    for (position, field) in fields.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        push_field(text, field.as_ref());
    }
    text.push_str("\r\n");
}

/// Quotes where it must; what a spreadsheet would take for a formula (names come from anyone) begins with a quote mark.
fn push_field(text: &mut String, field: &str) {
    let is_formula = field.starts_with(['=', '@', '\t', '\r'])
        || (field.starts_with(['+', '-']) && field.parse::<f64>().is_err());
    let needs_quotes = is_formula || field.contains(['"', ',', '\n', '\r']);
    if !needs_quotes {
        text.push_str(field);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    text.push_str(&field.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_disarmed() {
        let mut text = String::new();
        line(&mut text, ["a", "b,c", "d\"e", "-1.5", "=SUM(A1)", "-cmd|x", ""]);
        assert_eq!(text, "a,\"b,c\",\"d\"\"e\",-1.5,\"'=SUM(A1)\",\"'-cmd|x\",\r\n");
    }
}
