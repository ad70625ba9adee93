//! Services as OpenAPI documents.

use std::cell::Cell;

use serde_json::{Map, Value as Json, json};

use crate::function::DEFS;
use crate::naming::escaped_segment;
use crate::reference::replace_references;
use crate::service::ServiceSchema;

fn refers_to_itself(schema: &mut Map<String, Json>) -> bool {
    let found = Cell::new(false);
    replace_references(schema, &|target| {
        found.set(found.get() || target.starts_with('#'));
        None
    });
    found.get()
}

impl ServiceSchema {
    /// An OpenAPI 3.1 document: each function is a `POST` of its arguments by name, below `base` (such as
    /// `/workspace/services/id`, without a slash at its end). What is no part of a URL in the names of functions is
    /// escaped; the `operationId`s are the names of [`tools`](Self::tools).
    #[must_use]
    pub fn to_openapi(&self, title: &str, version: &str, base: &str) -> Json {
        let mut paths = Map::new();
        for (path, function) in self.named_tools() {
            // It is part of URLs here.
            let path = escaped_segment(&path);
            let mut body = function.parameters().clone();
            let defs = body.shift_remove(DEFS);
            // `#` is the document: a schema that refers to its own parts is a document of its own.
            if defs.is_some() || refers_to_itself(&mut body) {
                body.insert("$id".to_owned(), json!(format!("urn:hypha:{path}")));
            }
            body.extend(defs.map(|defs| (DEFS.to_owned(), defs)));
            let operation = json!({
                "operationId": function.name(),
                "summary": function.description_text().lines().next().unwrap_or_default(),
                "description": function.description_text(),
                "requestBody": {
                    "required": true,
                    "content": { "application/json": { "schema": body } },
                },
                "responses": {
                    "200": {
                        "description": "The result",
                        "content": { "application/json": { "schema": {} } },
                    },
                },
            });
            paths.insert(format!("{base}/{path}"), json!({ "post": operation }));
        }
        json!({
            "openapi": "3.1.0",
            "info": { "title": title, "version": version },
            "paths": paths,
        })
    }
}
