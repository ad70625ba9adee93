//! Schemas that are put together of others.

use serde_json::{Map, Value as Json};

use super::checker::{Checker, Fit};
use super::path::Path;
use crate::instance::Instance;

impl<V: Instance> Checker<'_, V> {
    pub(super) fn branches(&mut self, schema: &Map<String, Json>, value: V, path: &Path<'_>) {
        if let Some(Json::Array(all)) = schema.get("allOf") {
            for one in all {
                self.check(one, value, path);
            }
        }
        if let Some(other) = schema.get("not") {
            self.is_not(other, value, path);
        }
        if let Some(Json::Array(branches)) = schema.get("anyOf") {
            self.any_of(branches, value, path);
        }
        if let Some(Json::Array(branches)) = schema.get("oneOf") {
            self.one_of(branches, value, path);
        }
    }

    fn is_not(&mut self, other: &Json, value: V, path: &Path<'_>) {
        if self.is_settled() {
            return;
        }
        match self.fits(other, value, path) {
            Fit::No => {}
            Fit::Perhaps => self.passed_over(),
            Fit::Yes => self.fail(path, || "is what it must not be".to_owned()),
        }
    }

    fn any_of(&mut self, branches: &[Json], value: V, path: &Path<'_>) {
        for branch in branches {
            if self.is_settled() {
                return;
            }
            match self.fits(branch, value, path) {
                Fit::No => {}
                Fit::Perhaps => return self.passed_over(),
                Fit::Yes => return,
            }
        }
        self.explain(branches, value, path);
    }

    /// Of branches of which not all is known, one more may fit than it should.
    fn one_of(&mut self, branches: &[Json], value: V, path: &Path<'_>) {
        let (mut fitting, mut perhaps) = (0_usize, 0_usize);
        for branch in branches {
            if self.is_settled() || fitting > 1 {
                break;
            }
            match self.fits(branch, value, path) {
                Fit::No => {}
                Fit::Yes => fitting += 1,
                Fit::Perhaps => perhaps += 1,
            }
        }
        match (fitting, perhaps) {
            (0, 0) => self.explain(branches, value, path),
            (0 | 1, 1..) => self.passed_over(),
            (1, 0) => {}
            _ => self.fail(path, || "is more than one of what it may be".to_owned()),
        }
    }
}
