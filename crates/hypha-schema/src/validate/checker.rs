//! One validation: what was found, and when to stop.

use serde_json::{Map, Value as Json};

use super::budget::Budget;
use super::compare::equal;
use super::path::Path;
use super::words::{kinds, listed as told};
use super::{ValidationError, ValidationErrors};
use crate::instance::{Instance, Kind};
use crate::reference::{Target, follow};

/// More is not told.
const MAX_ERRORS: usize = 16;

/// Values inside values.
const MAX_DEPTH: usize = 128;

/// Schemas around a schema: those of the values around it, and those that lead from one value to the next. Each takes
/// part of the stack.
const MAX_NESTING: usize = 1024;

/// Entries of an `enum` that are one step of work.
const ENTRIES: usize = 8;

/// One validation.
pub(super) struct Checker<'a, V> {
    root: &'a Map<String, Json>,
    pub(super) budget: Budget<V>,
    errors: Vec<ValidationError>,
    /// Why it was not done to the end.
    given_up: Option<ValidationError>,
    /// While it is only asked whether something fits: whether it does, and no errors are made.
    quiet: Option<bool>,
    /// What fits may not fit, for all that is known: keywords were passed over.
    vague: bool,
    /// How many schemas stand around the present one.
    nesting: usize,
    depth: usize,
    deepest: usize,
}

/// Whether a value fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    No,
    Yes,
    /// It fits all that is known.
    Perhaps,
}

impl<'a, V: Instance> Checker<'a, V> {
    pub(super) fn new(root: &'a Map<String, Json>, whole: V) -> Self {
        Self {
            root,
            budget: Budget::new(whole),
            errors: Vec::new(),
            given_up: None,
            quiet: None,
            vague: false,
            nesting: 0,
            depth: 0,
            deepest: MAX_DEPTH,
        }
    }

