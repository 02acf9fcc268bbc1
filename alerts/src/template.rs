//! Templates: an operator's own words for an alert, without a way to harm.
//!
//! Nothing but the alert can be read, a template does a bounded number of steps and writes a bounded number of bytes, and
//! it is tried on a sample before a rule is saved.

use std::{io, sync::Arc};

use minijinja::{
    Environment, ErrorKind, UndefinedBehavior,
    value::{Enumerator, Object, Value as Shown},
};
use serde_json::{Map, Value, json};

/// Longest template, bytes.
pub const MOST_SOURCE: usize = 4_096;
/// Longest outcome, bytes.
const MOST_OUTPUT: usize = 16_384;
/// Steps of the engine.
const FUEL: u64 = 20_000;

/// A template that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
}

impl Template {
    /// Reads a template and tries it with every name that it may use.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.len() > MOST_SOURCE {
            return Err(format!("it is {} bytes long; {MOST_SOURCE} are allowed", source.len()));
        }
        let template = Self { source: source.to_owned() };
        template.render(&sample())?;
        Ok(template)
    }

    /// The words for an alert.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn render(&self, alert: &Map<String, Value>) -> Result<String, String> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(20);
        for (name, filter) in
            [("upper", str::to_uppercase as fn(&str) -> String), ("lower", str::to_lowercase)]
        {
            environment.add_filter(name, move |text: String| filter(&text));
        }
        environment.add_filter("default", minijinja::filters::default);
        environment.add_filter("round", minijinja::filters::round);
        environment.add_filter("length", minijinja::filters::length);
        environment.add_filter("join", minijinja::filters::join);
        let template =
            environment.template_from_str(&self.source).map_err(|error| told(&error, &self.source))?;
        let mut out = Bounded(Vec::new());
        template.render_captured_to(shown(alert), &mut out).map_err(|error| told(&error, &self.source))?;
        String::from_utf8(out.0).map_err(|error| error.to_string())
    }
}

/// An alert as templates see it.
fn shown(alert: &Map<String, Value>) -> Shown {
    alert
        .iter()
        .map(|(name, value)| match (name.as_str(), value) {
            ("facts", Value::Object(facts)) => (name.clone(), Shown::from_object(Facts(facts.clone()))),
            _ => (name.clone(), Shown::from_serialize(value)),
        })
        .collect()
}

/// What is known of an alert: another thing for each kind, so one that is not there is empty and no mistake.
#[derive(Debug)]
struct Facts(Map<String, Value>);

impl Object for Facts {
    fn get_value(self: &Arc<Self>, name: &Shown) -> Option<Shown> {
        let found = name.as_str().and_then(|name| self.0.get(name));
        Some(found.map_or_else(|| Shown::from(""), Shown::from_serialize))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|name| Shown::from(name.as_str())).collect())
    }
}

/// Every name that a template may use, with values that look like real ones.
fn sample() -> Map<String, Value> {
    let sample = json!({
        "rule": "a-rule", "source": "metric", "kind": "alpha_price", "scope": "subnet:8", "state": "firing",
        "severity": "S3", "block": 4_000_000, "title": "a title", "text": "a text", "link": "/subnets/8",
        "facts": { "value": "0.01", "threshold": "0.02" },
    });
    match sample {
        Value::Object(sample) => sample,
        _ => Map::new(),
    }
}

fn told(error: &minijinja::Error, source: &str) -> String {
    let why = match error.kind() {
        ErrorKind::UndefinedError => {
            "it uses a name that there is not; there are rule, source, kind, scope, state, severity, block, title, text, link \
             and facts"
                .to_owned()
        }
        ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
        ErrorKind::WriteFailure => format!("it writes more than {MOST_OUTPUT} bytes"),
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    match error.line().filter(|_| source.contains('\n')) {
        Some(line) => format!("line {line}: {why}"),
        None => why,
    }
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_OUTPUT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_speaks_of_its_alert() {
        let template = Template::parse(
            "{{ severity }} {{ kind|upper }}: {{ facts.value }}{% if block %} @{{ block }}{% endif %}",
        );
        assert_eq!(template.unwrap().render(&sample()).unwrap(), "S3 ALPHA_PRICE: 0.01 @4000000");
        let template =
            Template::parse("{{ facts.name }}|{{ facts.none|default('-', true) }}|{{ facts|length }}");
        assert_eq!(template.unwrap().render(&sample()).unwrap(), "|-|2");
    }

    #[test]
    fn a_template_that_would_not_work_is_refused_with_the_reason() {
        for (source, reason) in [
            ("{{ severty }}", "there are rule"),
            ("{% if %}", "syntax error"),
            ("a\n{{ kind|nofilter }}", "line 2"),
            ("{% for a in range(100000000) %}{% endfor %}", ""),
            (
                "{% for a in 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{% for b in text %}{% for c in text %}{% for d in text %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
                "steps",
            ),
            ("{% include 'etc' %}", ""),
            (&"x".repeat(MOST_SOURCE + 1), "4096 are allowed"),
        ] {
            let refused = Template::parse(source).unwrap_err();
            assert!(refused.contains(reason), "{source}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn any_template_ends(source in "(\\{\\{|\\}\\}|\\{%|%\\}|for|in|if|end|kind|facts|\\||\\(|\\)|[a-z0-9 .])*") {
            let _ = Template::parse(&source);
        }
    }
}
