use super::super::explain::tree;
use super::people::{address, reader};
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, MailboxId, ResponderId};
use relais_core::inbound::LocalCopy;
use relais_core::language::Language::{English, French};
use relais_core::mail_refusal::MailRefusal;
use relais_core::organisation::Target;
use relais_core::reserved::Keeper;
use relais_core::rights::State;
use relais_core::routing::{Delivery, Hop, Redirect, ReplyOrder, Route};

fn account(number: i64, login: &str, name: &str, state: State) -> Hop {
    let address = address(&format!("{login}@bm.com"));
    Hop::Account { id: AccountId::from_number(number), address, name: name.to_owned(), state }
}

fn delivery(number: i64) -> Delivery {
    Delivery { mailbox: MailboxId::from_number(number), quota_bytes: None }
}

/// A group with a member who redirects inside and outside, one who left, and one who redirects back.
fn through_a_group() -> Route {
    let outside = address("paul@example.org");
    Route {
        deliveries: vec![delivery(2), delivery(4)],
        redirects: vec![Redirect { to: outside.clone(), by: address("paul@bm.com") }],
        replies: vec![],
        refusal: None,
        trace: vec![
            (0, Hop::Tag { base: address("ventes@bm.com") }),
            (
                0,
                Hop::Group {
                    id: GroupId::from_number(1),
                    name: "Ventes".to_owned(),
                    posting: Posting::Anyone,
                },
            ),
            (1, account(1, "user1", "Jeanne Martin", State::Deactivated)),
            (2, Hop::Redirected { to: address("usercs@bm.com"), copy: LocalCopy::None }),
            (2, account(2, "usercs", "Claude Simon", State::Active)),
            (3, Hop::Stored { mailbox: MailboxId::from_number(2) }),
            (1, account(3, "paul", "Paul", State::Active)),
            (2, Hop::Redirected { to: outside.clone(), copy: LocalCopy::None }),
            (2, Hop::SentOutside { to: outside }),
            (1, Hop::MemberLeftOut { address: address("zoe@bm.com"), state: State::Deactivated }),
            (1, account(4, "luc", "Luc", State::Active)),
            (2, Hop::LoopCut { at: address("ventes@bm.com") }),
            (2, Hop::Stored { mailbox: MailboxId::from_number(4) }),
        ],
    }
}

#[test]
fn a_route_through_a_group_is_a_tree_in_both_languages() {
    let recipient = address("ventes+salon@bm.com");
    assert_eq!(
        tree(&reader(French), &recipient, &through_a_group()),
        "\
ventes+salon@bm.com
├─ forme étiquetée de ventes@bm.com
└─ groupe Ventes
   ├─ compte Jeanne Martin <user1@bm.com>, désactivé
   │  ├─ redirigé vers usercs@bm.com, sans copie ici
   │  └─ compte Claude Simon <usercs@bm.com>, actif
   │     └─ conservé dans la boîte (box-0000000000002)
   ├─ compte Paul <paul@bm.com>, actif
   │  ├─ redirigé vers paul@example.org, sans copie ici
   │  └─ envoyé à l'extérieur, à paul@example.org
   ├─ membre laissé de côté : zoe@bm.com, désactivé
   └─ compte Luc <luc@bm.com>, actif
      ├─ boucle coupée : on reviendrait à ventes@bm.com ; le message reste ici
      └─ conservé dans la boîte (box-0000000000004)
En bref : 2 boîtes le reçoivent, 1 envoi à l'extérieur."
    );
    assert_eq!(
        tree(&reader(English), &recipient, &through_a_group()),
        "\
ventes+salon@bm.com
├─ a tagged form of ventes@bm.com
└─ group Ventes
   ├─ account Jeanne Martin <user1@bm.com>, deactivated
   │  ├─ redirected to usercs@bm.com, without a copy here
   │  └─ account Claude Simon <usercs@bm.com>, active
   │     └─ stored in the mailbox (box-0000000000002)
   ├─ account Paul <paul@bm.com>, active
   │  ├─ redirected to paul@example.org, without a copy here
   │  └─ sent outside, to paul@example.org
   ├─ member left out: zoe@bm.com, deactivated
   └─ account Luc <luc@bm.com>, active
      ├─ loop cut: it would come back to ventes@bm.com; the message stays here
      └─ stored in the mailbox (box-0000000000004)
In short: 2 mailboxes get it, 1 message sent outside."
    );
}

