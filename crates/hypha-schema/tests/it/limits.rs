//! How much work validation may be, and how deep what it looks at may go.

use hypha_schema::{FunctionSchema, Instance, Kind, Parameter, validate};
use schemars::JsonSchema;
use serde_json::{Map, Value as Json, json};

#[derive(JsonSchema)]
struct Point {
    x: f64,
    label: Option<String>,
}

#[derive(JsonSchema)]
struct Chain {
    next: Option<Box<Self>>,
}

#[derive(JsonSchema)]
enum Sum {
    Number(f64),
    Negative(Box<Self>),
    Of(Box<Self>, Box<Self>),
}

#[derive(JsonSchema)]
#[serde(tag = "kind")]
enum Tagged {
    Leaf { value: f64 },
    Both { left: Box<Self>, right: Box<Self> },
    Either { left: Box<Self>, right: Box<Self> },
}

fn function<T: JsonSchema>() -> FunctionSchema {
    FunctionSchema::new("f").param(Parameter::of::<T>("p"))
}

fn problem(schema: &Json, value: &Json) -> String {
    validate(schema, value).unwrap_err().to_string()
}

#[test]
fn large_arrays_fit() {
    let numbers = json!(vec![1; 1_100_000]);
    function::<Vec<f64>>().validate(&[&numbers], &[]).unwrap();
    let points = json!(vec![json!({ "x": 1, "label": "a" }); 1000]);
    function::<Vec<Point>>().validate(&[&points], &[]).unwrap();
}

#[test]
fn values_may_have_128_levels() {
    let nested = |levels: usize| (0..levels).fold(json!({}), |next, _| json!({ "next": next }));
    function::<Chain>().validate(&[&nested(127)], &[]).unwrap();
    let deep = function::<Chain>().validate(&[&nested(129)], &[]);
    let deep = deep.unwrap_err().to_string();
    assert!(deep.contains("nested too deeply"), "{deep}");
    // Each level of these is an object around a variant.
    let sum = (0..120).fold(json!({ "Number": 1 }), |sum, _| json!({ "Negative": sum }));
    function::<Sum>().validate(&[&sum], &[]).unwrap();
    let items = json!({ "items": { "$ref": "#" } });
    let lists = |levels: usize| (0..levels).fold(json!(1), |list, _| json!([list]));
    validate(&items, &lists(128)).unwrap();
    assert!(validate(&items, &lists(129)).is_err());
}

/// What tells variants apart is looked at before what is inside, also if it comes last.
#[test]
fn trees_of_variants_do_not_take_for_ever() {
    let leaf = json!({ "value": 1, "kind": "Leaf" });
    let tree = |leaf: Json| {
        (0..10).fold(
            leaf,
            |tree, _| json!({ "left": &tree, "right": &tree, "kind": "Either" }),
        )
    };
    function::<Tagged>().validate(&[&tree(leaf)], &[]).unwrap();
    let wrong = json!({ "value": "x", "kind": "Leaf" });
    let told = function::<Tagged>().validate(&[&tree(wrong)], &[]);
    let told = told.unwrap_err().to_string();
    assert!(
        told.contains("left.left.value`: expected a number"),
        "{told}"
    );
    let wrong = (0..40).fold(
        json!({ "Number": "x" }),
        |sum, _| json!({ "Negative": sum }),
    );
    let told = function::<Sum>().validate(&[&wrong], &[]).unwrap_err();
    assert!(
        told.to_string()
            .ends_with("Negative.Number`: expected a number, found a string")
    );
}

/// An object of so many members.
fn many(members: usize) -> Json {
    let members = (0..members).map(|number| (format!("k{number}"), json!(number)));
    Json::Object(members.collect())
}

/// Definitions that are each a choice of so many times the next one.
fn chosen(keyword: &str, width: usize, leaf: Json) -> Map<String, Json> {
    let mut defs = Map::new();
    for level in 0..8 {
        let next = json!({ "$ref": format!("#/$defs/a{}", level + 1) });
        defs.insert(
            format!("a{level}"),
            json!({ keyword: vec![next; width], "not": {} }),
        );
    }
    defs.insert("a8".to_owned(), leaf);
    defs
}

