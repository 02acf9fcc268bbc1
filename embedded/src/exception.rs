//! Exceptions in ClickHouse's words, and the HTTP status that goes with each code.

use http::StatusCode;

/// An exception as the engine (or this endpoint in its place) tells it: `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) code: i32,
    pub(crate) text: String,
}

impl Exception {
    /// Takes the engine's text, which begins with its code.
    pub(crate) fn from_engine(text: String) -> Self {
        let code = text
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(code, _)| code.trim().parse().ok())
            .unwrap_or(codes::UNKNOWN_EXCEPTION);
        Self { code, text }
    }

    /// An exception of this endpoint itself; `name` is ClickHouse's name for `code`.
    pub(crate) fn new(code: i32, name: &str, message: impl std::fmt::Display) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message} ({name})") }
    }

    /// The text with the engine's version at its end, as servers send it.
    pub(crate) fn with_version(&self, version: &str) -> String {
        let text = self.text.trim_end();
        if text.ends_with(&format!("(version {version})")) {
            return text.to_owned();
        }
        format!("{text} (version {version})")
    }

    pub(crate) fn status(&self) -> StatusCode {
        status_of(self.code)
    }
}

/// The codes this crate names itself.
pub(crate) mod codes {
    pub(crate) const BAD_ARGUMENTS: i32 = 36;
    pub(crate) const NOT_IMPLEMENTED: i32 = 48;
    pub(crate) const SYNTAX_ERROR: i32 = 62;
    pub(crate) const UNKNOWN_TYPE_OF_QUERY: i32 = 78;
    pub(crate) const UNKNOWN_SETTING: i32 = 115;
    pub(crate) const INCORRECT_DATA: i32 = 117;
    pub(crate) const REQUIRED_PASSWORD: i32 = 194;
    pub(crate) const QUERY_IS_TOO_LARGE: i32 = 223;
    pub(crate) const INTO_OUTFILE_NOT_ALLOWED: i32 = 358;
    pub(crate) const UNKNOWN_ROLE: i32 = 511;
    pub(crate) const AUTHENTICATION_FAILED: i32 = 516;
    pub(crate) const ABORTED: i32 = 236;
    pub(crate) const UNKNOWN_EXCEPTION: i32 = 1002;
}

/// The status a ClickHouse server answers with for an exception code.
fn status_of(code: i32) -> StatusCode {
    match code {
        194 => StatusCode::UNAUTHORIZED,
        192 | 193 | 512 | 516 => StatusCode::FORBIDDEN,
        // parse and type errors: the query or its data are at fault
        6 | 8 | 15 | 25 | 26 | 27 | 36 | 38 | 41 | 43 | 44 | 53 | 62 | 69 | 70 | 72 | 117 | 130 | 131
        | 376 | 427 | 467 | 441 | 456 | 675 | 676 => StatusCode::BAD_REQUEST,
        46 | 47 | 50 | 56 | 60 | 63 | 73 | 81 | 115 | 511 => StatusCode::NOT_FOUND,
        159 | 160 => StatusCode::REQUEST_TIMEOUT,
        223 => StatusCode::PAYLOAD_TOO_LARGE,
        48 => StatusCode::NOT_IMPLEMENTED,
        209 | 202 | 236 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_from_the_engines_text() {
        let exception = Exception::from_engine("Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)".into());
        assert_eq!((exception.code, exception.status()), (60, StatusCode::NOT_FOUND));
        assert_eq!(Exception::from_engine("boom".into()).code, codes::UNKNOWN_EXCEPTION);
    }

    #[test]
    fn the_version_is_said_once() {
        let exception = Exception::from_engine("Code: 1. DB::Exception: x (version 26.7.2.1)".into());
        assert_eq!(exception.with_version("26.7.2.1"), exception.text);
        assert!(
            Exception::new(62, "SYNTAX_ERROR", "x")
                .with_version("1.2")
                .ends_with("(SYNTAX_ERROR) (version 1.2)")
        );
    }
}
