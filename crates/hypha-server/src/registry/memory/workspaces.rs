//! The workspaces, who owns which, and what happened in them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::identity::{EVERY_WORKSPACE, Permission, User};
use crate::registry::event_log::EventLog;
use crate::registry::limits::WORKSPACES_PER_USER;
use crate::registry::{Change, LoggedEvent, NotChanged, NotCreated, Workspace};

#[derive(Debug)]
pub(super) struct Workspaces {
    workspaces: HashMap<String, Arc<Workspace>>,
    /// The workspaces of owners, by the names that workspaces have for them.
    owned: HashMap<String, BTreeSet<String>>,
    logs: HashMap<String, EventLog>,
    /// How many events have ever been logged.
    logged: u64,
}

impl Default for Workspaces {
    fn default() -> Self {
        let mut workspaces = Self {
            workspaces: HashMap::new(),
            owned: HashMap::new(),
            logs: HashMap::new(),
            logged: 0,
        };
        for workspace in Workspace::of_the_server() {
            workspaces.put(Arc::new(workspace));
        }
        workspaces
    }
}

impl Workspaces {
    pub(super) fn get(&self, id: &str) -> Option<Arc<Workspace>> {
        self.workspaces.get(id).cloned()
    }

    /// The owners of a workspace that is there, or comes up with this user.
    pub(super) fn owners(&self, id: &str, user: &User) -> Option<Vec<String>> {
        if let Some(workspace) = self.workspaces.get(id) {
            return Some(workspace.owners.clone());
        }
        let is_home = user.is_at_home_in(id);
        is_home.then(|| Workspace::by_birth(id, user).owners)
    }

    /// Brings a workspace up for a user who was let in and is at home there. Says whether it is there: a workspace that
    /// was deleted meanwhile does not become that of its guests.
    pub(super) fn open(&mut self, id: &str, user: &User) -> bool {
        if !self.workspaces.contains_key(id) {
            if !user.is_at_home_in(id) {
                return false;
            }
            self.put(Arc::new(Workspace::by_birth(id, user)));
        }
        true
    }

    /// The last client left.
    pub(super) fn close(&mut self, id: &str) {
        let is_temporary = |workspace: &Arc<Workspace>| !workspace.is_persistent;
        if self.workspaces.get(id).is_some_and(is_temporary) {
            self.remove(id);
        }
    }

    /// Those that a user may see.
    pub(super) fn of(&self, user: &User) -> Vec<Arc<Workspace>> {
        let scope = &user.scope.workspaces;
        let mut ids = BTreeSet::new();
        if scope.contains_key(EVERY_WORKSPACE) {
            ids.extend(self.workspaces.keys());
        } else {
            ids.extend(scope.keys());
            let names = [Some(&user.id), user.email.as_ref()];
            let owned = names.into_iter().flatten();
            let owned = owned.filter_map(|name| self.owned.get(name)).flatten();
            // A token that somebody made carries the address of who made it, and shows nothing of theirs.
            ids.extend(
                owned.filter(|id| self.get(id).is_some_and(|there| there.is_owned_by(user))),
            );
        }
        let own = user.own_workspace();
        ids.insert(&own);
        let all = ids.into_iter();
        all.filter_map(|id| self.get(id)).collect()
    }

    pub(super) fn create(
        &mut self,
        mut workspace: Workspace,
        user: &User,
        overwrite: bool,
    ) -> Result<(), NotCreated> {
        let before = self.workspaces.get(&workspace.id);
        let exists = before.is_some();
        if exists && !overwrite {
            return Err(NotCreated::Exists);
        }
        let maker = Some(&user.id);
        workspace.maker = match before {
            Some(before) => before.maker.clone(),
            None => maker.cloned(),
        };
        // Not those that it owns: whoever makes a workspace says who does.
        let made = self.workspaces.values();
        let made = made.filter(|workspace| workspace.maker.as_ref() == maker);
        let there = made.count();
        let is_administrator = user.may(Permission::Admin, EVERY_WORKSPACE);
        if !exists && there >= WORKSPACES_PER_USER && !is_administrator {
            return Err(NotCreated::TooMany {
                there,
                limit: WORKSPACES_PER_USER,
            });
        }
        workspace.checked(0).map_err(|_| NotCreated::Full)?;
        self.put(Arc::new(workspace));
        Ok(())
    }

