//! What the compiler says of services that cannot be made. `TRYBUILD=overwrite` writes it anew.

#[test]
fn errors_point_at_the_line_and_say_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