/// A schema that leads to its leaf half a million times.
fn doubled(leaf: Json) -> Json {
    let mut defs = Map::new();
    for level in 0..19 {
        let next = json!({ "$ref": format!("#/$defs/a{}", level + 1) });
        defs.insert(format!("a{level}"), json!({ "allOf": [next, next] }));
    }
    defs.insert("a19".to_owned(), leaf);
    json!({ "$defs": defs, "$ref": "#/$defs/a0" })
}

#[test]
fn hostile_schemas_do_not_take_for_ever() {
    let names: Vec<String> = (0..10_000).map(|number| format!("name{number}")).collect();
    let text = json!("x".repeat(100_000));
    for (leaf, value) in [
        (json!({ "required": names }), json!({})),
        (json!({ "enum": names }), json!("name9999")),
        (json!({ "enum": names }), json!(1)),
        (json!({ "minLength": 1 }), text.clone()),
        (json!({ "const": text }), text),
        (
            json!({ "uniqueItems": true }),
            Json::from(names[..500].to_vec()),
        ),
        (json!({ "not": { "enum": names } }), json!(1)),
        (
            json!({ "anyOf": vec![json!({ "type": "null" }); 10_000] }),
            json!(1),
        ),
        (json!({ "required": ["k0"] }), many(10_000)),
        (json!({ "const": many(10_000) }), many(10_001)),
        (json!({ "const": many(10_000) }), many(10_000)),
        (json!({ "type": vec!["integer"; 10_000] }), json!(1)),
        (json!({ "type": [vec!["integer"; 10_000]] }), json!(1)),
        (
            json!({ "not": { "not": { "properties": many(10_000) } } }),
            json!({}),
        ),
        (
            json!({ "patternProperties": many(10_000) }),
            json!({ "k": 1 }),
        ),
    ] {
        validate(&doubled(leaf), &value).unwrap_err();
    }
    let told = problem(&doubled(json!({ "enum": names })), &json!("name9999"));
    assert!(
        told.starts_with("it takes too long to check this"),
        "{told}"
    );
    let again = json!({ "$ref": "#/$defs/a" });
    let branches = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "anyOf": [again, again] } } });
    let told = problem(&branches, &json!(1));
    assert!(told.contains("without end"), "{told}");
}

/// A name is read each time that something leads to it.
#[test]
fn long_names_lead_nowhere() {
    let name = "x".repeat(1 << 20);
    let mut schema = doubled(json!({ "$ref": format!("#/$defs/{name}") }));
    schema["$defs"][&name] = json!(true);
    let told = problem(&schema, &json!(1));
    assert!(told.contains("something that is not there"), "{told}");
}

#[test]
fn explanations_do_not_take_for_ever() {
    for keyword in ["anyOf", "oneOf"] {
        let mut schema = json!({ keyword: [{ "$ref": "#/$defs/a0" }] });
        schema["$defs"] = Json::Object(chosen(keyword, 5000, json!({ "type": "null" })));
        let told = problem(&schema, &json!(1));
        assert!(told.starts_with("it takes too long"), "{told}");
    }
    // Variants that have all of their tags in common, but for one.
    let tags = |tags: usize| -> Json {
        let tags = (0..tags).map(|number| (format!("tag{number}"), json!({ "const": number })));
        json!({ "type": "object", "properties": Json::Object(tags.collect()) })
    };
    let mut branches = vec![json!({ "$ref": "#/$defs/tags" }); 3000];
    branches.push(json!({ "type": "object", "properties": {}, "required": ["a"] }));
    let schema = json!({ "anyOf": branches, "$defs": { "tags": tags(3000) } });
    let wrong = json!({ "tag0": 1 });
    assert!(validate(&schema, &wrong).is_err());
}

/// What a service says of its functions is read before anybody calls one.
#[test]
fn hostile_functions_are_read_at_once() {
    for keyword in ["anyOf", "oneOf"] {
        let mut defs = chosen(keyword, 100, json!({ "type": "object" }));
        for def in defs.values_mut() {
            def.as_object_mut().unwrap().remove("not");
        }
        let parameters = json!({ "$ref": "#/$defs/a0", "$defs": defs });
        let function =
            json!({ "type": "function", "function": { "name": "f", "parameters": parameters } });
        let read = FunctionSchema::from_value(&function).unwrap();
        assert!(read.validate(&[&json!(1)], &[]).is_err());
    }
}