    pub(super) fn change(
        &mut self,
        id: &str,
        change: &Change<'_>,
    ) -> Result<Arc<Workspace>, NotChanged> {
        let workspace = self.workspaces.get(id).ok_or(NotChanged::NotFound)?;
        let mut changed = Workspace::clone(workspace);
        change(&mut changed).map_err(|_| NotChanged::Full)?;
        let changed = Arc::new(changed);
        self.put(Arc::clone(&changed));
        Ok(changed)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Arc<Workspace>> {
        self.logs.remove(id);
        let workspace = self.workspaces.remove(id)?;
        self.disown(&workspace);
        Some(workspace)
    }

    /// Logs an event in a workspace that is there.
    pub(super) fn log(&mut self, workspace: &str, mut event: LoggedEvent) {
        if self.workspaces.contains_key(workspace) {
            self.logged += 1;
            event.id = self.logged;
            let log = self.logs.entry(workspace.to_owned()).or_default();
            log.push(event);
        }
    }

    pub(super) fn events(&self, workspace: &str, user_id: &str) -> Vec<LoggedEvent> {
        let log = self.logs.get(workspace);
        log.map_or_else(Vec::new, |log| log.of_user(user_id))
    }

    fn put(&mut self, workspace: Arc<Workspace>) {
        let id = workspace.id.clone();
        let owners = workspace.owners.clone();
        if let Some(before) = self.workspaces.insert(id.clone(), workspace) {
            self.disown(&before);
        }
        // The workspaces of guests are their own owners: nobody looks for those.
        for owner in owners.into_iter().filter(|owner| *owner != id) {
            self.owned.entry(owner).or_default().insert(id.clone());
        }
    }

    fn disown(&mut self, workspace: &Workspace) {
        for owner in &workspace.owners {
            if let Some(owned) = self.owned.get_mut(owner) {
                owned.remove(&workspace.id);
                if owned.is_empty() {
                    self.owned.remove(owner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hypha_rpc_core::Secret;

    use super::*;
    use crate::identity::Scope;
    use crate::registry::limits::BYTES_PER_WORKSPACE;

    fn named(id: &str) -> User {
        User {
            is_anonymous: false,
            ..User::anonymous(id)
        }
    }

    fn owned(id: &str, user: &User) -> Workspace {
        let mut workspace = Workspace::new(id, "");
        workspace.owners.push(user.id.clone());
        workspace
    }

    fn ids(workspaces: &Workspaces, user: &User) -> Vec<String> {
        let all = workspaces.of(user).into_iter();
        all.map(|workspace| workspace.id.clone()).collect()
    }

    #[test]
    fn workspaces_of_those_who_cannot_come_back_go_with_them() {
        let mut workspaces = Workspaces::default();
        let (guest, user) = (User::anonymous("g"), named("u"));
        let token = User {
            parent: Some("u".to_owned()),
            ..named("t")
        };
        for (user, stays) in [(&guest, false), (&user, true), (&token, false)] {
            let id = user.own_workspace();
            workspaces.open(&id, user);
            assert!(workspaces.get(&id).unwrap().is_owned_by(user));
            workspaces.close(&id);
            assert_eq!(workspaces.get(&id).is_some(), stays, "{id}");
        }
        workspaces.close("public");
        assert!(workspaces.get("public").is_some());
    }

    #[test]
    fn users_see_what_they_own_or_may_enter() {
        let mut workspaces = Workspaces::default();
        let (mut user, other) = (named("u"), named("o"));
        user.email = Some("u@example.org".to_owned());
        workspaces.create(owned("a", &user), &user, false).unwrap();
        workspaces
            .create(owned("b", &other), &other, false)
            .unwrap();
        let mut by_mail = owned("c", &other);
        by_mail.owners.push("u@example.org".to_owned());
        workspaces.create(by_mail, &other, false).unwrap();
        assert_eq!(ids(&workspaces, &user), ["a", "c"]);
        let scope = &mut user.scope.workspaces;
        scope.insert("b".to_owned(), Permission::Read);
        assert_eq!(ids(&workspaces, &user), ["a", "b", "c"]);
        workspaces.remove("a");
        assert_eq!(ids(&workspaces, &user), ["b", "c"]);
        let all = ids(&workspaces, &User::root());
        assert_eq!(all, ["b", "c", "public", "ws-anonymous", "ws-user-root"]);
    }

    #[test]
    fn users_own_no_more_than_they_may() {
        let mut workspaces = Workspaces::default();
        let user = named("u");
        for number in 0..WORKSPACES_PER_USER {
            let workspace = owned(&format!("w-{number}"), &user);
            workspaces.create(workspace, &user, false).unwrap();
        }
        let too_many = NotCreated::TooMany {
            there: WORKSPACES_PER_USER,
            limit: WORKSPACES_PER_USER,
        };
        let more = workspaces.create(owned("w-x", &user), &user, false);
        assert_eq!(more, Err(too_many));
        let again = workspaces.create(owned("w-1", &user), &user, false);
        assert_eq!(again, Err(NotCreated::Exists));
        workspaces.create(owned("w-1", &user), &user, true).unwrap();
        workspaces.remove("w-1");
        workspaces
            .create(owned("w-x", &user), &user, false)
            .unwrap();
    }

    #[test]
    fn workspaces_count_for_whoever_made_them() {
        let mut workspaces = Workspaces::default();
        let (user, other) = (named("u"), named("o"));
        for number in 0..WORKSPACES_PER_USER {
            // Neither is the name of who makes it.
            let mut workspace = owned(&format!("w-{number}"), &other);
            workspace.owners.push("u@example.org".to_owned());
            workspaces.create(workspace, &user, false).unwrap();
        }
        let more = workspaces.create(owned("w-x", &other), &user, false);
        assert!(matches!(more, Err(NotCreated::TooMany { .. })), "{more:?}");
        workspaces
            .create(owned("w-x", &other), &other, false)
            .unwrap();
    }

    #[test]
    fn former_owners_are_forgotten() {
        let mut workspaces = Workspaces::default();
        let user = named("u");
        let before = workspaces.owned.len();
        for number in 0..3 {
            let mut workspace = Workspace::new("w", "");
            workspace.owners.push(number.to_string());
            workspaces.create(workspace, &user, true).unwrap();
        }
        assert_eq!(workspaces.owned.len(), before + 1);
        workspaces.remove("w");
        assert_eq!(workspaces.owned.len(), before);
    }

    #[test]
    fn nothing_changes_where_there_is_no_room() {
        let mut workspaces = Workspaces::default();
        let half = Secret::from("x".repeat(BYTES_PER_WORKSPACE / 2));
        let set = |key: &'static str| -> Change<'_> {
            let value = half.clone();
            Box::new(move |workspace| workspace.set_variable(key, Some(value.clone())))
        };
        workspaces.change("public", &set("a")).unwrap();
        let full = workspaces.change("public", &set("b"));
        assert_eq!(full.unwrap_err(), NotChanged::Full);
        let public = workspaces.get("public").unwrap();
        assert!(public.variable("a").is_some() && public.variable("b").is_none());
        let nowhere = workspaces.change("nowhere", &set("a"));
        assert_eq!(nowhere.unwrap_err(), NotChanged::NotFound);
    }

    #[test]
    fn a_token_made_for_others_does_not_show_what_its_maker_owns() {
        let mut workspaces = Workspaces::default();
        let mut maker = named("u");
        maker.email = Some("u@example.org".to_owned());
        let mut workspace = owned("secret", &maker);
        workspace.owners.extend(maker.email.clone());
        workspaces.create(workspace, &maker, false).unwrap();
        assert_eq!(ids(&workspaces, &maker), ["secret"]);
        let child = maker.child(Scope::default()).unwrap();
        assert_eq!(child.email, maker.email);
        assert!(ids(&workspaces, &child).is_empty());
    }
}
