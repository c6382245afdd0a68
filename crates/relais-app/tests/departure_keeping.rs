//! What a departure keeps and gives on besides mail: the backup it rests on, calendars and address books, meetings to come,
//! the person's own archive. Done, killed anywhere, undone.

#[path = "support/world.rs"]
mod world;

use jiff::SignedDuration;
use relais_core::account::{Account, Cause};
use relais_core::backup::{GenerationState, Scope};
use relais_core::collection::{Share, ShareRight, Sharee};
use relais_core::content::ContentFate;
use relais_core::departure::{
    BackupChoice, CollectionsChoice, Departure, DepartureState, ExportChoice, MeetingsChoice, Order, Step,
};
use relais_core::ids::{ExportId, ShareId};
use relais_core::lifecycle::Command;
use relais_core::profile::Profile;
use relais_core::rights::State;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use world::{Database, OPERATOR, World, address, code, runtime};

const OUTSIDE: &str = "ursule@maison.example";
const INVITED: &str = "invitee@far.example";

on_both! {
    it_waits_for_a_backup_that_began_after_the_freeze
    nothing_is_deleted_without_a_backup_or_under_a_legal_hold
    nothing_is_deleted_that_came_after_the_backup
    an_archive_is_sent_again_under_another_password
    what_no_row_offers_goes_at_the_next_start
    collections_pass_to_the_successor_and_come_back
    a_collection_with_anything_personal_in_it_is_not_shared
    what_was_shared_before_is_shared_after_the_way_back
    meetings_are_cancelled_and_called_again
    a_meeting_of_a_calendar_that_stays_is_copied_to_its_new_organiser
}

fn event(uid: &str, more: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\nBEGIN:VEVENT\nUID:{uid}\n\
         DTSTART:20270115T090000Z\nDTEND:20270115T100000Z\n{more}DTSTAMP:20261101T000000Z\nSUMMARY:{uid}\n\
         END:VEVENT\nEND:VCALENDAR\n"
    );
    text.replace('\n', "\r\n")
}

struct Case {
    one: Account,
    cs: Account,
}

impl Case {
    async fn new(w: &World) -> Self {
        let (one, cs) = (w.person("user1").await, w.person("usercs").await);
        let outside = Profile { external_address: Some(address(OUTSIDE)), ..Profile::default() };
        w.relais.set_profile(one.id, outside, OPERATOR).await.unwrap();
        let meeting = format!("ORGANIZER:mailto:user1@bm.com\nATTENDEE:mailto:{INVITED}\n");
        w.put_item(one.id, "calendar", "m.ics", &event("m", &meeting));
        w.put_item(one.id, "calendar", "p.ics", &event("p", "CLASS:PRIVATE\n"));
        w.put_item(one.id, "travail", "t.ics", &event("t", ""));
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Zoé\r\nN:;Zoé;;;\r\nEND:VCARD\r\n";
        w.put_item(one.id, "contacts", "c.vcf", card);
        w.put(one.mailbox, "INBOX", "dossier", "S");
        Self { one, cs }
    }

    fn seen(&self, w: &World) -> [Vec<String>; 3] {
        [w.items(self.one.id), w.items(self.cs.id), w.listing(self.cs.mailbox)]
    }
}

fn everything() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        meetings: Some(MeetingsChoice::Transfer),
        export: Some(ExportChoice::ExternalAddress),
        ..Order::default()
    }
}

fn report(departure: &Departure, step: Step) -> &Value {
    &departure.report_of(step).unwrap_or_else(|| panic!("{step:?}: {:?}", departure.trouble)).detail
}

