//! Where our server differs from the real one on purpose.

use super::page::Difference;

/// A table that stays one.
macro_rules! differences {
    ($($id:literal, $what:literal, real: $reference:literal, ours: $ours:literal, why: $reason:literal;)*) => {
        &[$(Difference {
            id: $id,
            what: $what,
            reference: $reference,
            ours: $ours,
            reason: $reason,
        }),*]
    };
}

pub(super) const DIFFERENCES: &[Difference] = differences! {
    "S.11", "A client asks for an id that is in use",
        real: "refuses it, and forgets the one that has the id, with its services",
        ours: "refuses it, and nothing else happens",
        why: "nobody should be able to harm a client by knowing its id";
    "S.12", "A call to the manager of an earlier life of the server",
        real: "leads nowhere: the call times out",
        ours: "is answered by the manager that there is",
        why: "the other clients keep the manager they found first over a restart of the server";
    "S.13", "Frames a second of one client",
        real: "200, and 2000 at once; who sends more is closed (1008)",
        ours: "no limit, and that one with `--reference-limits`; `connection_info.limits` states what holds",
        why: "back-pressure protects receivers, and a limit closes honest clients in the middle of their work";
    "S.14", "A broadcast to another workspace that it names",
        real: "reaches whoever subscribed there",
        ours: "is refused",
        why: "who has no rights in a workspace should not speak to all of it";
    "S.15", "Methods of services over HTTP",
        real: "`GET /WORKSPACE/services/SERVICE/METHOD` calls them",
        ours: "not found",
        why: "not part of this version";
    "S.16", "`GET /metrics`",
        real: "counts what the server did",
        ours: "not found",
        why: "not part of this version; what happens is in the log";
    "S.17", "Logging in by a web page",
        real: "the service `public/hypha-login`, and its page",
        ours: "there is no such service, and `login` says so",
        why: "not part of this version; tokens are made by `generate_token` or with the same secret";
    "S.18", "`search_services`",
        real: "an error without a database of vectors",
        ours: "finds services by their words",
        why: "it needs no database, and who asks for words finds them";
    "S.19", "A token that only reads or writes, held for its owner, asks for a new one",
        real: "gets one, with any permission",
        ours: "is refused",
        why: "whoever is given a token to read must not be able to make one for everything";
    "S.20", "A token made by `generate_token`",
        real: "owns what its maker owns, and keeps its maker's roles",
        ours: "is good for what it was made for, and for what it makes itself",
        why: "as S.19: a token that was given away should not grow";
    "S.21", "A token is revoked",
        real: "clients that came with it stay",
        ours: "they are closed (1008), and their reconnection tokens end; only who asked for it stays",
        why: "a revoked token that goes on working is not revoked";
    "S.22", "Client ids with blanks",
        real: "get a reconnection token, into which the id writes permissions",
        ours: "get none",
        why: "an id must not be able to give its client rights";
    "S.23", "Control characters, or more than 1 KiB, in the id of a client or workspace",
        real: "are taken",
        ours: "are refused",
        why: "ids are shown, logged and compared by people";
    "S.24", "A service is registered under another client's id",
        real: "it is",
        ours: "is refused, as are ids with `. / : @ *` in their last part",
        why: "its callers would believe it to be of that client";
    "S.25", "`unregister_service` and `get_service` by a bare id that several clients have",
        real: "an error for the first, and ids may be patterns",
        ours: "the caller's own service comes first, and only a bare `*` stands for anybody",
        why: "everybody means their own, and patterns in ids find what nobody looked for";
    "S.26", "Services that the caller may not use",
        real: "take part in a selection, and errors show them",
        ours: "are as good as not there",
        why: "hidden services should stay hidden";
    "S.27", "`select:CRITERIA:FUNCTION` on behalf of guests",
        real: "calls the function as the server, whatever it asks for",
        ours: "leaves out functions that want to know who calls",
        why: "a guest must not be able to speak as the server";
    "S.28", "`get_workspace_info`, and bookmarks of workspaces",
        real: "need no rights, and show the environment variables",
        ours: "need the right to read, and do not show them",
        why: "variables hold secrets";
    "S.29", "Incomplete service types",
        real: "are stored, after which the workspace's types cannot be read",
        ours: "are refused",
        why: "one client should not break all types of a workspace";
    "S.30", "Clients of a deleted workspace",
        real: "stay",
        ours: "are closed (1001), but for the one that deleted it",
        why: "there is nothing left that they could use";
    "S.31", "Errors of the manager",
        real: "are Python tracebacks",
        ours: "are one line, `Type: text`, as the last line of those",
        why: "a trace of Python would be made up";
    "S.32", "A call to a client that never was there",
        real: "is dropped, and its caller waits until it gives up",
        ours: "is rejected at once, as one to a client that just left",
        why: "a call should not be lost silently";
    "S.33", "A receiver that does not read",
        real: "holds up what is sent to it, in memory, without bound",
        ours: "is closed when more than its queue holds waits for it and it takes less than 16 KiB a second",
        why: "one client must not be able to use up the server, or to stop others";
    "S.34", "`GET /health/readiness`",
        real: "says which parts are ready",
        ours: "says `ready`, and 503 while the server stops",
        why: "there are no parts that could fail by themselves";
};
