//! The keywords of JSON Schema.

use std::cmp::Ordering;

use serde_json::{Map, Value as Json};

use super::path::Path;
use super::{ValidationError, ValidationErrors};
use crate::function::DEFS;
use crate::instance::{Instance, Kind};

/// More is not told.
const MAX_ERRORS: usize = 16;

/// Levels of values, and of schemas inside schemas.
const MAX_DEPTH: usize = 128;

/// Steps of one validation: branches inside branches could take for ever.
const MAX_STEPS: usize = 1_000_000;

/// Items beyond this many are not compared with each other.
const MAX_UNIQUE: usize = 1024;

/// One validation.
pub(super) struct Checker<'a> {
    defs: &'a Map<String, Json>,
    errors: Vec<ValidationError>,
    /// How many schemas stand around the present one.
    nesting: usize,
    steps: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(defs: &'a Map<String, Json>) -> Self {
        Self {
            defs,
            errors: Vec::new(),
            nesting: 0,
            steps: 0,
        }
    }

    pub(super) fn finish(self) -> Result<(), ValidationErrors> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(ValidationErrors(self.errors))
        }
    }

    pub(super) fn fail(&mut self, path: &Path<'_>, message: String) {
        if self.errors.len() < MAX_ERRORS {
            let bare = message.starts_with("is ") || message.starts_with("was ");
            self.errors.push(ValidationError {
                path: path.words(),
                message,
                bare,
            });
        }
    }

    pub(super) fn check<I: Instance>(&mut self, schema: &Json, value: I, path: &Path<'_>) {
        self.steps += 1;
        if self.nesting >= MAX_DEPTH || path.depth() >= MAX_DEPTH || self.steps > MAX_STEPS {
            return self.fail(path, "is nested too deeply to be checked".to_owned());
        }
        match schema {
            Json::Bool(false) => self.fail(path, "is not allowed".to_owned()),
            Json::Object(schema) => {
                self.nesting += 1;
                self.check_object(schema, value, path);
                self.nesting -= 1;
            }
            // `true`, and what is no schema, is no restriction.
            _ => {}
        }
    }

    fn check_object<I: Instance>(&mut self, schema: &Map<String, Json>, value: I, path: &Path<'_>) {
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            match self.definition(target) {
                Some(target) => self.check(target, value, path),
                None => self.fail(
                    path,
                    "is described by something that is not there".to_owned(),
                ),
            }
        }
        let kind = value.kind();
        if let Some(wanted) = schema.get("type").filter(|wanted| !is_of(kind, wanted)) {
            let found = kind.words();
            return self.fail(path, format!("expected {}, found {found}", names(wanted)));
        }
        if let Some(Json::Array(allowed)) = schema.get("enum")
            && !allowed.iter().any(|allowed| equal(value, allowed, 0))
        {
            self.fail(path, format!("expected one of {}", listed(allowed)));
        }
        if let Some(only) = schema.get("const").filter(|only| !equal(value, only, 0)) {
            self.fail(
                path,
                format!("expected {}", listed(std::slice::from_ref(only))),
            );
        }
        self.branches(schema, value, path);
        match kind {
            Kind::Integer(_) | Kind::Float(_) => self.number(schema, kind, path),
            Kind::String(text) => {
                let bounds = [("minLength", "maxLength")];
                self.count(schema, text.chars().count(), bounds, "characters", path);
            }
            Kind::Array(items) => self.array(schema, value, items, path),
            Kind::Object(members) => self.object(schema, value, members, path),
            _ => {}
        }
    }

    fn definition(&self, target: &str) -> Option<&'a Json> {
        let name = target
            .strip_prefix("#/")?
            .strip_prefix(DEFS)?
            .strip_prefix('/')?;
        self.defs.get(name)
    }

    fn branches<I: Instance>(&mut self, schema: &Map<String, Json>, value: I, path: &Path<'_>) {
        if let Some(Json::Array(all)) = schema.get("allOf") {
            for one in all {
                self.check(one, value, path);
            }
        }
        for (keyword, exactly_one) in [("anyOf", false), ("oneOf", true)] {
            let Some(Json::Array(branches)) = schema.get(keyword) else {
                continue;
            };
            let (mut fitting, mut closest) = (0, None::<Vec<ValidationError>>);
            for branch in branches {
                let before = std::mem::take(&mut self.errors);
                self.check(branch, value, path);
                let found = std::mem::replace(&mut self.errors, before);
                if found.is_empty() {
                    fitting += 1;
                    if !exactly_one {
                        break;
                    }
                } else if mentions_kind(branch, value.kind()) {
                    // What the branch for this kind of value says is of use; that of the others is not.
                    closest.get_or_insert(found);
                }
            }
            match (fitting, exactly_one) {
                (1, _) => {}
                (0, _) => match closest {
                    Some(errors) => {
                        let room = MAX_ERRORS.saturating_sub(self.errors.len());
                        self.errors.extend(errors.into_iter().take(room));
                    }
                    None => {
                        let kinds: Vec<String> = branches.iter().filter_map(described).collect();
                        let found = value.kind().words();
                        self.fail(
                            path,
                            format!("expected {}, found {found}", kinds.join(" or ")),
                        );
                    }
                },
                (_, true) => self.fail(path, "is more than one of what it may be".to_owned()),
                (_, false) => {}
            }
        }
    }

    fn number(&mut self, schema: &Map<String, Json>, kind: Kind<'_>, path: &Path<'_>) {
        type Holds = fn(Ordering) -> bool;
        let bounds: [(_, _, Holds); 4] = [
            ("minimum", "at least", Ordering::is_ge),
            ("maximum", "at most", Ordering::is_le),
            ("exclusiveMinimum", "more than", Ordering::is_gt),
            ("exclusiveMaximum", "less than", Ordering::is_lt),
        ];
        for (keyword, words, holds) in bounds {
            if let Some(bound) = schema.get(keyword).filter(|bound| bound.is_number())
                && !compare(&kind, bound).is_some_and(holds)
            {
                self.fail(path, format!("expected {words} {bound}"));
            }
        }
    }

    fn count<const N: usize>(
        &mut self,
        schema: &Map<String, Json>,
        count: usize,
        keywords: [(&str, &str); N],
        what: &str,
        path: &Path<'_>,
    ) {
        let bound = |keyword: &str| {
            let bound = schema.get(keyword).and_then(Json::as_u64)?;
            usize::try_from(bound).ok()
        };
        for (least, most) in keywords {
            if let Some(least) = bound(least).filter(|least| count < *least) {
                self.fail(
                    path,
                    format!("expected at least {least} {what}, found {count}"),
                );
            }
            if let Some(most) = bound(most).filter(|most| count > *most) {
                self.fail(
                    path,
                    format!("expected at most {most} {what}, found {count}"),
                );
            }
        }
    }

    fn array<I: Instance>(
        &mut self,
        schema: &Map<String, Json>,
        value: I,
        length: usize,
        path: &Path<'_>,
    ) {
        self.count(schema, length, [("minItems", "maxItems")], "items", path);
        let first: &[Json] = match schema.get("prefixItems") {
            Some(Json::Array(first)) => first,
            _ => &[],
        };
        let rest = schema.get("items");
        if first.is_empty() && rest.is_none() {
            return self.unique(schema, value, length, path);
        }
        for index in 0..length {
            if self.errors.len() >= MAX_ERRORS || self.steps > MAX_STEPS {
                return;
            }
            if let (Some(item), Some(schema)) = (value.item(index), first.get(index).or(rest)) {
                self.check(schema, item, &Path::Item(path, index));
            }
        }
        self.unique(schema, value, length, path);
    }

    fn unique<I: Instance>(
        &mut self,
        schema: &Map<String, Json>,
        value: I,
        length: usize,
        path: &Path<'_>,
    ) {
        if schema.get("uniqueItems") != Some(&Json::Bool(true)) || length > MAX_UNIQUE {
            return;
        }
        for index in 0..length {
            for earlier in 0..index {
                if let (Some(one), Some(other)) = (value.item(earlier), value.item(index))
                    && same(one, other, 0)
                {
                    self.fail(&Path::Item(path, index), "is there twice".to_owned());
                    return;
                }
            }
        }
    }

    fn object<I: Instance>(
        &mut self,
        schema: &Map<String, Json>,
        value: I,
        members: usize,
        path: &Path<'_>,
    ) {
        self.count(
            schema,
            members,
            [("minProperties", "maxProperties")],
            "members",
            path,
        );
        for name in schema
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(name) = name.as_str().filter(|name| value.member(name).is_none()) {
                self.fail(&Path::Member(path, name), "is missing".to_owned());
            }
        }
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        if properties.is_none() && others.is_none() {
            return;
        }
        value.for_each_member(&mut |name, member| {
            if self.errors.len() >= MAX_ERRORS || self.steps > MAX_STEPS {
                return;
            }
            let known = properties.and_then(|properties| properties.get(name));
            let path = Path::Member(path, name);
            match (known, others) {
                (Some(schema), _) => self.check(schema, member, &path),
                (None, Some(Json::Bool(false))) => self.fail(&path, "is not known".to_owned()),
                (None, Some(schema)) => self.check(schema, member, &path),
                (None, None) => {}
            }
        });
    }
}

