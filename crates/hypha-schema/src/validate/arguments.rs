//! The arguments of a call.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::ValidationErrors;
use super::checker::Checker;
use super::path::Path;
use super::words::{names as listed, printable};
use crate::function::{CONTEXT, FunctionSchema};
use crate::instance::{Instance, Kind};
use crate::reference::{Target, follow};

/// Schemas that are looked through for the names of further arguments, and names in them.
const MAX_SCHEMAS: usize = 10_000;

/// Schemas inside schemas.
const MAX_LEVELS: usize = 32;

/// Checks the arguments of a call, as the object that they make together.
pub(crate) fn arguments<I: Instance>(
    function: &FunctionSchema,
    positional: &[I],
    named: &[(&str, I)],
) -> Result<(), ValidationErrors> {
    let names: Vec<&str> = function.positional().collect();
    let further = Further::of(function.parameters());
    // JavaScript pads calls with nulls for arguments it leaves undefined.
    let given = positional
        .iter()
        .rposition(|value| value.kind() != Kind::Null)
        .map_or(0, |last| last + 1);
    let mut by_name = HashMap::with_capacity(named.len());
    for (name, value) in named {
        by_name.entry(*name).or_insert(*value);
    }
    let (mut together, mut twice, mut unknown) = (Together::new(), Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        let by_name = by_name.get(name).copied();
        let by_place = positional.get(index).copied();
        if by_place.is_some() && by_name.is_some() {
            twice.push(*name);
        }
        let Some(value) = by_place.or(by_name) else {
            continue;
        };
        // An argument that may be left out and is null counts as left out.
        if value.kind() != Kind::Null || function.requires(name) {
            together.add(name, value);
        }
    }
    for (name, value) in named {
        if function.parameter(name).is_some() || *name == CONTEXT {
            continue;
        }
        if further.take(name) {
            together.add(name, *value);
        } else {
            unknown.push(*name);
        }
    }
    let mut checker = Checker::new(function.parameters(), Given::Together(&together));
    if given > names.len() {
        let takes = names.len();
        checker.fail(&Path::Root, || {
            format!("the function takes {takes} arguments, {given} were given")
        });
    }
    for name in unknown {
        checker.fail(&Path::Root, || {
            let name = printable(name);
            let known = listed(names.iter().copied().chain(further.told()));
            if known.is_empty() {
                format!("the function has no parameter `{name}`; it takes no arguments")
            } else {
                format!("the function has no parameter `{name}`; it has {known}")
            }
        });
    }
    for name in twice {
        let path = Path::Member(&Path::Arguments, name);
        checker.fail(&path, || "was given twice".to_owned());
    }
    checker.check_arguments(Given::Together(&together));
    checker.finish()
}

/// Arguments that are described beside the parameters: by the variants of a type, or all that are not known.
struct Further<'s> {
    names: HashSet<&'s str>,
    /// In order, for messages.
    told: Vec<&'s str>,
    /// Any name may be one.
    open: bool,
    schemas: usize,
}

impl<'s> Further<'s> {
    fn of(parameters: &'s Map<String, Json>) -> Self {
        let mut further = Self {
            names: HashSet::new(),
            told: Vec::new(),
            open: false,
            schemas: 0,
        };
        further.read(parameters, parameters, 0);
        further
    }

    fn read(&mut self, schema: &'s Map<String, Json>, root: &'s Map<String, Json>, level: usize) {
        self.schemas += 1;
        let open = matches!(
            schema.get("additionalProperties"),
            Some(Json::Bool(true) | Json::Object(_))
        );
        if open
            || schema.contains_key("patternProperties")
            || self.schemas > MAX_SCHEMAS
            || level > MAX_LEVELS
        {
            // The schema decides then.
            self.open = true;
            return;
        }
        // Those of the function itself have their places.
        let properties = schema.get("properties").filter(|_| level > 0);
        let properties = properties.and_then(Json::as_object).into_iter().flatten();
        let required = schema.get("required").and_then(Json::as_array);
        let required = required.into_iter().flatten().filter_map(Json::as_str);
        for name in properties.map(|(name, _)| name.as_str()).chain(required) {
            let is_place = root
                .get("properties")
                .is_some_and(|own| own.get(name).is_some());
            self.schemas += 1;
            if name != CONTEXT && !is_place && self.names.insert(name) {
                self.told.push(name);
            }
        }
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            match follow(root, target) {
                Target::Part(Json::Object(part)) => self.read(part, root, level + 1),
                Target::Elsewhere => self.open = true,
                Target::Part(_) | Target::Root | Target::Nowhere => {}
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = schema.get(keyword).and_then(Json::as_array);
            for branch in branches.into_iter().flatten().filter_map(Json::as_object) {
                if self.open {
                    return;
                }
                self.read(branch, root, level + 1);
            }
        }
    }

    fn take(&self, name: &str) -> bool {
        self.open || self.names.contains(name)
    }

    fn told(&self) -> impl Iterator<Item = &'s str> {
        self.told.iter().copied()
    }
}

/// All arguments of a call.
struct Together<'g, I> {
    in_order: Vec<(&'g str, I)>,
    by_name: HashMap<&'g str, I>,
}

impl<'g, I: Instance> Together<'g, I> {
    fn new() -> Self {
        Self {
            in_order: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    fn add(&mut self, name: &'g str, value: I) {
        if self.by_name.insert(name, value).is_none() {
            self.in_order.push((name, value));
        }
    }
}

/// The object of all arguments, or something in it.
enum Given<'g, I> {
    Together(&'g Together<'g, I>),
    One(I),
}

impl<I: Copy> Clone for Given<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I: Copy> Copy for Given<'_, I> {}

impl<I: Instance> Instance for Given<'_, I> {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Together(all) => Kind::Object(all.in_order.len()),
            Self::One(value) => value.kind(),
        }
    }

    fn item(&self, index: usize) -> Option<Self> {
        match self {
            Self::Together(_) => None,
            Self::One(value) => value.item(index).map(Self::One),
        }
    }

    fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Together(all) => all.by_name.get(name).copied().map(Self::One),
            Self::One(value) => value.member(name).map(Self::One),
        }
    }

    fn for_each_member(&self, visit: &mut dyn FnMut(&str, Self)) {
        match self {
            Self::Together(all) => {
                for (name, value) in &all.in_order {
                    visit(name, Self::One(*value));
                }
            }
            Self::One(value) => {
                value.for_each_member(&mut |name, value| visit(name, Self::One(value)));
            }
        }
    }

    fn has_odd_members(&self) -> bool {
        match self {
            Self::Together(_) => false,
            Self::One(value) => value.has_odd_members(),
        }
    }
}
