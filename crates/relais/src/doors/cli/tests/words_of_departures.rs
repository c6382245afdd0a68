use super::super::{departure as departures, plan};
use super::people::{address, at, departure, planned, reader};
use relais_core::departure::{DepartureState, Order};
use relais_core::inbound::LocalCopy;
use relais_core::language::Language::{English, French};

fn to_successor() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        delete_after: Some(at("2026-12-31T00:00:00Z")),
        ..Order::default()
    }
}

fn answered() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        reply: Some(
            "Bonjour,\n\nJe suis partie ; écrivez à Claude Simon, qui reprend tous mes dossiers.".to_owned(),
        ),
        reason: Some("fin de contrat".to_owned()),
        ..Order::default()
    }
}

fn to_shared_mailbox() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        shared_mailbox: Some(address("bp.user1@bm.com")),
        copy: Some(LocalCopy::Keep),
        until: Some(at("2026-10-01T00:00:00Z")),
        reason: Some("continuité".to_owned()),
        ..Order::default()
    }
}

#[test]
fn a_plan_is_shown_in_french() {
    assert_eq!(
        plan::in_words(&reader(French), &planned(&to_successor())),
        "\
Départ de Jeanne Martin <user1@bm.com>
  début : 2026-07-29 08:00

Ce qui se passera, dans l'ordre :
   1. Le compte est fermé : plus aucune connexion n'est acceptée
   2. Les connexions ouvertes sont coupées (IMAP, POP, sessions)
   3. Ce que le compte possède est relevé
   4. Les nouveaux messages sont redirigés vers usercs@bm.com, sans copie ici, sans fin
   5. Le compte est sauvegardé, et la sauvegarde relue avant d'aller plus loin
   6. Les anciens messages sont transmis à usercs@bm.com (412 messages, 3,0 Mio) ; les messages personnels sont mis de côté
   7. Ses agendas et carnets d'adresses passent à usercs@bm.com ; ce qui est personnel est mis de côté
   8. Le compte est renommé en user1.bck@bm.com
   9. Ses adresses (user1@bm.com, jeanne@bm.com) passent à usercs@bm.com
  10. On attend jusqu'au 2026-12-31 00:00
  11. Le compte est supprimé pour toujours
  12. Une attestation dit ce qui a été fait

Ce qui a été trouvé :
  adresses : user1@bm.com, jeanne@bm.com
  messages : 412 (3,0 Mio)
  groupes : Ventes
  redirections vers ce compte : user3@bm.com

À regarder de plus près :
  ! Transmettre le courrier de quelqu'un demande un motif ; indiquez-le avec --reason.
  ! Rien ne met fin à la redirection ; indiquez une date avec --until.
  ! Redirigent vers ce compte : user3@bm.com ; prévenez-les.
  ! La personne ne reçoit rien de ce qui est à elle avant la suppression ; indiquez --export pour lui envoyer son archive."
    );
}

#[test]
fn a_plan_is_shown_in_english() {
    assert_eq!(
        plan::in_words(&reader(English), &planned(&to_successor())),
        "\
Departure of Jeanne Martin <user1@bm.com>
  begins: 2026-07-29 08:00

What will happen, in order:
   1. The account is closed: no sign-in is accepted any more
   2. Open connections are cut (IMAP, POP, sessions)
   3. What the account owns is written down
   4. New mail is redirected to usercs@bm.com, without a copy here, without end
   5. The account is backed up, and the backup read back before anything else
   6. Old mail is handed over to usercs@bm.com (412 messages, 3.0 MiB); personal messages are set aside
   7. Its calendars and address books pass to usercs@bm.com; what is personal is set aside
   8. The account is renamed to user1.bck@bm.com
   9. Its addresses (user1@bm.com, jeanne@bm.com) pass to usercs@bm.com
  10. Waiting until 2026-12-31 00:00
  11. The account is deleted for good
  12. A certificate says what was done

What was found:
  addresses: user1@bm.com, jeanne@bm.com
  messages: 412 (3.0 MiB)
  groups: Ventes
  redirects to this account: user3@bm.com

Worth a second look:
  ! Passing on someone's mail asks for a reason; give it with --reason.
  ! Nothing ends the redirect; give a date with --until.
  ! These redirect to this account: user3@bm.com; let them know.
  ! The person gets nothing of what is theirs before the deletion; give --export to send them their archive."
    );
}

