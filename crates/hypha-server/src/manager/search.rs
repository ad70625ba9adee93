//! `search_services`: services whose descriptions hold the words of a text.

use std::cmp::Reverse;
use std::sync::Arc;

use hypha_codec::{Map, Value};
use serde::Serialize;
use tokio::task::coop::consume_budget;

use super::caller::Caller;
use super::error::ManagerError;
use super::listing::listed;
use super::lookup::visible_info;
use super::query::Query;
use crate::hub::Hub;
use crate::identity::PUBLIC_WORKSPACE;
use crate::registry::ServiceRecord;

/// How many services are returned if the caller names no number, and at most.
const LIMIT: usize = 5;
const MAX_LIMIT: usize = 1000;

/// Words of a text that are looked for; there is no sense in more.
const MAX_WORDS: usize = 32;

/// Where words are looked for, and how much one found there counts.
const FIELDS: [(&str, u32); 5] = [
    ("id", 4),
    ("name", 4),
    ("type", 2),
    ("description", 2),
    ("docs", 1),
];

/// What `search_services` returns.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Found {
    Items(Vec<Map>),
    Page {
        items: Vec<Map>,
        total: usize,
        offset: usize,
        limit: usize,
    },
}

#[expect(clippy::too_many_arguments, reason = "the parameters of the method")]
pub(super) async fn search_services(
    hub: &Arc<Hub>,
    caller: &Caller,
    query: Option<Value>,
    filters: Option<Map>,
    limit: Option<usize>,
    offset: Option<usize>,
    return_fields: Option<Vec<String>>,
    order_by: Option<String>,
    pagination: Option<bool>,
    include_unlisted: Option<bool>,
) -> Result<Found, ManagerError> {
    let words = match query {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Text(text)) => words(&text),
        Some(_) => {
            return Err(ManagerError::Value(
                "This server searches by text, not by vectors".to_owned(),
            ));
        }
    };
    let limit = limit.unwrap_or(LIMIT).min(MAX_LIMIT);
    let offset = offset.unwrap_or(0);
    let all = candidates(hub, caller, filters, include_unlisted.unwrap_or(false)).await?;
    let mut scored = Vec::new();
    for service in all {
        // Others have their turn while this one is busy.
        consume_budget().await;
        let info = service.info.map();
        if let Some(score) = score(&service, &info, &words) {
            let order = order_by.as_deref();
            let order = order.map(|field| text_of(&service, &info, field).to_owned());
            scored.push((order, Reverse(score), service));
        }
    }
    scored.sort_by(|(one, high, _), (other, low, _)| (one, high).cmp(&(other, low)));
    let total = scored.len();
    let page = scored.iter().skip(offset).take(limit);
    let items = page.map(|(_, _, service)| {
        let info = visible_info(service, caller);
        match &return_fields {
            Some(fields) => info
                .into_iter()
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value)))
                .filter(|(key, _)| key == "id" || fields.contains(key))
                .collect(),
            None => info,
        }
    });
    let items = items.collect();
    Ok(if pagination.unwrap_or(false) {
        Found::Page {
            items,
            total,
            offset,
            limit,
        }
    } else {
        Found::Items(items)
    })
}

/// What is public, and what the caller sees in its own workspace.
async fn candidates(
    hub: &Hub,
    caller: &Caller,
    filters: Option<Map>,
    include_unlisted: bool,
) -> Result<Vec<Arc<ServiceRecord>>, ManagerError> {
    let own = caller.workspace();
    let named = filters.unwrap_or_default();
    let is_named = named.contains_key("workspace");
    let mut here = Query::parse(Some(named.clone().into()), own)?;
    let mut found = listed(
        hub,
        caller,
        &here,
        include_unlisted && here.workspace.as_deref() == Some(own),
    )
    .await?;
    if !is_named {
        // Everywhere else; what lies in the own workspace is there already.
        let mut everywhere = named;
        everywhere.insert("workspace", "*");
        if let Ok(query) = Query::parse(Some(everywhere.into()), own) {
            here = query;
            let others = listed(hub, caller, &here, false).await?;
            found.extend(
                others
                    .into_iter()
                    .filter(|service| service.workspace != own),
            );
        }
    }
    found.sort_by_key(|service| service.workspace != own && service.workspace != PUBLIC_WORKSPACE);
    Ok(found)
}

fn words(text: &str) -> Vec<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.take(MAX_WORDS).map(str::to_lowercase).collect()
}

/// How well a service fits: none if not all words are found. Without words all fit.
fn score(service: &ServiceRecord, info: &Map, words: &[String]) -> Option<u32> {
    let fields = FIELDS.map(|(field, weight)| {
        let text = text_of(service, info, field);
        (text.to_lowercase(), weight)
    });
    let mut score = 0;
    for word in words {
        let found = fields.iter().filter(|(text, _)| text.contains(word));
        let found: u32 = found.map(|(_, weight)| weight).sum();
        if found == 0 {
            return None;
        }
        score += found;
    }
    Some(score)
}

fn text_of<'a>(service: &'a ServiceRecord, info: &'a Map, field: &str) -> &'a str {
    // The ids of workspaces and clients are no words of a service.
    if field == "id" {
        return &service.service_id;
    }
    info.get(field).and_then(Value::as_str).unwrap_or_default()
}
