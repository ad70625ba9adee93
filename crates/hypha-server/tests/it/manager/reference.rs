//! What the reference server answers (`manager_api.json` of the recorded vectors), and what this one does.

use std::path::Path;

use hypha_client::{Service, Visibility};
use serde_json::{Value as Json, json};

use super::{call, guest, server};

/// What is answered otherwise, and why.
const OTHERWISE: [(&str, &str); 14] = [
    (
        "list_services",
        "with the built-in service, which Rust clients describe in their own words",
    ),
    ("get_service", "functions are compared by calling them"),
    (
        "get_service_camel",
        "functions are compared by calling them",
    ),
    (
        "get_service_star",
        "the reference forgets to put the id into its text",
    ),
    ("search_services", "this server searches"),
    ("get_events", "with ids and times"),
    ("generate_token", "a fresh one"),
    (
        "generate_token_bad_permission",
        "the reference ends its text with an address on the web",
    ),
    ("parse_token", "a fresh one"),
    ("revoke_token", "a fresh one"),
    (
        "delete_workspace",
        "the reference names a loader that this server does not have",
    ),
    ("get_summary", "with the built-in service"),
    ("list_clients", "with times"),
    ("ping_missing", "this server says why"),
];

fn vectors() -> Option<Vec<Json>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("tests/vectors/manager_api.json");
    let is_repository = root.join("crates").exists() && root.join("Cargo.toml").exists();
    assert!(
        file.exists() || !is_repository,
        "the vectors are missing from the repository"
    );
    let vectors = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&vectors).unwrap())
}

#[tokio::test]
async fn methods_take_the_same_arguments() {
    let Some(vectors) = vectors() else { return };
    let server = server().await;
    let client = guest(&server, "c").await;
    let manager = super::ok(&client, "get_service_info", [json!("~")]).await;
    let mut compared = 0;
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let Some(name) = name.strip_prefix("signature/") else {
            continue;
        };
        let schema = &manager["service_schema"][name]["function"];
        assert!(schema.is_object(), "no method {name}");
        let params = vector["params"].as_array().unwrap();
        let properties = schema["parameters"]["properties"].as_object();
        let names: Vec<_> = properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .collect();
        let wanted: Vec<_> = params
            .iter()
            .map(|param| param["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, wanted, "{name}");
        for param in params {
            let wanted = param["default"].clone();
            let parameter = param["name"].as_str().unwrap();
            let ours = &schema["parameters"]["properties"][parameter]["default"];
            assert_eq!(*ours, wanted, "{name}({parameter})");
            // Left out where nothing is required, as in the reference.
            let required = schema["parameters"]["required"].as_array();
            let is_required = required.is_some_and(|required| required.contains(&param["name"]));
            assert_eq!(json!(is_required), param["required"], "{name}({parameter})");
        }
        compared += 1;
    }
    assert_eq!(compared, 32);
}

#[tokio::test]
async fn methods_answer_the_same() {
    let Some(vectors) = vectors() else { return };
    let server = server().await;
    let client = guest(&server, "mgr-probe").await;
    let service = Service::new("x1")
        .name("X1")
        .kind("tt")
        .description("dd")
        .visibility(Visibility::Public)
        .method("f", async |a: String| a);
    client.register_service(service).await.unwrap();
    let user = client.user().unwrap().id.clone();
    let mut compared = 0;
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let Some(name) = name.strip_prefix("observed/") else {
            continue;
        };
        let (label, method) = name.split_once(':').unwrap_or((name, name));
        let args = vector["args"]
            .to_string()
            .replace("OWN-WS", client.workspace());
        let args: Vec<Json> = serde_json::from_str(&args).unwrap();
        let result = call(&client, method, args).await;
        if OTHERWISE.iter().any(|(otherwise, _)| *otherwise == label) {
            continue;
        }
        match (result, vector["error_last_line"].as_str()) {
            (Ok(result), None) => {
                let result = result.to_string();
                let result = result
                    .replace(client.workspace(), "OWN-WS")
                    .replace(&user, USER);
                let mut result: Json = serde_json::from_str(&result).unwrap();
                let mut wanted = vector["result"].clone();
                without_schemas(&mut result);
                without_schemas(&mut wanted);
                assert_eq!(result, wanted, "{label}");
            }
            (Err(error), Some(wanted)) => {
                let error = error.replace(client.workspace(), "OWN-WS");
                assert_eq!(error, wanted, "{label}");
            }
            (result, wanted) => panic!("{label}: {result:?} instead of {wanted:?}"),
        }
        compared += 1;
    }
    assert_eq!(compared, 32);
}

const USER: &str = "anonymouz-aquamarine-morocco-27090525";

/// Takes away what depends on the language of the provider.
fn without_schemas(value: &mut Json) {
    match value {
        Json::Object(map) => {
            map.remove("service_schema");
            map.values_mut().for_each(without_schemas);
        }
        Json::Array(items) => items.iter_mut().for_each(without_schemas),
        _ => {}
    }
}
