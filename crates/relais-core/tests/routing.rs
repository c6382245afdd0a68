//! Where mail goes: one directory and one line per message, then random directories.

#[path = "support/directory.rs"]
mod directory;
#[path = "support/people.rs"]
mod people;

use directory::{ORGANISATION, World};
use jiff::Timestamp;
use people::{address, moment};
use proptest::prelude::*;
use relais_core::address::EmailAddress;
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use relais_core::inbound::{Inbound, LocalCopy, Phase, Treatment};
use relais_core::mail_refusal::MailRefusal;
use relais_core::organisation::{Group, Responder, Target};
use relais_core::rights::{State, standing};
use relais_core::routing::{Hop, Route, Sender, loop_through, resolve};
use std::collections::HashSet;

const NOW: &str = "2026-11-21T09:00:00Z";
const LATER: &str = "2027-01-15T09:00:00Z";

fn accept(copy: LocalCopy, to: &[&str], reply: Option<&str>) -> Treatment {
    Treatment::Accept {
        copy,
        redirect_to: to.iter().map(|to| address(to)).collect(),
        reply: reply.map(ToOwned::to_owned),
    }
}

fn always(copy: LocalCopy, to: &[&str], reply: Option<&str>) -> Inbound {
    Inbound::always(accept(copy, to, reply)).expect("a valid inbound")
}

impl World {
    pub fn group(&mut self, number: i64, text: &str, members: &[i64]) {
        let id = GroupId::from_number(number);
        self.point(text, Some(Target::Group(id)));
        let group = Group {
            id,
            organisation: OrganisationId::from_number(ORGANISATION),
            name: text.into(),
            address: Some(address(text)),
            posting: Posting::Anyone,
            created_at: moment("2026-01-05T08:00:00Z"),
        };
        let members = members.iter().map(|member| AccountId::from_number(*member)).collect();
        self.groups.insert(id, (group, members));
    }

    pub fn posting(&mut self, number: i64, posting: Posting) {
        self.groups.get_mut(&GroupId::from_number(number)).expect("a group").0.posting = posting;
    }

    pub fn put_in(&mut self, outer: i64, inner: i64) {
        self.inner.entry(GroupId::from_number(outer)).or_default().push(GroupId::from_number(inner));
    }

    pub fn responder(&mut self, number: i64, text: &str) -> Target {
        let id = ResponderId::from_number(number);
        let responder = Responder {
            id,
            organisation: OrganisationId::from_number(ORGANISATION),
            name: "Anciens".into(),
            text: text.into(),
            created_at: moment("2026-01-05T08:00:00Z"),
        };
        self.responders.insert(id, responder);
        Target::Responder(id)
    }
}

