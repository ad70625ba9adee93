//! Why none of several schemas fits: which of them was meant, or how to say which.

use serde_json::{Map, Value as Json};

use super::checker::{Checker, is_of};
use super::compare::equal;
use super::path::Path;
use super::words::{either, kinds, listed, names};
use crate::instance::{Instance, Kind};
use crate::reference::{Target, follow};

/// References from one to the next.
const MAX_HOPS: usize = 16;

/// Branches inside branches.
const MAX_LEVELS: usize = 4;

/// Members of a variant that may be the one that tells which it is.
const MAX_TAGS: usize = 8;

impl<V: Instance> Checker<'_, V> {
    /// Says what is wrong with a value that fits none of these.
    pub(super) fn explain(&mut self, branches: &[Json], value: V, path: &Path<'_>) {
        if self.is_settled() {
            return;
        }
        if self.is_quiet() {
            return self.fail(path, String::new);
        }
        self.budget.spend(branches.len());
        let root = self.root();
        let kind = value.kind();
        let budget = &mut self.budget;
        let meant: Vec<Branch<'_>> = branches
            .iter()
            .map(|branch| Branch::read(branch, root))
            .filter(|branch| branch.is_for(kind, root, 0, &mut |work| budget.spend(work)))
            .collect();
        let before = self.errors();
        match &*meant {
            [] => {}
            [only] => self.check(only.schema, value, path),
            several if matches!(kind, Kind::Object(_)) => self.variants(several, value, path),
            several => self.values(several, value, path),
        }
        if self.errors() == before {
            let words = either(branches.iter().filter_map(|branch| {
                let branch = Branch::read(branch, root);
                branch.described()
            }));
            let found = kind.words();
            if words.is_empty() {
                self.fail(path, || format!("{found} fits nothing of what it may be"));
            } else {
                self.fail(path, || format!("expected {words}, found {found}"));
            }
        }
    }

    /// Of several variants of one kind that is no object.
    fn values(&mut self, several: &[Branch<'_>], value: V, path: &Path<'_>) {
        let listing: Vec<&Json> = several.iter().flat_map(Branch::values).collect();
        if several
            .iter()
            .all(|branch| branch.values().next().is_some())
        {
            self.fail(path, || format!("expected one of {}", listed(listing)));
        } else if let Some(first) = several.first() {
            self.check(first.schema, value, path);
        }
    }

    /// Of several variants that are objects.
    fn variants(&mut self, several: &[Branch<'_>], value: V, path: &Path<'_>) {
        if !self.budget.spend(several.iter().map(Branch::size).sum()) {
            return;
        }
        let work = &mut self.budget;
        let tagged = several.iter().find(|branch| {
            let (mut same, mut differ) = (false, false);
            for (name, only) in branch.tags() {
                if let Some(member) = value.member(name) {
                    match equal(member, only, work) {
                        true => same = true,
                        false => differ = true,
                    }
                }
            }
            same && !differ
        });
        let named = || {
            several.iter().find(|branch| {
                branch
                    .only_member()
                    .is_some_and(|name| value.member(name).is_some())
            })
        };
        if let Some(branch) = tagged.or_else(named) {
            return self.check(branch.schema, value, path);
        }
        if let Some(tag) = common_tag(several) {
            let place = Path::Member(path, tag);
            if value.member(tag).is_none() {
                return self.fail(&place, || "is missing".to_owned());
            }
            let tags = several.iter().flat_map(Branch::tags);
            let values: Vec<&Json> = tags
                .filter(|(name, _)| *name == tag)
                .map(|(_, only)| only)
                .collect();
            return self.fail(&place, || format!("expected one of {}", listed(values)));
        }
        let members: Vec<&str> = several.iter().filter_map(Branch::only_member).collect();
        if members.len() == several.len() {
            let mut found = Vec::new();
            value.for_each_member(&mut |name, _| {
                if found.len() < MAX_HOPS {
                    found.push(name.to_owned());
                }
            });
            return self.fail(path, || {
                let found = match found.is_empty() {
                    true => "none".to_owned(),
                    false => names(found.iter().map(String::as_str)),
                };
                format!(
                    "expected one of the members {}, found {found}",
                    names(members)
                )
            });
        }
        let missing = |branch: &&Branch<'_>| {
            let missing = branch
                .required()
                .filter(|name| value.member(name).is_none());
            missing.count()
        };
        if let Some(branch) = several.iter().min_by_key(missing) {
            self.check(branch.schema, value, path);
        }
    }
}