#[test]
fn a_plan_that_answers_is_shown_in_both_languages() {
    assert_eq!(
        plan::in_words(&reader(French), &planned(&answered())),
        "\
Départ de Jeanne Martin <user1@bm.com>
  début : 2026-07-29 08:00
  motif : fin de contrat

Ce qui se passera, dans l'ordre :
   1. Le compte est fermé : plus aucune connexion n'est acceptée
   2. Les connexions ouvertes sont coupées (IMAP, POP, sessions)
   3. Ce que le compte possède est relevé
   4. Aux nouveaux messages il est répondu, sans copie ici, jusqu'au 2026-08-29 08:00, puis ils sont refusés
   5. Le compte est sauvegardé, et la sauvegarde relue avant d'aller plus loin
   6. Les anciens messages sont transmis à usercs@bm.com (412 messages, 3,0 Mio) ; les messages personnels sont mis de côté
   7. Ses agendas et carnets d'adresses passent à usercs@bm.com ; ce qui est personnel est mis de côté
   8. Le compte est renommé en user1.bck@bm.com
   9. Une attestation dit ce qui a été fait

La réponse automatique :
  │ Bonjour,
  │
  │ Je suis partie ; écrivez à Claude Simon, qui reprend tous mes dossiers.

Ce qui a été trouvé :
  adresses : user1@bm.com, jeanne@bm.com
  messages : 412 (3,0 Mio)
  groupes : Ventes
  redirections vers ce compte : user3@bm.com

À regarder de plus près :
  ! Redirigent vers ce compte : user3@bm.com ; prévenez-les."
    );
    assert_eq!(
        plan::in_words(&reader(English), &planned(&answered())),
        "\
Departure of Jeanne Martin <user1@bm.com>
  begins: 2026-07-29 08:00
  reason: fin de contrat

What will happen, in order:
   1. The account is closed: no sign-in is accepted any more
   2. Open connections are cut (IMAP, POP, sessions)
   3. What the account owns is written down
   4. New mail is answered, without a copy here, until 2026-08-29 08:00, then it is refused
   5. The account is backed up, and the backup read back before anything else
   6. Old mail is handed over to usercs@bm.com (412 messages, 3.0 MiB); personal messages are set aside
   7. Its calendars and address books pass to usercs@bm.com; what is personal is set aside
   8. The account is renamed to user1.bck@bm.com
   9. A certificate says what was done

The automatic reply:
  │ Bonjour,
  │
  │ Je suis partie ; écrivez à Claude Simon, qui reprend tous mes dossiers.

What was found:
  addresses: user1@bm.com, jeanne@bm.com
  messages: 412 (3.0 MiB)
  groups: Ventes
  redirects to this account: user3@bm.com

Worth a second look:
  ! These redirect to this account: user3@bm.com; let them know."
    );
}

#[test]
fn a_plan_for_a_shared_mailbox_is_shown_in_both_languages() {
    assert_eq!(
        plan::in_words(&reader(French), &planned(&to_shared_mailbox())),
        "\
Départ de Jeanne Martin <user1@bm.com>
  début : 2026-07-29 08:00
  motif : continuité

Ce qui se passera, dans l'ordre :
   1. Le compte est fermé : plus aucune connexion n'est acceptée
   2. Les connexions ouvertes sont coupées (IMAP, POP, sessions)
   3. Ce que le compte possède est relevé
   4. Les nouveaux messages sont redirigés vers bp.user1@bm.com, avec une copie ici, jusqu'au 2026-10-01 00:00, puis ils sont refusés
   5. Le compte est sauvegardé, et la sauvegarde relue avant d'aller plus loin
   6. Les anciens messages sont transmis à bp.user1@bm.com (412 messages, 3,0 Mio) ; les messages personnels sont mis de côté ; usercs@bm.com en devient membre
   7. Ses agendas et carnets d'adresses passent à usercs@bm.com ; ce qui est personnel est mis de côté
   8. Le compte est renommé en user1.bck@bm.com
   9. Une attestation dit ce qui a été fait

Ce qui a été trouvé :
  adresses : user1@bm.com, jeanne@bm.com
  messages : 412 (3,0 Mio)
  groupes : Ventes
  redirections vers ce compte : user3@bm.com

À regarder de plus près :
  ! Redirigent vers ce compte : user3@bm.com ; prévenez-les."
    );
    assert_eq!(
        plan::in_words(&reader(English), &planned(&to_shared_mailbox())),
        "\
Departure of Jeanne Martin <user1@bm.com>
  begins: 2026-07-29 08:00
  reason: continuité

What will happen, in order:
   1. The account is closed: no sign-in is accepted any more
   2. Open connections are cut (IMAP, POP, sessions)
   3. What the account owns is written down
   4. New mail is redirected to bp.user1@bm.com, with a copy kept here, until 2026-10-01 00:00, then it is refused
   5. The account is backed up, and the backup read back before anything else
   6. Old mail is handed over to bp.user1@bm.com (412 messages, 3.0 MiB); personal messages are set aside; usercs@bm.com becomes its member
   7. Its calendars and address books pass to usercs@bm.com; what is personal is set aside
   8. The account is renamed to user1.bck@bm.com
   9. A certificate says what was done

What was found:
  addresses: user1@bm.com, jeanne@bm.com
  messages: 412 (3.0 MiB)
  groups: Ventes
  redirects to this account: user3@bm.com

Worth a second look:
  ! These redirect to this account: user3@bm.com; let them know."
    );
}