/// Threads of runtimes have two megabytes.
#[test]
fn schemas_inside_schemas_fit_on_the_stack() {
    let check = || {
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let mut schema = json!({ "$defs": { "a": { keyword: [{ "$ref": "#/$defs/a" }] } } });
            schema["$ref"] = json!("#/$defs/a");
            assert!(validate(&schema, &json!(1)).is_err());
        }
        let both = json!({ "items": { "anyOf": [{ "oneOf": [{ "allOf": [{ "$ref": "#" }] }] }] } });
        let value = (0..128).fold(json!(1), |list, _| json!([list]));
        validate(&both, &value).unwrap();
        let members = json!({ "additionalProperties": { "anyOf": [{ "oneOf": [{ "allOf": [{ "$ref": "#" }] }] }] } });
        let value = (0..128).fold(json!(1), |member, _| json!({ "a": member }));
        validate(&members, &value).unwrap();
        let not = json!({ "not": { "not": { "$ref": "#" } } });
        assert!(validate(&not, &json!(1)).is_err());
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(check);
    thread.unwrap().join().unwrap();
}

/// None of them is the same as any other, and all of them look alike.
#[test]
fn many_items_that_are_the_same_as_nothing() {
    #[derive(Clone, Copy)]
    enum Odd {
        Many(usize, bool, Kind<'static>),
        One(Kind<'static>),
    }

    impl Instance for Odd {
        fn kind(&self) -> Kind<'_> {
            match self {
                Self::Many(length, ..) => Kind::Array(*length),
                Self::One(kind) => *kind,
            }
        }
        fn item(&self, _: usize) -> Option<Self> {
            match self {
                Self::Many(_, true, kind) => Some(Self::Many(1, false, *kind)),
                Self::Many(_, false, kind) => Some(Self::One(*kind)),
                Self::One(_) => None,
            }
        }
        fn member(&self, _: &str) -> Option<Self> {
            None
        }
        fn for_each_member(&self, _: &mut dyn FnMut(&str, Self)) {}
    }

    let unique = Parameter::new("p").schema(json!({ "uniqueItems": true }));
    let function = FunctionSchema::new("f").param(unique);
    for kind in [Kind::Other("bytes"), Kind::Float(f64::NAN)] {
        let many = Odd::Many(200_000, false, kind);
        function.validate(&[many], &[]).unwrap();
        let inside = Odd::Many(5_000, true, kind);
        let told = function.validate(&[inside], &[]).unwrap_err().to_string();
        assert!(told.contains("it takes too long"), "{told}");
    }
}

#[test]
fn items_that_are_there_twice() {
    let unique = json!({ "uniqueItems": true });
    let mut many: Vec<Json> = (0..5000)
        .map(|number| json!({ "number": number, "list": [number, "a"] }))
        .collect();
    validate(&unique, &Json::from(many.clone())).unwrap();
    many.push(json!({ "list": [7.0, "a"], "number": 7 }));
    let told = problem(&unique, &Json::from(many));
    assert_eq!(told, "`[5000]` is there twice");
    validate(
        &unique,
        &json!([1, "1", true, [1], { "a": 1 }, { "b": 1 }, null]),
    )
    .unwrap();
    assert!(validate(&unique, &json!([0.0, -0.0])).is_err());
    assert!(validate(&unique, &json!([1, 1.0])).is_err());
    validate(&unique, &json!([1e300, 2e300, 0.5, 1.5])).unwrap();
    // One float for them all.
    let ids: Vec<u64> = (0..20_000).map(|id| u64::MAX - id).collect();
    validate(&unique, &json!(ids)).unwrap();
    let object = |last: usize| -> Json {
        let members = (0..8000).map(|number| (format!("key{number}"), json!(number == last)));
        Json::Object(members.collect())
    };
    validate(&unique, &json!([object(1), object(2)])).unwrap();
    assert!(validate(&unique, &json!([object(1), object(1)])).is_err());
}