fn is_of(kind: Kind<'_>, wanted: &Json) -> bool {
    match wanted {
        Json::String(name) => match (name.as_str(), kind) {
            ("null", Kind::Null)
            | ("boolean", Kind::Bool(_))
            | ("integer", Kind::Integer(_))
            | ("number", Kind::Integer(_) | Kind::Float(_))
            | ("string", Kind::String(_))
            | ("array", Kind::Array(_))
            | ("object", Kind::Object(_)) => true,
            ("integer", Kind::Float(number)) => number.fract() == 0.0,
            _ => false,
        },
        Json::Array(names) => names.iter().any(|name| is_of(kind, name)),
        _ => true,
    }
}

fn names(wanted: &Json) -> String {
    match wanted {
        Json::String(name) => match name.as_str() {
            "null" => "null".to_owned(),
            vowel if vowel.starts_with(['a', 'i', 'o']) => format!("an {vowel}"),
            name => format!("a {name}"),
        },
        Json::Array(kinds) => kinds.iter().map(names).collect::<Vec<_>>().join(" or "),
        _ => "something else".to_owned(),
    }
}

/// What a branch takes, in a word.
fn described(branch: &Json) -> Option<String> {
    match (branch.get("type"), branch.get("enum")) {
        (_, Some(Json::Array(allowed))) => Some(format!("one of {}", listed(allowed))),
        (Some(kind), _) => Some(names(kind)),
        _ if branch.get("$ref").is_some() => Some("an object".to_owned()),
        _ => None,
    }
}

