//! Services as OpenAPI documents.

use serde_json::{Map, Value as Json, json};

use crate::function::DEFS;
use crate::naming::escaped_segment;
use crate::service::ServiceSchema;

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
            let mut body = Json::Object(body);
            if let Some(defs) = defs {
                // `#` is the document: a schema that refers to its own parts is a document of its own.
                if let Json::Object(body) = &mut body {
                    body.insert("$id".to_owned(), json!(format!("urn:hypha:{path}")));
                    body.insert(DEFS.to_owned(), defs);
                }
            }
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