/// The directory of [`TABLE`].
fn company() -> World {
    use LocalCopy::{Keep, None as NoCopy};
    let mut world = World::default();
    for (number, name, state, inbound) in [
        (1, "anne", State::Active, Inbound::deliver()),
        (2, "bruno", State::Active, always(Keep, &["anne@bm.com"], None)),
        (3, "chloe", State::Active, always(NoCopy, &["a.martin@bm.com"], None)),
        (4, "denis", State::Active, always(NoCopy, &["denis@perso.example"], None)),
        (5, "emma", State::Active, always(Keep, &["emma@perso.example"], None)),
        (6, "farid", State::Active, always(NoCopy, &["gina@bm.com"], None)),
        (7, "gina", State::Active, always(NoCopy, &["farid@bm.com"], None)),
        (8, "hugo", State::Active, always(NoCopy, &["equipe@bm.com"], None)),
        (9, "ines", State::Active, always(NoCopy, &["seule@bm.com"], None)),
        (10, "jean", State::Deactivated, Inbound::refuse()),
        (11, "karim", State::Deactivated, always(NoCopy, &["anne@bm.com"], None)),
        (
            12,
            "lea",
            State::Deactivated,
            Inbound::new(vec![
                Phase {
                    until: Some(moment("2026-12-21T09:00:00Z")),
                    treatment: accept(NoCopy, &[], Some("partie")),
                },
                Phase { until: None, treatment: Treatment::Refuse },
            ])
            .expect("valid"),
        ),
        (13, "marc", State::Deleted, Inbound::refuse()),
        (14, "nora", State::Active, always(Keep, &[], Some("absente"))),
        (15, "omar", State::Active, always(NoCopy, &[], Some("absent"))),
        (16, "paul", State::Active, Inbound::deliver()),
        (17, "quentin", State::Active, always(NoCopy, &["jean@bm.com"], None)),
        (18, "rose", State::Active, always(Keep, &["personne@bm.com"], None)),
        (19, "sam", State::Active, always(NoCopy, &["libre@bm.com", "anne@bm.com"], None)),
        (20, "tess", State::Invited, Inbound::deliver()),
        (21, "ugo", State::Active, always(NoCopy, &["ugo+moi@bm.com"], None)),
        (22, "vera", State::Active, always(NoCopy, &["tous@bm.com", "anne@bm.com"], None)),
        (23, "wim", State::Deactivated, always(NoCopy, &["ancien2@bm.com"], None)),
        (24, "xavier", State::Deactivated, always(Keep, &["anne@bm.com", "x@perso.example"], Some("parti"))),
        (25, "yann", State::Active, always(NoCopy, &["hugo@bm.com"], None)),
        (26, "zoe", State::Active, always(NoCopy, &["maison@bm.com"], None)),
    ] {
        let account = world.account(number, &format!("{name}@bm.com"));
        account.name = name.into();
        account.state = state;
        account.inbound = inbound;
    }
    world.account(16, "paul@bm.com").leaves_at = Some(moment("2026-11-20T00:00:00Z"));
    world.point("a.martin@bm.com", Some(Target::Account(AccountId::from_number(1))));
    world.point("libre@bm.com", None);
    world.point("perdu@bm.com", Some(Target::Account(AccountId::from_number(99))));
    world.group(1, "tous@bm.com", &[1, 2, 10, 13, 20]);
    world.group(2, "equipe@bm.com", &[8, 1]);
    world.group(3, "seule@bm.com", &[9]);
    world.group(4, "vide@bm.com", &[]);
    world.group(5, "conges@bm.com", &[15, 14]);
    world.group(6, "partis@bm.com", &[10, 16]);
    world.group(7, "membres@bm.com", &[1]);
    world.posting(7, Posting::Members);
    world.group(8, "atelier@bm.com", &[20, 1]);
    world.posting(8, Posting::Listed { senders: [address("client@perso.example")].into() });
    world.put_in(7, 8);
    world.group(9, "maison@bm.com", &[1, 20]);
    world.posting(9, Posting::Organisation);
    world.group(10, "anneau@bm.com", &[8, 1]);
    world.put_in(10, 9);
    world.put_in(9, 10);
    world.shared_mailbox(90, "ventes@bm.com");
    let gone = world.responder(1, "texte commun");
    world.point("ancien1@bm.com", Some(gone)).reply_text = Some("texte propre".into());
    world.point("ancien2@bm.com", Some(gone));
    world.point("ancien3@bm.com", Some(gone)).reply_until = Some(moment(NOW));
    world
}