/// Whether a branch is for values of this kind.
fn mentions_kind(branch: &Json, kind: Kind<'_>) -> bool {
    let is_object = || branch.get("$ref").is_some() && matches!(kind, Kind::Object(_));
    branch
        .get("type")
        .map_or_else(is_object, |wanted| is_of(kind, wanted))
}

fn listed(values: &[Json]) -> String {
    let mut words: Vec<String> = values
        .iter()
        .take(20)
        .map(|value| {
            let text = value.to_string();
            if text.len() > 100 {
                "...".to_owned()
            } else {
                text
            }
        })
        .collect();
    if values.len() > words.len() {
        words.push("...".to_owned());
    }
    words.join(", ")
}

fn compare(value: &Kind<'_>, bound: &Json) -> Option<Ordering> {
    let whole = |bound: &Json| {
        let signed = bound.as_i64().map(i128::from);
        signed.or_else(|| bound.as_u64().map(i128::from))
    };
    match (value, whole(bound)) {
        (Kind::Integer(value), Some(bound)) => Some(value.cmp(&bound)),
        (value, _) => as_f64(*value)?.partial_cmp(&bound.as_f64()?),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers are compared as JSON readers do"
)]
fn as_f64(kind: Kind<'_>) -> Option<f64> {
    match kind {
        Kind::Integer(number) => Some(number as f64),
        Kind::Float(number) => Some(number),
        _ => None,
    }
}

/// Whether a value is this one.
fn equal<I: Instance>(value: I, expected: &Json, depth: usize) -> bool {
    same_of(value, expected, depth, &mut |value, expected, depth| {
        equal(value, expected, depth)
    })
}

/// Whether two values are the same.
fn same<I: Instance>(one: I, other: I, depth: usize) -> bool {
    same_of(one, other, depth, &mut |one, other, depth| {
        same(one, other, depth)
    })
}

fn same_of<I: Instance, J: Instance>(
    one: I,
    other: J,
    depth: usize,
    inner: &mut dyn FnMut(I, J, usize) -> bool,
) -> bool {
    if depth >= MAX_DEPTH {
        return false;
    }
    match (one.kind(), other.kind()) {
        (Kind::Array(length), Kind::Array(others)) => {
            length == others
                && (0..length).all(|index| match (one.item(index), other.item(index)) {
                    (Some(one), Some(other)) => inner(one, other, depth + 1),
                    _ => false,
                })
        }
        (Kind::Object(members), Kind::Object(others)) => {
            let mut all = members == others;
            one.for_each_member(&mut |name, value| {
                all = all
                    && other
                        .member(name)
                        .is_some_and(|other| inner(value, other, depth + 1));
            });
            all
        }
        (Kind::Integer(_) | Kind::Float(_), Kind::Integer(_) | Kind::Float(_)) => {
            match (one.kind(), other.kind()) {
                (Kind::Integer(one), Kind::Integer(other)) => one == other,
                (one, other) => as_f64(one) == as_f64(other),
            }
        }
        (Kind::Other(_), _) | (_, Kind::Other(_)) => false,
        (one, other) => one == other,
    }
}
