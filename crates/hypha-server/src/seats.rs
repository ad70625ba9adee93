//! How many clients each user and each workspace has, where that is limited.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;

/// Counts clients by user and by workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    users: HashMap<String, usize>,
    workspaces: HashMap<String, usize>,
}

/// The place that a client takes until this is dropped. Without limits none is counted.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    _taken: Option<Box<Taken>>,
}

#[derive(Debug)]
struct Taken {
    seats: Seats,
    user: String,
    workspace: String,
}

impl Seats {
    /// Takes a place for a client of a user in a workspace.
    ///
    /// # Errors
    /// What the client is told if there is none.
    pub(crate) fn take(
        &self,
        limits: &Limits,
        user: &str,
        workspace: &str,
    ) -> Result<Seat, String> {
        let per_user = limits.connections_per_user;
        let per_workspace = limits.clients_per_workspace;
        if per_user.is_none() && per_workspace.is_none() {
            return Ok(Seat::default());
        }
        let mut counts = self.counts();
        let there = counts.users.get(user).copied().unwrap_or_default();
        if let Some(limit) = per_user.filter(|limit| there >= *limit) {
            return Err(format!(
                "Connection limit exceeded: user {user} has {there}/{limit} connections"
            ));
        }
        let there = counts
            .workspaces
            .get(workspace)
            .copied()
            .unwrap_or_default();
        if let Some(limit) = per_workspace.filter(|limit| there >= *limit) {
            return Err(format!(
                "Connection limit exceeded: workspace {workspace} has {there}/{limit} clients"
            ));
        }
        *counts.users.entry(user.to_owned()).or_default() += 1;
        *counts.workspaces.entry(workspace.to_owned()).or_default() += 1;
        let taken = Taken {
            seats: self.clone(),
            user: user.to_owned(),
            workspace: workspace.to_owned(),
        };
        Ok(Seat {
            _taken: Some(Box::new(taken)),
        })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut counts = self.seats.counts();
        leave(&mut counts.users, &self.user);
        leave(&mut counts.workspaces, &self.workspace);
    }
}

fn leave(counts: &mut HashMap<String, usize>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_free_again_once_their_clients_are_gone() {
        let seats = Seats::default();
        let limits = Limits {
            connections_per_user: Some(2),
            clients_per_workspace: Some(3),
            ..Limits::default()
        };
        let take = |user: &str, workspace: &str| seats.take(&limits, user, workspace);
        let first = take("u", "w").unwrap();
        let second = take("u", "v").unwrap();
        let refused = take("u", "w").unwrap_err();
        assert_eq!(
            refused,
            "Connection limit exceeded: user u has 2/2 connections"
        );
        let others = ["a", "b"].map(|user| take(user, "w").unwrap());
        let refused = take("c", "w").unwrap_err();
        assert_eq!(
            refused,
            "Connection limit exceeded: workspace w has 3/3 clients"
        );
        drop(first);
        let again = take("u", "w").unwrap();
        drop((again, second, others));
        assert!(seats.counts().users.is_empty());
        assert!(seats.counts().workspaces.is_empty());
    }

    #[test]
    fn nothing_is_counted_without_limits() {
        let seats = Seats::default();
        let _seat = seats.take(&Limits::default(), "u", "w").unwrap();
        assert!(seats.counts().users.is_empty());
    }
}