/// `recipient [from nobody | from sender] [later] -> what happens`: mailboxes by name, `out:` sent on, `re:` answered with a text,
/// or a refusal; in brackets what the trace says besides.
const TABLE: &str = "
anne@bm.com                      -> anne                                   # plain
ANNE@bm.com                      -> anne
anne+factures@bm.com             -> anne [tag]                             # sub-address
anne@bm.com from nobody          -> anne
a.martin@bm.com                  -> anne                                   # M11 alias
tess@bm.com                      -> tess                                   # invited: mail waits
bruno@bm.com                     -> anne bruno                             # B8 with copy
chloe@bm.com                     -> anne                                   # B8 without copy
denis@bm.com                     -> out:denis@perso.example
denis@bm.com from nobody         -> denis [bounce kept]                    # never redirected outside
emma@bm.com                      -> emma out:emma@perso.example
emma@bm.com from nobody          -> emma [bounce kept]
chloe@bm.com from nobody         -> anne                                   # inside is not outside
farid@bm.com                     -> gina [loop cut]                        # A→B→A is kept where it closes
gina@bm.com                      -> farid [loop cut]
ugo@bm.com                       -> ugo [loop cut]                         # to itself, by a tag
equipe@bm.com                    -> hugo anne [loop cut]                   # group → member → group
hugo@bm.com                      -> hugo anne [loop cut]                   # member → group → member
seule@bm.com                     -> ines [loop cut]
ines@bm.com                      -> ines [loop cut]
yann@bm.com                      -> hugo anne [loop cut]
jean@bm.com                      -> deactivated                            # M13
karim@bm.com                     -> anne                                   # B3
lea@bm.com                       -> re:partie                              # X5 the first month
lea@bm.com later                 -> deactivated                            # X5 then
lea@bm.com from nobody           -> unanswerable                           # RFC 3834: nothing was stored, and it says so
lea@bm.com from nobody later     -> deactivated
libre@bm.com                     -> gone
marc@bm.com                      -> gone                                   # M15
perdu@bm.com                     -> gone
personne@bm.com                  -> unknown
someone@elsewhere.example        -> relay_denied
nora@bm.com                      -> nora re:absente
nora@bm.com from nobody          -> nora                                   # never answered
omar@bm.com                      -> re:absent
omar@bm.com from nobody          -> unanswerable
conges@bm.com                    -> omar nora                              # RFC 5230, 4.5: no personal answer to a group's mail; so it is kept
conges@bm.com from nobody        -> omar nora
paul@bm.com                      -> paul                                   # left, nothing decided yet: nothing lost
quentin@bm.com                   -> deactivated                            # the sender learns it
rose@bm.com                      -> rose
sam@bm.com                       -> anne
tous@bm.com                      -> anne bruno tess [left out]             # once each
vera@bm.com                      -> anne bruno tess [left out]
vide@bm.com                      -> deactivated                            # it exists, and nobody reads it
partis@bm.com                    -> deactivated [left out]
membres@bm.com                   -> anne tess [inner]                      # each person once
membres@bm.com from anne@bm.com  -> anne tess [inner]
membres@bm.com from A.Martin+x@bm.com -> anne tess [inner]                 # by whichever of her addresses
membres@bm.com from nora@bm.com  -> not_allowed_to_post
membres@bm.com from tess@bm.com  -> not_allowed_to_post                    # invited: may not send yet
membres@bm.com from nobody       -> anne [admins only]                     # a notice is taken
atelier@bm.com from client@perso.example -> tess anne
atelier@bm.com from CLIENT+facture@perso.example -> tess anne
atelier@bm.com from anne@bm.com  -> not_allowed_to_post                    # a member who is not listed
atelier@bm.com from nobody       -> tess [admins only]
maison@bm.com from nora@bm.com   -> anne tess hugo [inner] [loop cut]
maison@bm.com from jean@bm.com   -> not_allowed_to_post                    # deactivated
maison@bm.com from ventes@bm.com -> not_allowed_to_post                    # no account
maison@bm.com from x@perso.example -> not_allowed_to_post
maison@bm.com from <x@>y@perso.example -> not_allowed_to_post
tous@bm.com from <x@>y@perso.example -> anne bruno tess [left out]
anneau@bm.com from x@perso.example -> hugo anne tess [inner] [loop cut]    # a ring of groups ends
zoe@bm.com from x@perso.example  -> not_allowed_to_post                    # its sender learns it
ventes@bm.com                    -> ventes
ventes+2026@bm.com               -> ventes [tag]
ventes@bm.com from nobody        -> ventes
ancien1@bm.com                   -> re:texte propre                        # X9
ancien2@bm.com                   -> re:texte commun                        # B15
ancien2+tag@bm.com               -> re:texte commun [tag]
ancien3@bm.com                   -> gone                                   # expired
ancien2@bm.com from nobody       -> unanswerable
wim@bm.com                       -> re:texte commun                        # B15 by redirect
xavier@bm.com                    -> anne xavier out:x@perso.example re:parti
xavier@bm.com from nobody        -> anne xavier [bounce kept]
";