/// The member that says of all of them which one it is.
fn common_tag<'s>(several: &[Branch<'s>]) -> Option<&'s str> {
    let (first, others) = several.split_first()?;
    let mut tags = first.tags().map(|(name, _)| name).take(MAX_TAGS);
    tags.find(|tag| {
        let mut others = others.iter();
        others.all(|branch| branch.tags().any(|(name, _)| name == *tag))
    })
}

/// One of several schemas, and what it refers to.
struct Branch<'s> {
    schema: &'s Json,
    parts: Vec<&'s Map<String, Json>>,
}

impl<'s> Branch<'s> {
    fn read(schema: &'s Json, root: &'s Map<String, Json>) -> Self {
        let mut parts = Vec::new();
        let mut next = schema.as_object();
        while let Some(part) = next.filter(|_| parts.len() < MAX_HOPS) {
            parts.push(part);
            let target = part.get("$ref").and_then(Json::as_str);
            next = target.and_then(|target| match follow(root, target) {
                Target::Root => Some(root),
                Target::Part(part) => part.as_object(),
                Target::Nowhere | Target::Elsewhere => None,
            });
        }
        Self { schema, parts }
    }

    fn get(&self, keyword: &str) -> Option<&'s Json> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }

    fn has(&self, keywords: [&str; 2]) -> bool {
        keywords.iter().any(|keyword| self.get(keyword).is_some())
    }

    /// Whether it is for values of this kind.
    fn is_for(
        &self,
        kind: Kind<'_>,
        root: &'s Map<String, Json>,
        level: usize,
        spend: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        if !spend(self.parts.len()) {
            return false;
        }
        let mut wanted = self.parts.iter().filter_map(|part| part.get("type"));
        let kinds = wanted.clone().filter_map(Json::as_array).map(Vec::len);
        if !spend(kinds.sum()) {
            return false;
        }
        if self.get("type").is_some() {
            return wanted.all(|wanted| is_of(kind, wanted));
        }
        if let Some(value) = self.values().next() {
            return value.kind().words() == kind.words();
        }
        match kind {
            Kind::Object(_) if self.has(["properties", "required"]) => true,
            Kind::Array(_) if self.has(["items", "prefixItems"]) => true,
            _ => ["anyOf", "oneOf"].iter().any(|keyword| {
                let inner = self.get(keyword).and_then(Json::as_array);
                level < MAX_LEVELS
                    && inner.is_some_and(|inner| {
                        inner.iter().any(|branch| {
                            Self::read(branch, root).is_for(kind, root, level + 1, spend)
                        })
                    })
            }),
        }
    }

    /// What it takes, in a word.
    fn described(&self) -> Option<String> {
        if self.values().next().is_some() {
            return Some(match self.get("const") {
                Some(only) => listed([only]),
                None => format!("one of {}", listed(self.values())),
            });
        }
        match self.get("type") {
            Some(kind) => Some(kinds(kind)),
            None => self.get("properties").map(|_| "an object".to_owned()),
        }
    }

    /// All that it may be, if it says so.
    fn values(&self) -> impl Iterator<Item = &'s Json> + use<'s> {
        let only = self.get("const");
        let several = self.get("enum").filter(|_| only.is_none());
        let several = several.and_then(Json::as_array).into_iter().flatten();
        only.into_iter().chain(several)
    }

    /// How much work it is to read it.
    fn size(&self) -> usize {
        let properties = self.get("properties").and_then(Json::as_object);
        let required = self.get("required").and_then(Json::as_array);
        properties.map_or(0, Map::len) + required.map_or(0, Vec::len)
    }

    /// The members that can only have one value.
    fn tags(&self) -> impl Iterator<Item = (&'s str, &'s Json)> + use<'s> {
        let properties = self.get("properties").and_then(Json::as_object);
        properties
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| {
                let only = match (schema.get("const"), schema.get("enum")) {
                    (Some(only), _) => only,
                    (None, Some(Json::Array(several))) if several.len() == 1 => several.first()?,
                    _ => return None,
                };
                Some((name.as_str(), only))
            })
    }

    fn required(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let required = self.get("required").and_then(Json::as_array);
        required.into_iter().flatten().filter_map(Json::as_str)
    }

    /// Its member, if it has one, which it needs: a variant with its name around it.
    fn only_member(&self) -> Option<&'s str> {
        let properties = self.get("properties").and_then(Json::as_object)?;
        let mut names = properties.keys();
        let only = names.next().filter(|_| names.next().is_none())?;
        self.required().any(|name| name == only).then_some(only)
    }
}
