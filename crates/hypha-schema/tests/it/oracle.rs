//! Validation beside a library that does all of JSON Schema.

use hypha_schema::validate;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        (-3_i64..4).prop_map(Json::from),
        prop_oneof![Just(0.5), Just(2.0), Just(-1.5)].prop_map(Json::from),
        "[ab]{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map("[ab]|-?[12]", inner, 0..3)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn schema() -> impl Strategy<Value = Json> {
    let kind = || {
        prop_oneof![
            Just("null"),
            Just("boolean"),
            Just("integer"),
            Just("number"),
            Just("string"),
            Just("array"),
            Just("object"),
        ]
    };
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        kind().prop_map(|kind| json!({ "type": kind })),
        (kind(), kind())
            .prop_filter("kinds differ", |(one, other)| one != other)
            .prop_map(|(one, other)| json!({ "type": [one, other] })),
        value().prop_map(|value| json!({ "const": value })),
        prop::collection::vec(value(), 1..3).prop_map(|values| json!({ "enum": values })),
        (-2_i64..3).prop_map(|bound| json!({ "minimum": bound })),
        (-2_i64..3).prop_map(|bound| json!({ "exclusiveMaximum": bound })),
        (0_u64..3).prop_map(|bound| json!({ "minLength": bound, "maxItems": bound })),
        (0_u64..3).prop_map(|bound| json!({ "maxLength": bound, "minItems": bound })),
        Just(json!({ "uniqueItems": true })),
        prop_oneof![
            Just(json!(1)),
            Just(json!(2)),
            Just(json!(0.5)),
            Just(json!(1.5))
        ]
        .prop_map(|step| json!({ "multipleOf": step })),
        Just(json!({ "$ref": "#/$defs/tree" })),
        Just(json!({ "$ref": "#/$defs/a~1b%20c/properties/a" })),
    ];
    leaf.prop_recursive(3, 20, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            inner.clone().prop_map(|items| json!({ "items": items })),
            inner.clone().prop_map(|other| json!({ "not": other })),
            (inner.clone(), inner.clone()).prop_map(|(unsigned, others)| {
                json!({ "patternProperties": { "^\\d+$": unsigned }, "additionalProperties": others })
            }),
            (inner.clone(), inner.clone()).prop_map(|(signed, a)| {
                json!({
                    "properties": { "a": a },
                    "patternProperties": { "^-?\\d+$": signed },
                    "additionalProperties": false,
                })
            }),
            (list(), inner.clone())
                .prop_map(|(first, items)| json!({ "prefixItems": first, "items": items })),
            list().prop_map(|all| json!({ "allOf": all })),
            list().prop_map(|any| json!({ "anyOf": any })),
            list().prop_map(|one| json!({ "oneOf": one })),
            (inner.clone(), inner.clone()).prop_map(|(a, others)| {
                json!({ "properties": { "a": a }, "required": ["a"], "additionalProperties": others })
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_same_values_fit(schema in schema(), value in value()) {
        let tree = json!({
            "type": "object",
            "properties": { "a": { "$ref": "#/$defs/tree" } },
            "additionalProperties": false,
        });
        let mut schema = match schema {
            Json::Object(schema) => schema,
            other => [("allOf".to_owned(), json!([other]))].into_iter().collect(),
        };
        schema.insert("$defs".to_owned(), json!({ "a/b c": tree, "tree": tree }));
        let schema = Json::Object(schema);
        let expected = jsonschema::is_valid(&schema, &value);
        prop_assert_eq!(validate(&schema, &value).is_ok(), expected, "{} {}", schema, value);
    }
}
