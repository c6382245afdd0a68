//! A real application is told what happens (X10): it goes away, fails, loses its answers and comes back.

use crate::world::{Who, World};
use relais_testbed::receiver::{Heard, Mode, Receiver};
use serde_json::{Value, json};
use std::collections::HashMap;

struct Told {
    world: World,
    receiver: Receiver,
    path: String,
}

impl Told {
    async fn new() -> Self {
        let world = World::new().await;
        let receiver = Receiver::start().expect("starts");
        let asked = json!({ "name": "Documents", "url": receiver.url() });
        let made =
            world.ask_with(Who::Token, "POST", "/api/v1/organisations/bm/applications", &asked).await.json();
        receiver.agree_on(made["signing_secret"].as_str().expect("a secret")).expect("written");
        let path = format!("/api/v1/applications/{}", made["id"].as_str().expect("an id"));
        Self { world, receiver, path }
    }

    async fn act(&self, account: &str, act: &str) {
        let path = format!("/api/v1/accounts/{account}/{act}");
        let done = self.world.ask_with(Who::Token, "POST", &path, &json!({})).await;
        assert!(done.status.is_success(), "{}", done.text);
    }

    /// What is due is told; afterwards everything that waits for its time is due.
    async fn tell(&self) {
        self.world.app.work_once().await;
        self.world.clock.advance(25);
    }

    fn heard(&self) -> Vec<Heard> {
        self.receiver.heard().expect("read")
    }

    /// What it heard of each account, each thing once, in the order in which it heard it first.
    fn story(&self) -> HashMap<String, Vec<String>> {
        let mut story: HashMap<String, Vec<String>> = HashMap::new();
        let mut known = HashMap::new();
        for heard in self.heard() {
            assert!(heard.genuine, "{heard:?}");
            let before = known.insert(heard.id.clone(), heard.body.clone());
            if let Some(before) = before {
                assert_eq!(before, heard.body, "told again, it says the same");
                continue;
            }
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            story.entry(text(&heard.body["data"]["subject"])).or_default().push(text(&heard.body["type"]));
        }
        story
    }

    async fn undelivered(&self) -> Value {
        self.world.ask(Who::Token, "GET", &format!("{}/undelivered", self.path)).await.json()
    }

    async fn id(&self, address: &str) -> String {
        crate::world::id_of(&self.world.app, address).await.to_string()
    }
}

const UP_AND_DOWN: [&str; 3] = ["account.deactivated", "account.reactivated", "account.deactivated"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_in_order_whatever_the_application_does() {
    let told = Told::new().await;
    told.receiver.answer(Mode::Down).expect("written");
    for act in ["deactivate", "reactivate", "deactivate"] {
        told.act("user1@bm.com", act).await;
    }
    told.act("guest@bm.com", "deactivate").await;
    told.tell().await;
    let waiting = told.undelivered().await;
    assert_eq!(waiting.as_array().map(Vec::len), Some(4), "{waiting}");
    assert_eq!(waiting[0]["trouble"], "answered 503");
    // Only the first of each account was tried.
    assert!(told.heard().iter().all(|heard| heard.body["type"] == "account.deactivated"));
    for mode in [Mode::Refuse, Mode::Drop, Mode::Slow, Mode::Ok] {
        told.receiver.answer(mode).expect("written");
        told.tell().await;
    }
    assert_eq!(told.undelivered().await, json!([]));
    let story = told.story();
    assert_eq!(story[&told.id("user1@bm.com").await], UP_AND_DOWN);
    assert_eq!(story[&told.id("guest@bm.com").await], ["account.deactivated"]);
    // What was taken though its answer was lost came again under the same name.
    let dropped = told.heard().into_iter().filter(|heard| heard.mode == "drop");
    for lost in dropped {
        assert!(told.heard().iter().filter(|heard| heard.id == lost.id).count() > 1, "{lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_was_away_hears_what_it_missed_at_its_new_place() {
    let mut told = Told::new().await;
    told.act("user1@bm.com", "deactivate").await;
    told.tell().await;
    told.receiver.go_away().expect("ended");
    told.act("user1@bm.com", "reactivate").await;
    told.tell().await;
    assert_eq!(told.undelivered().await.as_array().map(Vec::len), Some(1));
    told.receiver.come_back().expect("starts");
    let place = json!({ "url": told.receiver.url() });
    let moved = told.world.ask_with(Who::Token, "PATCH", &told.path, &place).await;
    assert!(moved.status.is_success(), "{}", moved.text);
    told.tell().await;
    assert_eq!(told.undelivered().await, json!([]));
    assert_eq!(told.story()[&told.id("user1@bm.com").await], UP_AND_DOWN[..2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_replaced_without_a_gap_and_events_are_told_again_by_the_same_names() {
    let told = Told::new().await;
    told.act("user1@bm.com", "deactivate").await;
    told.tell().await;
    let rotated = told.world.ask(Who::Token, "POST", &format!("{}/signing-secret", told.path)).await.json();
    told.act("user1@bm.com", "reactivate").await;
    // Checked with the former secret still.
    told.world.app.work_once().await;
    told.receiver.agree_on(rotated["secret"].as_str().expect("a secret")).expect("written");
    told.act("user1@bm.com", "deactivate").await;
    told.tell().await;
    assert_eq!(told.story()[&told.id("user1@bm.com").await], UP_AND_DOWN);
    let before = told.heard();
    let replay = json!({ "from": before[1].body["data"]["event"] });
    let asked = told.world.ask_with(Who::Token, "POST", &format!("{}/replay", told.path), &replay).await;
    assert_eq!(asked.status, 204, "{}", asked.text);
    told.tell().await;
    let ids = |heard: &[Heard]| heard.iter().map(|heard| heard.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&told.heard()[3..]), ids(&before[1..]));
    assert!(told.heard().iter().all(|heard| heard.genuine));
}
