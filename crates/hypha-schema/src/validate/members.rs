//! What is inside: members of objects, items of arrays.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::checker::Checker;
use super::compare::repeated;
use super::path::Path;
use crate::instance::Instance;

/// So many members that are required, times members that are there, are looked up one by one.
const FEW: usize = 256;

/// Members that tell variants apart are looked at first; nobody has more.
const MAX_TAGS: usize = 8;

impl<V: Instance> Checker<'_, V> {
    pub(super) fn array(
        &mut self,
        schema: &Map<String, Json>,
        value: V,
        length: usize,
        path: &Path<'_>,
    ) {
        self.count(schema, length, ("minItems", "maxItems"), "items", path);
        let first: &[Json] = match schema.get("prefixItems") {
            Some(Json::Array(first)) => first,
            _ => &[],
        };
        let rest = schema.get("items");
        let described = if rest.is_some() {
            length
        } else {
            first.len().min(length)
        };
        for index in 0..described {
            if self.is_settled() {
                return;
            }
            if let (Some(item), Some(schema)) = (value.item(index), first.get(index).or(rest)) {
                self.check_inner(schema, item, &Path::Item(path, index));
            }
        }
        if schema.get("uniqueItems") == Some(&Json::Bool(true))
            && let Some(index) = repeated(value, length, &mut self.budget)
        {
            self.fail(&Path::Item(path, index), || "is there twice".to_owned());
        }
    }

    pub(super) fn object(
        &mut self,
        schema: &Map<String, Json>,
        value: V,
        length: usize,
        path: &Path<'_>,
    ) {
        let keywords = ("minProperties", "maxProperties");
        self.count(schema, length, keywords, "members", path);
        if let Some(Json::Array(required)) = schema.get("required") {
            self.required(required, value, length, path);
        }
        let members = Members::of(schema);
        if members.is_open() {
            return;
        }
        if members.others.is_some() && !members.is_known {
            self.passed_over();
        }
        if members.restricts_others() && value.has_odd_members() {
            self.fail(path, || {
                "has a member whose name is neither text nor an integer".to_owned()
            });
        }
        if self.is_quiet() {
            self.tags(&members, value, path);
        }
        value.for_each_member(&mut |name, member| {
            if !self.is_settled() && self.budget.spend(1) {
                self.member(&members, name, member, &Path::Member(path, name));
            }
        });
    }

    fn required(&mut self, required: &[Json], value: V, length: usize, path: &Path<'_>) {
        if self.is_settled() || !self.budget.spend(required.len()) {
            return;
        }
        let names = required.iter().filter_map(Json::as_str);
        if required.len().saturating_mul(length) <= FEW {
            for name in names {
                if value.member(name).is_none() {
                    self.fail(&Path::Member(path, name), || "is missing".to_owned());
                }
            }
            return;
        }
        // To look one up can take as long as there are members.
        self.budget.spend(length);
        let mut missing: HashMap<&str, bool> = names.clone().map(|name| (name, true)).collect();
        value.for_each_member(&mut |name, _| {
            if let Some(missing) = missing.get_mut(name) {
                *missing = false;
            }
        });
        for name in names {
            if missing.get(name) == Some(&true) {
                self.fail(&Path::Member(path, name), || "is missing".to_owned());
            }
        }
    }

    /// What tells that this is another variant is there at once, and saves looking at all that is inside.
    fn tags(&mut self, members: &Members<'_>, value: V, path: &Path<'_>) {
        self.budget.spend(members.properties.map_or(0, Map::len));
        let tags = members.properties.into_iter().flatten();
        let tags = tags
            .filter(|(_, schema)| schema.get("const").is_some() || schema.get("enum").is_some());
        for (name, schema) in tags.take(MAX_TAGS) {
            if let Some(member) = value.member(name) {
                self.check_inner(schema, member, &Path::Member(path, name));
            }
        }
    }

    fn member(&mut self, members: &Members<'_>, name: &str, member: V, path: &Path<'_>) {
        let mut known = false;
        self.budget.spend(members.patterns.map_or(0, Map::len));
        if let Some(schema) = members.properties.and_then(|known| known.get(name)) {
            known = true;
            self.check_inner(schema, member, path);
        }
        for (pattern, schema) in members.patterns.into_iter().flatten() {
            if KeyPattern::of(pattern).is_some_and(|pattern| pattern.matches(name)) {
                known = true;
                self.check_inner(schema, member, path);
            }
        }
        match members.others {
            // One of the patterns that nobody understood may be for it.
            _ if known || !members.is_known => {}
            Some(Json::Bool(false)) => self.fail(path, || "is not known".to_owned()),
            Some(schema) => self.check_inner(schema, member, path),
            None => {}
        }
    }
}

/// What a schema says of members.
struct Members<'s> {
    properties: Option<&'s Map<String, Json>>,
    patterns: Option<&'s Map<String, Json>>,
    /// Of all others.
    others: Option<&'s Json>,
    /// Whether all patterns are known.
    is_known: bool,
}

impl<'s> Members<'s> {
    fn of(schema: &'s Map<String, Json>) -> Self {
        let object = |keyword| schema.get(keyword).and_then(Json::as_object);
        let patterns = object("patternProperties");
        let mut all = patterns.into_iter().flatten();
        Self {
            properties: object("properties"),
            patterns,
            others: schema.get("additionalProperties"),
            is_known: all.all(|(pattern, _)| KeyPattern::of(pattern).is_some()),
        }
    }

    /// Whether it says nothing.
    fn is_open(&self) -> bool {
        self.properties.is_none() && self.patterns.is_none() && self.others.is_none()
    }

    fn restricts_others(&self) -> bool {
        match self.others {
            Some(Json::Bool(open)) => !open,
            Some(Json::Object(schema)) => !schema.is_empty(),
            _ => false,
        }
    }
}

/// The patterns that maps with integers as keys have.
#[derive(Clone, Copy)]
enum KeyPattern {
    Unsigned,
    Signed,
}

impl KeyPattern {
    fn of(pattern: &str) -> Option<Self> {
        match pattern {
            r"^\d+$" => Some(Self::Unsigned),
            r"^-?\d+$" => Some(Self::Signed),
            _ => None,
        }
    }

    fn matches(self, name: &str) -> bool {
        let digits = match self {
            Self::Unsigned => name,
            Self::Signed => name.strip_prefix('-').unwrap_or(name),
        };
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}