#[test]
fn an_answer_is_shown_in_both_languages() {
    let from = address("user1@bm.com");
    let id = ResponderId::from_number(1);
    let reply = ReplyOrder {
        target: Target::Responder(id),
        from: from.clone(),
        name: "départs".to_owned(),
        text: "Parti".to_owned(),
    };
    let route = Route {
        replies: vec![reply],
        trace: vec![
            (0, Hop::Responder { id, name: "départs".to_owned() }),
            (0, Hop::Answered { from: from.clone() }),
        ],
        ..Route::default()
    };
    assert_eq!(
        tree(&reader(French), &from, &route),
        "\
user1@bm.com
├─ répondeur départs
└─ réponse automatique de user1@bm.com, au plus une par semaine à chacun
En bref : 1 réponse automatique."
    );
    assert_eq!(
        tree(&reader(English), &from, &route),
        "\
user1@bm.com
├─ responder départs
└─ automatic reply from user1@bm.com, to each sender once a week at most
In short: 1 automatic reply."
    );
}

#[test]
fn a_refusal_is_shown_in_both_languages() {
    let refusal = MailRefusal::Unknown;
    let route =
        Route { refusal: Some(refusal), trace: vec![(0, Hop::Refused { refusal })], ..Route::default() };
    assert_eq!(
        tree(&reader(French), &address("nul@bm.com"), &route),
        "\
nul@bm.com
└─ refusé : personne n'a jamais eu cette adresse ici (550 5.1.1)
Le message est refusé : personne n'a jamais eu cette adresse ici (550 5.1.1)."
    );
    assert_eq!(
        tree(&reader(English), &address("nul@bm.com"), &route),
        "\
nul@bm.com
└─ refused: nobody has ever held this address here (550 5.1.1)
The message is refused: nobody has ever held this address here (550 5.1.1)."
    );
}

#[test]
fn a_reserved_address_and_a_catch_all_say_whose_they_are_in_both_languages() {
    let shown = |language, text: &str, hop: Hop| {
        let route = Route {
            deliveries: vec![delivery(1)],
            trace: vec![(0, hop), (0, Hop::Stored { mailbox: MailboxId::from_number(1) })],
            ..Route::default()
        };
        let tree = tree(&reader(language), &address(text), &route);
        tree.lines().nth(1).expect("a line").to_owned()
    };
    let reserved = |text: &str, keeper| Hop::Reserved { address: address(text), keeper };
    for (language, text, hop, expected) in [
        (
            French,
            "support@bm.com",
            reserved("support@bm.com", Keeper::Owner),
            "├─ support@bm.com est réservée et n'a pas de titulaire présent : elle va au propriétaire de l'organisation",
        ),
        (
            English,
            "support@bm.com",
            reserved("support@bm.com", Keeper::Owner),
            "├─ support@bm.com is reserved and nobody who is here holds it: it goes to the organisation's owner",
        ),
        (
            French,
            "abuse@bm.com",
            reserved("abuse@bm.com", Keeper::Operator),
            "├─ abuse@bm.com est réservée : elle va à l'exploitant",
        ),
        (
            English,
            "abuse@bm.com",
            reserved("abuse@bm.com", Keeper::Operator),
            "├─ abuse@bm.com is reserved: it goes to the operator",
        ),
        (
            French,
            "typo@bm.com",
            Hop::CatchAll { domain: "bm.com".to_owned() },
            "├─ adresse jamais créée : elle va à qui reçoit tout ce qui n'a pas de titulaire dans bm.com",
        ),
        (
            English,
            "typo@bm.com",
            Hop::CatchAll { domain: "bm.com".to_owned() },
            "├─ an address that was never made: it goes to whoever has such mail for bm.com",
        ),
    ] {
        assert_eq!(shown(language, text, hop), expected);
    }
}