fn in_words(world: &World, route: &Route) -> String {
    let name = |mailbox: MailboxId| {
        let owner = world.accounts.values().find(|account| account.mailbox == mailbox);
        owner
            .map_or_else(|| world.shared[&mailbox].address.local().to_owned(), |account| account.name.clone())
    };
    let mut words: Vec<_> = route.deliveries.iter().map(|delivery| name(delivery.mailbox)).collect();
    words.extend(route.redirects.iter().map(|redirect| format!("out:{}", redirect.to)));
    words.extend(route.replies.iter().map(|reply| format!("re:{}", reply.text)));
    if let Some(refusal) = route.refusal {
        words.push(serde_json::to_value(refusal).expect("serialises").as_str().expect("a name").to_owned());
    }
    let saw = |wanted: fn(&Hop) -> bool| route.trace.iter().any(|(_, hop)| wanted(hop));
    for (note, seen) in [
        ("[inner]", saw(|hop| matches!(hop, Hop::InnerGroup { .. }))),
        ("[admins only]", saw(|hop| *hop == Hop::AdminsOnly)),
        ("[tag]", saw(|hop| matches!(hop, Hop::Tag { base } if base.local() != "ugo"))),
        ("[bounce kept]", saw(|hop| *hop == Hop::BounceKept)),
        ("[loop cut]", saw(|hop| matches!(hop, Hop::LoopCut { .. }))),
        ("[left out]", saw(|hop| matches!(hop, Hop::MemberLeftOut { .. }))),
    ] {
        words.extend(seen.then(|| note.to_owned()));
    }
    words.join(" ")
}