async fn it_waits_for_a_backup_that_began_after_the_freeze(w: &mut World) {
    let case = Case::new(w).await;
    let whole = w.relais.start_backup(w.organisation, Scope::Everything, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.clock.advance(1);
    let order = Order { backup: Some(BackupChoice::WaitForNext), ..everything() };
    let id = w.depart(&case.one, order).await.id;
    let waits = w.departure(id).await;
    assert_eq!(waits.next_step(), Some(Step::BackUp), "the one before the freeze does not do");
    w.clock.advance(1);
    let next = w.relais.start_backup(w.organisation, Scope::Everything, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.clock.advance(1);
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
    let departure = w.departure(id).await;
    assert_eq!(report(&departure, Step::BackUp)["generation"], serde_json::json!(next.id));
    assert_ne!(whole.id, next.id);
}

async fn nothing_is_deleted_without_a_backup_or_under_a_legal_hold(w: &mut World) {
    let case = Case::new(w).await;
    let id = case.one.id;
    w.command(id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    assert_eq!(w.try_command(id, Command::Delete { content: None }).await.unwrap_err(), "backup_missing");
    w.clock.advance(1);
    let made = w.relais.start_backup(w.organisation, Scope::Account(id), OPERATOR).await.unwrap();
    w.run_until_idle().await;
    let made = w.read(move |tx| relais_store::generations::get(tx, made.id)).await.unwrap();
    assert_eq!(made.state, GenerationState::Verified, "{:?}", made.trouble);
    w.command(id, Command::SetLegalHold { reason: Some("litige".into()) }).await;
    assert_eq!(w.try_command(id, Command::Delete { content: None }).await.unwrap_err(), "legal_hold");

    // Nor does a departure begin that would delete; one that has begun is held at the deletion, with the reason, and goes on
    // when the hold ends.
    let after = Some(w.relais.now() + SignedDuration::from_hours(24 * 30));
    let order = Order { delete_after: after, ..everything() };
    assert_eq!(w.try_start(&case.one, order.clone()).await.unwrap_err(), "legal_hold");
    w.command(id, Command::SetLegalHold { reason: None }).await;
    let departure = w.depart(&case.one, order).await.id;
    w.command(id, Command::SetLegalHold { reason: Some("litige".into()) }).await;
    w.advance_days(31);
    w.run_until_idle().await;
    w.assert_state(departure, DepartureState::Held).await;
    assert!(w.departure(departure).await.trouble.unwrap().contains("litige"));
    w.command(id, Command::SetLegalHold { reason: None }).await;
    w.clock.advance(1);
    w.relais.resume_departure(departure, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.assert_state(departure, DepartureState::Finished).await;
    let departure = w.departure(departure).await;
    assert_eq!(w.account(id).await.state, State::Deleted);
    assert_ne!(report(&departure, Step::Delete)["backup"], report(&departure, Step::BackUp)["snapshot"]);
    // What was made for the person outlives the account.
    assert_eq!((w.relais.exports_of(id, OPERATOR).await.unwrap().len(), w.exports_on_disk()), (1, 1));
}

async fn nothing_is_deleted_that_came_after_the_backup(w: &mut World) {
    let case = Case::new(w).await;
    let id = case.one.id;
    let kept = Some(relais_core::inbound::Inbound::deliver());
    w.command(id, Command::Deactivate { cause: Cause::Admin, inbound: kept, content: None }).await;
    let erase = || Command::Delete { content: Some(ContentFate::Erase) };
    let refused = async || w.try_command(id, erase()).await.unwrap_err();
    let back_up = async || {
        w.clock.advance(1);
        w.relais.start_backup(w.organisation, Scope::Account(id), OPERATOR).await.unwrap();
        w.run_until_idle().await;
    };
    back_up().await;
    assert_eq!(w.deliver("client@far.example", "user1", "tard").await, "ok");
    assert_eq!(refused().await, "backup_missing", "mail that was kept since");
    back_up().await;
    w.put_item(id, "calendar", "q.ics", &event("q", "CLASS:PRIVATE\n"));
    assert_eq!(refused().await, "backup_missing", "an entry that came since");
    back_up().await;
    let deleted = w.command(id, erase()).await;
    assert_eq!(deleted.state, State::Deleted);
}

/// The secrets in the links that were sent, the oldest first.
async fn links(w: &World) -> Vec<String> {
    let letters = w.spool().await;
    let texts = letters.iter().filter_map(|row| w.spool_file(row));
    let secret = |text: String| {
        let (_, rest) = text.split_once("/exports/")?;
        Some(rest.split_whitespace().next()?.to_owned())
    };
    texts.filter_map(secret).collect()
}

async fn an_archive_is_sent_again_under_another_password(w: &mut World) {
    let case = Case::new(w).await;
    let id = case.one.id;
    assert!(matches!(w.relais.send_export_again(id, OPERATOR).await, Err(relais_app::Error::NotFound)));
    let departure = w.depart(&case.one, everything()).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    let first = links(w).await.pop().expect("a link");
    let taken = w.relais.export_of_link(&first).await.unwrap();
    w.relais.export_was_taken(&taken.export).await.unwrap();
    assert_eq!(w.exports_on_disk(), 0);

    // It was taken, but did not arrive.
    let again = w.relais.send_export_again(id, OPERATOR).await.unwrap();
    let made = w.relais.exports_of(id, OPERATOR).await.unwrap();
    assert_eq!((made, w.exports_on_disk()), (vec![again.clone()], 1));
    assert_eq!((&again.sent_to, again.taken_at), (&address(OUTSIDE), None));
    assert_eq!(code(&w.relais.export_of_link(&first).await.err().unwrap()), "export_void");
    let second = links(w).await.pop().expect("a link");
    let offered = w.relais.export_of_link(&second).await.unwrap();
    assert_eq!(offered.export, again);
    assert_ne!(offered.password, taken.password);

    // What is damaged is said to be, and leaves the link as it was.
    let data = w.home(case.one.mailbox).ancestors().nth(3).unwrap().to_owned();
    for pack in files_below(&data.join("backups"))
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("/data/"))
    {
        let mut bytes = std::fs::read(&pack).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 1);
        // In place: packs are kept open.
        std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&pack, bytes).unwrap();
    }
    let refused = w.relais.send_export_again(id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "backup_damaged");
    assert!(w.relais.export_of_link(&second).await.is_ok());
    assert_eq!(w.exports_on_disk(), 1);
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

async fn what_no_row_offers_goes_at_the_next_start(w: &mut World) {
    let case = Case::new(w).await;
    w.depart(&case.one, everything()).await;
    let exports = w.home(case.one.mailbox).ancestors().nth(3).unwrap().join("exports");
    let unknown = exports.join(format!("{}.zip", ExportId::from_number(987_654)));
    let foreign = exports.join("lisez-moi.txt");
    for path in [&unknown, &foreign] {
        std::fs::write(path, "x").unwrap();
    }
    w.reopen().await;
    assert!(!unknown.exists() && foreign.exists());
    assert_eq!(w.exports_on_disk(), 2);
}

async fn collections_pass_to_the_successor_and_come_back(w: &mut World) {
    let case = Case::new(w).await;
    let before = case.seen(w);
    let departure = w.depart(&case.one, everything()).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    assert_eq!(w.items(case.one.id), ["calendar/p.ics"]);
    let given = w.items(case.cs.id);
    assert_eq!(given.len(), 3, "{given:?}");
    assert!(given.iter().any(|item| item.ends_with("/m.ics usercs@bm.com")), "{given:?}");
    let handed = report(&departure, Step::HandOverCollections);
    assert_eq!((handed["items"].as_u64(), handed["personal_items_left_out"].as_u64()), (Some(3), Some(1)));
    let mut letters = w.outbound().await;
    letters.retain(|line| line.contains(INVITED) || line.contains(OUTSIDE));
    assert_eq!(letters.len(), 2, "{letters:?}");
    w.undo(departure.id).await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(case.seen(w), before);
    assert_eq!(
        (w.relais.exports_of(case.one.id, OPERATOR).await.unwrap().len(), w.exports_on_disk()),
        (0, 0)
    );
    let told = w.outbound().await.iter().filter(|line| line.contains(INVITED)).count();
    assert_eq!(told, 2, "that it changed hands, and that it came back");
}

async fn shares_of(w: &World, owner: &Account) -> Vec<(String, ShareRight)> {
    let id = owner.id;
    let shares = w.read(move |tx| relais_store::collections::shares_of_owner(tx, id)).await;
    shares.into_iter().map(|share| (share.collection.to_string(), share.right)).collect()
}

async fn a_collection_with_anything_personal_in_it_is_not_shared(w: &mut World) {
    let case = Case::new(w).await;
    let before = case.seen(w);
    let order = Order { collections: Some(CollectionsChoice::Share), ..everything() };
    let departure = w.depart(&case.one, order).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    let shared = shares_of(w, &case.one).await;
    let names: Vec<_> = shared.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["contacts", "travail"]);
    let handed = report(&departure, Step::HandOverCollections);
    assert_eq!(handed["not_shared"], serde_json::json!(["calendar"]));
    // The meeting in it is the successor's now, who could not see it there.
    let given = w.items(case.cs.id);
    assert!(given.len() == 1 && given[0].ends_with("/m.ics usercs@bm.com"), "{given:?}");
    w.undo(departure.id).await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(case.seen(w), before);
    assert_eq!(shares_of(w, &case.one).await, []);
}

async fn what_was_shared_before_is_shared_after_the_way_back(w: &mut World) {
    let case = Case::new(w).await;
    for (choice, number) in [(CollectionsChoice::Share, 1), (CollectionsChoice::Move, 2)] {
        let share = Share {
            id: ShareId::from_number(900_000 + number),
            owner: case.one.id,
            collection: "travail".parse().unwrap(),
            with: Sharee::Account(case.cs.id),
            right: ShareRight::Read,
            created_at: w.relais.now(),
        };
        w.write(move |tx| relais_store::collections::share(tx, &share)).await;
        let departure = w.depart(&case.one, Order { collections: Some(choice), ..everything() }).await;
        w.assert_state(departure.id, DepartureState::Finished).await;
        w.undo(departure.id).await;
        w.assert_state(departure.id, DepartureState::Undone).await;
        assert_eq!(shares_of(w, &case.one).await, [("travail".to_owned(), ShareRight::Read)], "{choice:?}");
    }
}

async fn meetings_are_cancelled_and_called_again(w: &mut World) {
    let case = Case::new(w).await;
    let before = case.seen(w);
    let order = Order {
        meetings: Some(MeetingsChoice::Cancel),
        collections: Some(CollectionsChoice::Keep),
        ..everything()
    };
    let departure = w.depart(&case.one, order).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    assert!(w.items(case.one.id).contains(&"calendar/m.ics user1@bm.com cancelled".to_owned()));
    assert_eq!(w.items(case.cs.id), [""; 0], "what does not take place is nobody's");
    w.undo(departure.id).await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(case.seen(w), before);
}

async fn a_meeting_of_a_calendar_that_stays_is_copied_to_its_new_organiser(w: &mut World) {
    let case = Case::new(w).await;
    let before = case.seen(w);
    let order = Order { collections: Some(CollectionsChoice::Keep), ..everything() };
    let departure = w.depart(&case.one, order).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    let given = w.items(case.cs.id);
    assert!(given.len() == 1 && given[0].ends_with("/m.ics usercs@bm.com"), "{given:?}");
    w.undo(departure.id).await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(case.seen(w), before);
}

/// Killed at one wait in so many, it comes to its end, or is undone from there, as if nothing had been.
fn killed_anywhere(back: bool, one_in: usize) {
    let (mut polls, mut expected) = (1, None);
    loop {
        let life = runtime();
        let (mut w, case, before, id) = life.block_on(async {
            let w = World::new(Database::Sqlite).await;
            let case = Case::new(&w).await;
            let before = case.seen(&w);
            let id = w.start(&case.one, everything()).await.id;
            (w, case, before, id)
        });
        let ended = w.work_and_die(polls);
        life.block_on(async {
            if back {
                w.relais.undo_departure(id, OPERATOR).await.unwrap();
            }
            w.run_until_idle().await;
            // Waiting for the lease of whoever died.
            w.clock.advance(1);
            w.run_until_idle().await;
            let exports =
                (w.relais.exports_of(case.one.id, OPERATOR).await.unwrap().len(), w.exports_on_disk());
            if back {
                w.assert_state(id, DepartureState::Undone).await;
                assert_eq!(case.seen(&w), before, "killed after {polls} waits");
                assert_eq!(exports.0, 0, "killed after {polls} waits");
            } else {
                w.assert_state(id, DepartureState::Finished).await;
                let departure = w.departure(id).await;
                let told = report(&departure, Step::SettleMeetings);
                assert_eq!((told["meetings"].as_u64(), told["letters"].as_u64()), (Some(1), Some(1)));
                let seen = (case.seen(&w), w.outbound().await, exports.0);
                assert_eq!(&seen, expected.get_or_insert(seen.clone()), "killed after {polls} waits");
            }
            w.assert_chain_whole().await;
        });
        if ended {
            return;
        }
        polls += one_in;
    }
}

#[test]
fn killed_anywhere_it_ends_with_each_letter_once() {
    killed_anywhere(false, 11);
}

#[test]
fn killed_anywhere_it_is_undone() {
    killed_anywhere(true, 13);
}
