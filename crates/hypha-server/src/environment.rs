//! Settings from environment variables, by the names that the reference server has for them.

use std::str::FromStr;
use std::time::Duration;

use crate::limits::FrameRate;
use crate::settings::Settings;

/// The secret of tokens; the first that is set counts.
const JWT_SECRET: [&str; 2] = ["HYPHA_JWT_SECRET", "JWT_SECRET"];
const ROOT_TOKEN: &str = "HYPHA_ROOT_TOKEN";
const RECONNECTION_LIFE: &str = "RECONNECTION_TOKEN_LIFE_TIME";
const FRAME_RATE: &str = "HYPHA_WS_MSG_RATE_LIMIT";
const FRAME_BURST: &str = "HYPHA_WS_MSG_BURST_LIMIT";
const IDLE: &str = "HYPHA_WS_IDLE_TIMEOUT";
const MAX_FRAME: &str = "HYPHA_WS_MAX_FRAME";
const HANDSHAKES: &str = "HYPHA_MAX_CONCURRENT_CONNECTIONS";
const PER_USER: &str = "HYPHA_MAX_CONNECTIONS_PER_USER";
const PER_WORKSPACE: &str = "HYPHA_MAX_CLIENTS_PER_WORKSPACE";
const PER_CLIENT: &str = "HYPHA_MAX_SERVICES_PER_CLIENT";

/// An environment variable with a value that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {name} is not {wanted}")]
pub struct EnvironmentError {
    name: &'static str,
    wanted: &'static str,
}

impl EnvironmentError {
    /// The name of the variable.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }
}

/// Sets what variables say. Empty ones say nothing; a limit of 0 takes the limit away.
pub(crate) fn apply(
    settings: &mut Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), EnvironmentError> {
    let source = Source(variable);
    if let Some(secret) = JWT_SECRET.into_iter().find_map(|name| source.text(name)) {
        settings.jwt_secret = Some(secret.into());
    }
    if let Some(token) = source.text(ROOT_TOKEN) {
        settings.root_token = Some(token.into());
    }
    if let Some(life) = source.seconds(RECONNECTION_LIFE)? {
        settings.reconnection_life = life;
    }
    let rate = source.number(FRAME_RATE)?;
    let burst = source.count(FRAME_BURST)?;
    if rate.is_some() || burst.is_some() {
        let before = settings.limits.frames.unwrap_or(FrameRate::REFERENCE);
        let per_second = rate.unwrap_or(before.per_second);
        let burst = burst.unwrap_or(before.burst);
        let is_limit = per_second > 0.0 && burst > 0;
        settings.limits.frames = is_limit.then_some(FrameRate { per_second, burst });
    }
    if let Some(idle) = source.seconds(IDLE)? {
        settings.limits.idle = (!idle.is_zero()).then_some(idle);
    }
    if let Some(bytes) = source.count(MAX_FRAME)? {
        settings.max_frame = bytes;
    }
    let limits = &mut settings.limits;
    for (name, limit) in [
        (HANDSHAKES, &mut limits.handshakes),
        (PER_USER, &mut limits.connections_per_user),
        (PER_WORKSPACE, &mut limits.clients_per_workspace),
        (PER_CLIENT, &mut limits.services_per_client),
    ] {
        if let Some(count) = source.count(name)? {
            *limit = (count > 0).then_some(count);
        }
    }
    Ok(())
}

struct Source<F>(F);

impl<F: Fn(&str) -> Option<String>> Source<F> {
    fn text(&self, name: &str) -> Option<String> {
        self.0(name).filter(|text| !text.is_empty())
    }

    fn read<T: FromStr>(
        &self,
        name: &'static str,
        wanted: &'static str,
    ) -> Result<Option<T>, EnvironmentError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let read = text.trim().parse();
        read.map(Some)
            .map_err(|_| EnvironmentError { name, wanted })
    }

    fn count<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, EnvironmentError> {
        self.read(name, "a whole number")
    }

    fn number(&self, name: &'static str) -> Result<Option<f64>, EnvironmentError> {
        let wanted = "a number, 0 or more";
        match self.read(name, wanted)? {
            Some(number) if !(0.0..=f64::MAX).contains(&number) => {
                Err(EnvironmentError { name, wanted })
            }
            number => Ok(number),
        }
    }

    fn seconds(&self, name: &'static str) -> Result<Option<Duration>, EnvironmentError> {
        let wanted = "a time in seconds";
        let seconds: Option<f64> = self.read(name, wanted)?;
        let time = seconds.map(Duration::try_from_secs_f64).transpose();
        time.map_err(|_| EnvironmentError { name, wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, EnvironmentError> {
        let mut settings = Settings::default();
        apply(&mut settings, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })?;
        Ok(settings)
    }

    fn limits(variables: &[(&str, &str)]) -> Limits {
        with(variables).unwrap().limits
    }

    #[test]
    fn variables_set_what_the_reference_server_sets_by_them() {
        assert_eq!(limits(&[]), Limits::default());
        let all = limits(&[
            (FRAME_RATE, "200"),
            (IDLE, "600"),
            (HANDSHAKES, "10"),
            (PER_USER, "200"),
            (PER_WORKSPACE, "1000"),
            (PER_CLIENT, "1000"),
        ]);
        assert_eq!(all, Limits::reference());
        let frames = limits(&[(FRAME_BURST, "20")]).frames.unwrap();
        assert_eq!((frames.per_second, frames.burst), (200.0, 20));
        assert_eq!(limits(&[(FRAME_RATE, "0")]).frames, None);
        assert_eq!(limits(&[(PER_USER, "0"), (IDLE, "0")]), Limits::default());
        assert_eq!(limits(&[(PER_CLIENT, "0")]).services_per_client, None);
        let settings = with(&[(RECONNECTION_LIFE, "1.5"), (MAX_FRAME, "1000")]).unwrap();
        assert_eq!(settings.reconnection_life, Duration::from_millis(1500));
        assert_eq!(settings.max_frame, 1000);
    }

    #[test]
    fn the_first_secret_counts() {
        let secret = |variables: &[_]| {
            let secret = with(variables).unwrap().jwt_secret;
            secret.map(|secret| secret.expose().to_owned())
        };
        let both = [("JWT_SECRET", "b"), ("HYPHA_JWT_SECRET", "a")];
        assert_eq!(secret(&both).as_deref(), Some("a"));
        let empty = [("JWT_SECRET", "b"), ("HYPHA_JWT_SECRET", "")];
        assert_eq!(secret(&empty).as_deref(), Some("b"));
        assert_eq!(secret(&[]), None);
    }

    #[test]
    fn values_that_cannot_be_meant_are_errors() {
        for (name, value) in [
            (FRAME_RATE, "many"),
            (FRAME_RATE, "-1"),
            (FRAME_RATE, "NaN"),
            (FRAME_RATE, "inf"),
            (FRAME_BURST, "1.5"),
            (IDLE, "-1"),
            (IDLE, "1e99"),
            (RECONNECTION_LIFE, "NaN"),
            (PER_USER, "-1"),
        ] {
            let error = with(&[(name, value)]).unwrap_err();
            assert_eq!(error.name(), name, "{value}");
        }
    }
}