#[test]
fn a_departure_that_waits_is_shown_in_both_languages() {
    let waiting = departure(&to_successor(), DepartureState::Running, 9);
    assert_eq!(
        departures::status(&reader(French), &waiting),
        "\
Départ dep-0000000000007 de Jeanne Martin <user1@bm.com> : en cours
  ✓ Fermeture du compte  2026-07-29 08:00
  ✓ Coupure des connexions : 2 session(s) de courrier  2026-07-29 08:00
  ✓ Inventaire  2026-07-29 08:00
  ✓ Aiguillage des nouveaux messages  2026-07-29 08:00
  ✓ Sauvegarde vérifiée  2026-07-29 08:00
  ✓ Transmission des anciens messages : 410 messages (2,8 Mio) à usercs@bm.com, dossier user1@bm.com ; 2 personnels mis de côté  2026-07-29 08:00
  ✓ Transmission des agendas et carnets  2026-07-29 08:00
  ✓ Changement de nom du compte : user1.bck@bm.com  2026-07-29 08:00
  ✓ Remise des adresses  2026-07-29 08:00
  · Attente (jusqu'au 2026-12-31 00:00)
  · Suppression du compte
  · Attestation"
    );
    assert_eq!(
        departures::status(&reader(English), &waiting),
        "\
Departure dep-0000000000007 of Jeanne Martin <user1@bm.com>: running
  ✓ Closing the account  2026-07-29 08:00
  ✓ Cutting connections: 2 mail session(s)  2026-07-29 08:00
  ✓ Inventory  2026-07-29 08:00
  ✓ Routing new mail  2026-07-29 08:00
  ✓ Verified backup  2026-07-29 08:00
  ✓ Handing over old mail: 410 messages (2.8 MiB) to usercs@bm.com, folder user1@bm.com; personal and set aside: 2  2026-07-29 08:00
  ✓ Handing over calendars and address books  2026-07-29 08:00
  ✓ Renaming the account: user1.bck@bm.com  2026-07-29 08:00
  ✓ Giving the addresses  2026-07-29 08:00
  · Waiting (until 2026-12-31 00:00)
  · Deleting the account
  · Certificate"
    );
}

#[test]
fn a_departure_that_is_held_says_why_in_both_languages() {
    let mut held = departure(&answered(), DepartureState::Held, 2);
    held.trouble = Some("Le disque est plein.\u{1b}[2J".to_owned());
    assert_eq!(
        departures::status(&reader(French), &held),
        "\
Départ dep-0000000000007 de Jeanne Martin <user1@bm.com> : suspendu
  ✓ Fermeture du compte  2026-07-29 08:00
  ✓ Coupure des connexions : 2 session(s) de courrier  2026-07-29 08:00
  · Inventaire
  · Aiguillage des nouveaux messages
  · Sauvegarde vérifiée
  · Transmission des anciens messages
  · Transmission des agendas et carnets
  · Changement de nom du compte
  · Attestation
Difficulté : Le disque est plein.·[2J"
    );
    assert_eq!(
        departures::status(&reader(English), &held),
        "\
Departure dep-0000000000007 of Jeanne Martin <user1@bm.com>: held
  ✓ Closing the account  2026-07-29 08:00
  ✓ Cutting connections: 2 mail session(s)  2026-07-29 08:00
  · Inventory
  · Routing new mail
  · Verified backup
  · Handing over old mail
  · Handing over calendars and address books
  · Renaming the account
  · Certificate
Trouble: Le disque est plein.·[2J"
    );
}