    pub(super) fn root(&self) -> &'a Map<String, Json> {
        self.root
    }

    pub(super) fn finish(mut self) -> Result<(), ValidationErrors> {
        if self.budget.is_spent() {
            let message = "it takes too long to check this: its schema has too many branches, or lists too much"
                .to_owned();
            self.given_up = Some(ValidationError::new(&Path::Root, message));
        }
        match self.given_up {
            Some(error) => Err(ValidationErrors(vec![error])),
            None if self.errors.is_empty() => Ok(()),
            None => Err(ValidationErrors(self.errors)),
        }
    }

    /// Whether nothing that could still be found makes a difference.
    pub(super) fn is_settled(&self) -> bool {
        self.given_up.is_some()
            || self.budget.is_spent()
            || match self.quiet {
                Some(fits) => !fits,
                None => self.errors.len() >= MAX_ERRORS,
            }
    }

    /// Whether errors are of no use.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.is_some()
    }

    pub(super) fn fail(&mut self, path: &Path<'_>, message: impl FnOnce() -> String) {
        if self.is_settled() {
            return;
        }
        match &mut self.quiet {
            Some(fits) => *fits = false,
            None => self.errors.push(ValidationError::new(path, message())),
        }
    }

    /// What fits is only known to fit as far as this is understood.
    pub(super) fn passed_over(&mut self) {
        self.vague = true;
    }

    fn give_up(&mut self, path: &Path<'_>, why: &str) {
        if !self.is_settled() {
            self.given_up = Some(ValidationError::new(path, why.to_owned()));
        }
    }

    /// Whether a value fits, without errors.
    pub(super) fn fits(&mut self, schema: &Json, value: V, path: &Path<'_>) -> Fit {
        let around = (self.quiet.replace(true), self.vague);
        self.vague = false;
        self.check(schema, value, path);
        let fit = match (self.quiet, self.vague) {
            (Some(true), true) => Fit::Perhaps,
            (Some(true), false) => Fit::Yes,
            _ => Fit::No,
        };
        (self.quiet, self.vague) = around;
        fit
    }

    pub(super) fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Checks a value inside the present one.
    pub(super) fn check_inner(&mut self, schema: &Json, value: V, path: &Path<'_>) {
        if self.depth >= self.deepest {
            return self.give_up(path, "is nested too deeply to be checked");
        }
        self.depth += 1;
        self.check(schema, value, path);
        self.depth -= 1;
    }

    /// Checks the object of all arguments, which is no value around them.
    pub(super) fn check_arguments(&mut self, arguments: V) {
        let root = self.root;
        self.deepest = MAX_DEPTH + 1;
        self.check_object(root, arguments, &Path::Arguments);
    }

    pub(super) fn check(&mut self, schema: &Json, value: V, path: &Path<'_>) {
        if self.is_settled() || !self.budget.spend(1) {
            return;
        }
        match schema {
            Json::Bool(false) => self.fail(path, || "is not allowed".to_owned()),
            Json::Object(schema) => self.check_object(schema, value, path),
            // `true`, and what is no schema, is no restriction.
            _ => {}
        }
    }

    fn check_object(&mut self, schema: &Map<String, Json>, value: V, path: &Path<'_>) {
        if self.nesting >= MAX_NESTING {
            return self.give_up(path, "is described by schemas inside schemas without end");
        }
        self.nesting += 1;
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            self.referred(target, value, path);
        }
        if self.is_of_kind(schema, value, path) {
            self.listed(schema, value, path);
            self.branches(schema, value, path);
            match value.kind() {
                kind @ (Kind::Integer(_) | Kind::Float(_)) => self.number(schema, kind, path),
                Kind::String(text) => self.text(schema, text, path),
                Kind::Array(length) => self.array(schema, value, length, path),
                Kind::Object(length) => self.object(schema, value, length, path),
                _ => {}
            }
        }
        if self.is_quiet() && !self.vague {
            self.vague = schema.keys().any(|keyword| !is_known(keyword));
        }
        self.nesting -= 1;
    }

    fn referred(&mut self, target: &str, value: V, path: &Path<'_>) {
        match follow(self.root, target) {
            Target::Part(part) => self.check(part, value, path),
            Target::Root if self.budget.spend(1) => {
                let root = self.root;
                self.check_object(root, value, path);
            }
            Target::Root => {}
            Target::Nowhere => self.fail(path, || {
                "is described by something that is not there".to_owned()
            }),
            Target::Elsewhere => self.passed_over(),
        }
    }

    fn is_of_kind(&mut self, schema: &Map<String, Json>, value: V, path: &Path<'_>) -> bool {
        let kind = value.kind();
        if let Some(Json::Array(kinds)) = schema.get("type") {
            self.budget.spend(kinds.len() / ENTRIES);
        }
        let Some(wanted) = schema.get("type").filter(|wanted| !is_of(kind, wanted)) else {
            return true;
        };
        let found = kind.words();
        self.fail(path, || {
            format!("expected {}, found {found}", kinds(wanted))
        });
        false
    }

    /// `enum` and `const`.
    fn listed(&mut self, schema: &Map<String, Json>, value: V, path: &Path<'_>) {
        if let Some(Json::Array(allowed)) = schema.get("enum") {
            self.budget.spend(allowed.len() / ENTRIES);
            let mut allowed_values = allowed.iter();
            if !allowed_values.any(|allowed| equal(value, allowed, &mut self.budget)) {
                self.fail(path, || format!("expected one of {}", told(allowed)));
            }
        }
        if let Some(only) = schema.get("const")
            && !equal(value, only, &mut self.budget)
        {
            self.fail(path, || format!("expected {}", told([only])));
        }
    }
}

/// Whether a value is of a kind that `type` names.
pub(super) fn is_of(kind: Kind<'_>, wanted: &Json) -> bool {
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
        Json::Array(names) => names
            .iter()
            .any(|name| name.is_string() && is_of(kind, name)),
        _ => true,
    }
}

/// Whether a keyword is checked, or restricts nothing.
fn is_known(keyword: &str) -> bool {
    matches!(
        keyword,
        "$ref"
            | "type"
            | "enum"
            | "const"
            | "not"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "required"
            | "minProperties"
            | "maxProperties"
            | "items"
            | "prefixItems"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "minLength"
            | "maxLength"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "multipleOf"
            | "$defs"
            | "definitions"
            | "$schema"
            | "$id"
            | "$anchor"
            | "$comment"
            | "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
    )
}