#[test]
fn every_message_of_the_table_goes_where_it_says() {
    let mut world = company();
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (message, expected) = line.split_once(" -> ").expect(line);
        let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
        let mut words = message.split_whitespace();
        let recipient = words.next().expect(line);
        let sender = match words.skip_while(|word| *word != "from").nth(1) {
            None => Sender::Someone,
            Some("nobody") => Sender::Null,
            Some(sender) => Sender::Known(sender),
        };
        let now = moment(if message.contains(" later") { LATER } else { NOW });
        let Ok(route) = resolve(&mut world, &address(recipient), sender, now);
        let got = in_words(&world, &route);
        if got != expected {
            wrong.push(format!("{line}\n    got {got}\n    by {:?}", route.trace));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

/// An answer comes from the address that was written to, so that threads and `From` fit.
#[test]
fn the_address_written_to_is_the_one_that_answers() {
    let mut world = company();
    world.point("n.ancienne@bm.com", Some(Target::Account(AccountId::from_number(14))));
    for (written, answers) in [
        ("n.ancienne@bm.com", "n.ancienne@bm.com"),
        ("nora+liste@bm.com", "nora@bm.com"),
        ("ancien1@bm.com", "ancien1@bm.com"),
    ] {
        let Ok(route) = resolve(&mut world, &address(written), Sender::Someone, moment(NOW));
        assert_eq!(route.replies.iter().map(|reply| reply.from.as_str()).collect::<Vec<_>>(), [answers]);
    }
}

#[test]
fn a_loop_is_named_by_the_addresses_it_goes_through() {
    let mut world = company();
    let owner = |number| Target::Account(AccountId::from_number(number));
    let through = |world: &mut World, number, to: &[&str]| {
        let Ok(path) = loop_through(world, owner(number), &always(LocalCopy::Keep, to, None));
        path.map(|path| path.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    // bruno → anne, so anne → bruno would close it.
    assert_eq!(
        through(&mut world, 1, &["bruno@bm.com"]),
        Some(vec!["bruno@bm.com".into()]).map(|mut path: Vec<String>| {
            path.push("anne@bm.com".into());
            path
        })
    );
    // To oneself: by name, alias, tag and group.
    for own in ["anne@bm.com", "a.martin@bm.com", "anne+x@bm.com", "equipe@bm.com"] {
        assert_eq!(through(&mut world, 1, &[own]), Some(vec![own.to_owned()]), "{own}");
    }
    // karim is deactivated and redirects to anne all the same.
    assert!(through(&mut world, 1, &["karim@bm.com"]).is_some());
    for free in [
        "ventes@bm.com",
        "denis@bm.com",
        "x@perso.example",
        "personne@bm.com",
        "ancien1@bm.com",
        "libre@bm.com",
    ] {
        assert_eq!(through(&mut world, 1, &[free]), None, "{free}");
    }
}

/// X5: a redirect that begins next month is a loop today.
#[test]
fn a_loop_in_a_later_phase_is_a_loop() {
    let mut world = World::default();
    world.account(1, "a@bm.com");
    world.account(2, "b@bm.com").inbound = Inbound::new(vec![
        Phase { until: Some(moment(LATER)), treatment: Treatment::deliver() },
        Phase { until: None, treatment: accept(LocalCopy::None, &["a@bm.com"], None) },
    ])
    .expect("valid");
    let owner = Target::Account(AccountId::from_number(1));
    let Ok(path) = loop_through(&mut world, owner, &always(LocalCopy::None, &["b@bm.com"], None));
    assert_eq!(path, Some(vec![address("b@bm.com"), address("a@bm.com")]));
}

/// Everyone may set their own redirect, so a whole organisation may make a chain: it must not bring reception down.
#[test]
fn a_chain_of_thousands_of_redirects_ends_in_a_mailbox() {
    const LENGTH: i64 = 20_000;
    let mut world = World::default();
    for number in 0..LENGTH {
        let next = format!("a{}@bm.com", number + 1);
        world.account(number, &format!("a{number}@bm.com")).inbound = always(LocalCopy::None, &[&next], None);
    }
    world.account(LENGTH, &format!("a{LENGTH}@bm.com"));
    let Ok(route) = resolve(&mut world, &address("a0@bm.com"), Sender::Someone, moment(NOW));
    assert_eq!((route.deliveries.len(), route.refusal), (1, None));
    let last = Target::Account(AccountId::from_number(LENGTH));
    let Ok(path) = loop_through(&mut world, last, &always(LocalCopy::None, &["a0@bm.com"], None));
    assert_eq!(path.map(|path| path.len()), Some(usize::try_from(LENGTH).expect("small") + 1));
}

const ACCOUNTS: usize = 6;

/// Every address a random directory may name: accounts, a tagged form, groups, a shared mailbox, a responder, a freed
/// address, one that does not exist, one elsewhere.
const NAMES: [&str; 14] = [
    "a0@bm.com",
    "a1@bm.com",
    "a2@bm.com",
    "a3@bm.com",
    "a4@bm.com",
    "a5@bm.com",
    "a0+tag@bm.com",
    "g0@bm.com",
    "g1@bm.com",
    "shared@bm.com",
    "responder@bm.com",
    "freed@bm.com",
    "nobody@bm.com",
    "out@perso.example",
];

fn any_treatment() -> impl Strategy<Value = Treatment> {
    let copy = prop_oneof![Just(LocalCopy::Keep), Just(LocalCopy::None)];
    let to = proptest::collection::vec(proptest::sample::select(&NAMES[..]), 0..3);
    let accepted = (copy, to, proptest::option::weighted(0.2, Just("absent")))
        .prop_map(|(copy, to, reply)| accept(copy, &to, reply));
    prop_oneof![4 => accepted, 1 => Just(Treatment::Refuse)]
}

fn any_inbound() -> impl Strategy<Value = Inbound> {
    (any_treatment(), proptest::option::weighted(0.3, any_treatment())).prop_filter_map(
        "drops mail",
        |(last, first)| {
            let first =
                first.map(|treatment| Phase { until: Some(moment("2026-12-01T00:00:00Z")), treatment });
            Inbound::new(first.into_iter().chain([Phase { until: None, treatment: last }]).collect()).ok()
        },
    )
}

fn any_world() -> impl Strategy<Value = World> {
    let person = (proptest::sample::select(&State::ALL[..]), any_inbound(), any::<bool>());
    let people = proptest::collection::vec(person, ACCOUNTS);
    let members = || proptest::collection::vec(0..i64::try_from(ACCOUNTS).expect("small"), 0..4);
    let posting = prop_oneof![Just(Posting::Anyone), Just(Posting::Organisation), Just(Posting::Members)];
    let nested = (posting, any::<bool>(), any::<bool>());
    (people, members(), members(), any::<bool>(), nested).prop_map(
        |(people, first, second, expired, nested)| {
            let (posting, second_in_first, first_in_second) = nested;
            let mut world = World::default();
            for (number, (state, inbound, left)) in (0..).zip(people) {
                let account = world.account(number, &format!("a{number}@bm.com"));
                account.state = state;
                account.inbound = if state == State::Deleted { Inbound::refuse() } else { inbound };
                account.leaves_at = (left && number == 5).then(|| moment("2026-11-01T00:00:00Z"));
            }
            world.group(0, "g0@bm.com", &first);
            world.group(1, "g1@bm.com", &second);
            world.posting(1, posting);
            if second_in_first {
                world.put_in(0, 1);
            }
            if first_in_second {
                world.put_in(1, 0);
            }
            world.shared_mailbox(100, "shared@bm.com");
            let responder = world.responder(0, "parti");
            world.point("responder@bm.com", Some(responder)).reply_until = expired.then(|| moment(NOW));
            world.point("freed@bm.com", None);
            world
        },
    )
}

/// Who is in one of the two groups, in any way.
fn in_group(world: &World, id: GroupId) -> Vec<AccountId> {
    let inner = world.inner.get(&id).into_iter().flatten();
    let groups = std::iter::once(&id).chain(inner);
    groups.flat_map(|id| world.groups[id].1.clone()).collect()
}

/// What a target's mail may be sent on to, whatever the date: found without the code under test.
fn next_of(world: &World, target: Target) -> Vec<Target> {
    let sends_on = |id: &AccountId| {
        let account = &world.accounts[id];
        let names = account.inbound.redirect_targets().map(|to| to.as_str().replace("+tag", ""));
        names.filter_map(|name| world.addresses.get(&address(&name))?.target).collect::<Vec<_>>()
    };
    match target {
        Target::Account(id) => sends_on(&id),
        Target::Group(id) => in_group(world, id).into_iter().map(Target::Account).collect(),
        Target::SharedMailbox(_) | Target::Responder(_) => vec![],
    }
}

/// Every path without repetition is tried, so it can be slow and cannot be wrong.
fn leads_back(world: &World, from: Target, owner: Target, walked: &mut Vec<Target>) -> bool {
    next_of(world, from).into_iter().any(|next| {
        if next == owner {
            return true;
        }
        if walked.contains(&next) {
            return false;
        }
        walked.push(next);
        let found = leads_back(world, next, owner, walked);
        walked.pop();
        found
    })
}

/// Whether `path` really leads from `owner` back to it.
fn is_a_way_back(world: &World, owner: Target, path: &[EmailAddress]) -> bool {
    let target = |at: &EmailAddress| {
        world.addresses.get(&address(&at.as_str().replace("+tag", ""))).and_then(|at| at.target)
    };
    let through = |from: Target| match from {
        Target::Group(_) => {
            next_of(world, from).into_iter().flat_map(|member| next_of(world, member)).collect()
        }
        Target::Account(_) | Target::SharedMailbox(_) | Target::Responder(_) => next_of(world, from),
    };
    let mut from = owner;
    for step in path {
        let Some(to) = target(step).filter(|to| through(from).contains(to)) else { return false };
        from = to;
    }
    from == owner
        || matches!(from, Target::Group(id) if in_group(world, id).into_iter().any(|member| Target::Account(member) == owner))
}

fn check_route(
    world: &World,
    route: &Route,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let does_something =
        !(route.deliveries.is_empty() && route.redirects.is_empty() && route.replies.is_empty());
    prop_assert_eq!(does_something, route.refusal.is_none(), "an outcome or a refusal");
    let mut mailboxes = HashSet::new();
    for delivery in &route.deliveries {
        prop_assert!(mailboxes.insert(delivery.mailbox), "each mailbox at most once");
        let Some(owner) = world.accounts.values().find(|account| account.mailbox == delivery.mailbox) else {
            continue;
        };
        prop_assert_ne!(owner.state, State::Deleted);
        let refuses = *owner.inbound.at(now) == Treatment::Refuse;
        prop_assert!(!refuses, "who refuses stores nothing");
    }
    if sender == Sender::Null {
        prop_assert!(route.redirects.is_empty() && route.replies.is_empty());
    }
    let mut answers = HashSet::new();
    for reply in &route.replies {
        prop_assert!(answers.insert(reply.target), "each answers at most once");
    }
    let met = |refusal: MailRefusal| {
        route.trace.iter().any(|(_, hop)| {
            *hop == Hop::Refused { refusal }
                || (refusal == MailRefusal::Deactivated && matches!(hop, Hop::MemberLeftOut { .. }))
        })
    };
    prop_assert!(route.refusal.is_none_or(met), "a refusal has its reason in the trace: {:?}", route);
    if route.trace.iter().any(|(_, hop)| matches!(hop, Hop::LoopCut { .. } | Hop::BounceKept)) {
        prop_assert!(!route.deliveries.is_empty(), "what is cut is kept");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_message_has_an_outcome_or_a_refusal(mut world in any_world(), late in any::<bool>()) {
        let now = moment(if late { LATER } else { NOW });
        for name in NAMES {
            for sender in [Sender::Null, Sender::Someone, Sender::Known("a1@bm.com"), Sender::Known("out@perso.example")] {
                let Ok(route) = resolve(&mut world, &address(name), sender, now);
                check_route(&world, &route, sender, now)?;
            }
        }
    }

    /// Who is to have a copy has it: the recipient who keeps one, and each member of a group who may receive its mail.
    #[test]
    fn nobody_who_keeps_a_copy_goes_without(mut world in any_world()) {
        let now = moment(NOW);
        let keeps = |account: &relais_core::account::Account| {
            matches!(account.inbound.at(now), Treatment::Accept { copy: LocalCopy::Keep, .. })
        };
        for account in world.accounts.clone().into_values().filter(|account| account.state != State::Deleted) {
            let Ok(route) = resolve(&mut world, &account.address, Sender::Someone, now);
            let stored = route.deliveries.iter().any(|delivery| delivery.mailbox == account.mailbox);
            prop_assert!(stored || !keeps(&account));
        }
        for (number, text) in [(0, "g0@bm.com"), (1, "g1@bm.com")] {
            let Ok(route) = resolve(&mut world, &address(text), Sender::Someone, now);
            for member in in_group(&world, GroupId::from_number(number)) {
                let account = &world.accounts[&member];
                let receives = matches!(standing(account, now), State::Active | State::Invited);
                let stored = route.deliveries.iter().any(|delivery| delivery.mailbox == account.mailbox);
                prop_assert!(stored || !keeps(account) || !receives);
            }
        }
    }

    #[test]
    fn a_loop_is_found_exactly_when_there_is_a_way_back(mut world in any_world()) {
        let mut any_loop = false;
        for account in world.accounts.clone().into_values() {
            let owner = Target::Account(account.id);
            let Ok(found) = loop_through(&mut world, owner, &account.inbound);
            prop_assert_eq!(found.is_some(), leads_back(&world, owner, owner, &mut vec![]));
            if let Some(path) = &found {
                prop_assert!(is_a_way_back(&world, owner, path), "{:?}", path);
            }
            any_loop |= found.is_some();
        }
        if !any_loop {
            for name in NAMES {
                for now in [moment(NOW), moment(LATER)] {
                    let Ok(route) = resolve(&mut world, &address(name), Sender::Someone, now);
                    let cut = route.trace.iter().any(|(_, hop)| matches!(hop, Hop::LoopCut { .. }));
                    prop_assert!(!cut, "{:?}", route.trace);
                }
            }
        }
    }
}
