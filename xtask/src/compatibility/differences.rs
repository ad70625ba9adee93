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
};
