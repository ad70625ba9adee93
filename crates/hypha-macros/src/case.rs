//! Names as other languages write them.

use heck::{
    ToKebabCase as _, ToLowerCamelCase as _, ToShoutySnakeCase as _, ToSnakeCase as _,
    ToUpperCamelCase as _,
};
use syn::{Error, LitStr, Result};

/// How the names of methods are written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Camel,
    Pascal,
    Snake,
    Kebab,
    ScreamingSnake,
}

const CASES: [(&str, Case); 5] = [
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
    ("snake_case", Case::Snake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
];

impl Case {
    pub(crate) fn parse(name: &LitStr) -> Result<Self> {
        let wanted = name.value();
        let found = CASES.iter().find(|(known, _)| *known == wanted);
        found.map(|(_, case)| *case).ok_or_else(|| {
            let known = CASES.map(|(known, _)| format!("\"{known}\"")).join(", ");
            Error::new_spanned(name, format!("write one of {known}"))
        })
    }

    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Self::Camel => name.to_lower_camel_case(),
            Self::Pascal => name.to_upper_camel_case(),
            Self::Snake => name.to_snake_case(),
            Self::Kebab => name.to_kebab_case(),
            Self::ScreamingSnake => name.to_shouty_snake_case(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_case() {
        let name = "move_to_2";
        let written = CASES.map(|(_, case)| case.apply(name));
        assert_eq!(
            written,
            ["moveTo2", "MoveTo2", "move_to_2", "move-to-2", "MOVE_TO_2"]
        );
        assert_eq!(Case::Kebab.apply("HTTPServer"), "http-server");
        assert_eq!(Case::Kebab.apply("WeatherStation"), "weather-station");
        assert_eq!(Case::Camel.apply("x"), "x");
    }
}
