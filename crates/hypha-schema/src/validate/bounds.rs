//! Bounds of numbers, lengths and counts.

use std::cmp::Ordering;

use serde_json::{Map, Value as Json};

use super::checker::Checker;
use super::compare::{compare, is_multiple};
use super::path::Path;
use crate::instance::{Instance, Kind};

impl<V: Instance> Checker<'_, V> {
    pub(super) fn number(&mut self, schema: &Map<String, Json>, kind: Kind<'_>, path: &Path<'_>) {
        type Holds = fn(Ordering) -> bool;
        let bounds: [(_, _, Holds); 4] = [
            ("minimum", "at least", Ordering::is_ge),
            ("maximum", "at most", Ordering::is_le),
            ("exclusiveMinimum", "more than", Ordering::is_gt),
            ("exclusiveMaximum", "less than", Ordering::is_lt),
        ];
        let number = |keyword: &str| schema.get(keyword).filter(|bound| bound.is_number());
        for (keyword, words, holds) in bounds {
            if let Some(bound) = number(keyword)
                && !compare(kind, bound).is_some_and(holds)
            {
                self.fail(path, || format!("expected {words} {bound}"));
            }
        }
        if let Some(step) = number("multipleOf").filter(|step| !is_multiple(kind, step)) {
            self.fail(path, || format!("expected a multiple of {step}"));
        }
    }

    pub(super) fn text(&mut self, schema: &Map<String, Json>, text: &str, path: &Path<'_>) {
        let keywords = ("minLength", "maxLength");
        if schema.contains_key(keywords.0) || schema.contains_key(keywords.1) {
            self.budget.read(text.len());
            self.count(schema, text.chars().count(), keywords, "characters", path);
        }
    }

    pub(super) fn count(
        &mut self,
        schema: &Map<String, Json>,
        count: usize,
        (least, most): (&str, &str),
        what: &str,
        path: &Path<'_>,
    ) {
        if let Some(least) = bound(schema, least).filter(|least| count < *least) {
            self.fail(path, || {
                format!("expected at least {least} {what}, found {count}")
            });
        }
        if let Some(most) = bound(schema, most).filter(|most| count > *most) {
            self.fail(path, || {
                format!("expected at most {most} {what}, found {count}")
            });
        }
    }
}

/// A count, also one that is written as `3.0`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and not negative, and more than there is stays more than there is"
)]
fn bound(schema: &Map<String, Json>, keyword: &str) -> Option<usize> {
    let bound = schema.get(keyword)?;
    match bound.as_u64() {
        Some(bound) => Some(usize::try_from(bound).unwrap_or(usize::MAX)),
        None => bound
            .as_f64()
            .filter(|bound| *bound >= 0.0 && bound.fract() == 0.0)
            .map(|bound| bound as usize),
    }
}
