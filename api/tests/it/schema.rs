//! The schema as a promise: its file is current, and everything in it is described.

use serde_json::Value;

use crate::world::{Api, plain};

#[test]
fn the_schema_file_is_what_the_code_serves() {
    let path = std::path::Path::new("schema.graphql");
    let current = yumascan_api::sdl();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == current,
        "api/schema.graphql is not current: run the tests with UPDATE=1 and read the diff"
    );
}

const INTROSPECTION: &str = "{ __schema { types { name kind description
    fields { name description args { name description } } inputFields { name description } enumValues { name description } } } }";

#[tokio::test]
async fn every_type_field_argument_and_value_is_described() {
    let api = Api::new(plain()).await;
    let data = api.data(INTROSPECTION).await;
    let own = |kind: &Value| {
        ["Int", "String", "Boolean", "Float", "ID"].iter().all(|builtin| kind["name"] != *builtin)
    };
    let mut lacking = Vec::new();
    let mut seen = 0;
    let types = data["__schema"]["types"].as_array().unwrap();
    for kind in types.iter().filter(|kind| own(kind) && !kind["name"].as_str().unwrap().starts_with("__")) {
        let name = kind["name"].as_str().unwrap();
        let mut check = |path: String, described: &Value| {
            seen += 1;
            if described["description"].as_str().is_none_or(|text| text.trim().len() < 4) {
                lacking.push(path);
            }
        };
        check(name.to_owned(), kind);
        for list in ["fields", "inputFields", "enumValues"] {
            for item in kind[list].as_array().into_iter().flatten() {
                check(format!("{name}.{}", item["name"]), item);
                for argument in item["args"].as_array().into_iter().flatten() {
                    check(format!("{name}.{}({})", item["name"], argument["name"]), argument);
                }
            }
        }
    }
    assert!(seen > 300, "{seen}");
    assert!(lacking.is_empty(), "without a description: {lacking:#?}");
}

#[tokio::test]
async fn fields_of_amounts_weights_and_sizes_name_their_unit() {
    let api = Api::new(plain()).await;
    let data = api.data(INTROSPECTION).await;
    for kind in data["__schema"]["types"].as_array().unwrap() {
        for field in kind["fields"].as_array().into_iter().flatten() {
            let (name, text) =
                (field["name"].as_str().unwrap(), field["description"].as_str().unwrap_or_default());
            let unit = match name {
                name if name.ends_with("Rao") => "rao",
                name if name.ends_with("RefTime") => "picoseconds",
                name if name.ends_with("ProofSize") || name.ends_with("Bytes") || name == "length" => "bytes",
                name if name.ends_with("Ms") => "illiseconds",
                _ => continue,
            };
            assert!(text.contains(unit), "{}.{name}: {text}", kind["name"]);
        }
    }
}

#[tokio::test]
async fn the_introspection_of_common_tools_is_answered() {
    let api = Api::new(plain()).await;
    // What code generators send: types nested through nine wrappers.
    let deep = (0..9).fold("kind name".to_owned(), |inner, _| format!("kind name ofType {{ {inner} }}"));
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }}
           types {{ ...FullType }} directives {{ name description locations args {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description specifiedByURL
           fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }}
           inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ {deep} }}"
    );
    assert_eq!(api.cost(&query).await, 0, "and asks nothing of the warehouse");
}
