//! One's own account in a browser: what each page shows and does, without its script but where a device is asked for.

use crate::world::{Answer, PASSWORD, Who, World};
use axum::body::Body;
use axum::http::header;
use relais_testbed::authenticator::code;
use relais_testbed::passkey::Authenticator;
use serde_json::{Value, json};

const PAGES: [&str; 8] = [
    "/me",
    "/me/password",
    "/me/second-factor",
    "/me/app-passwords",
    "/me/sessions",
    "/me/absence",
    "/me/shares",
    "/me/export",
];

/// A browser in which somebody is signed in.
struct Visitor<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Visitor<'a> {
    fn of(world: &'a World, who: Who) -> Self {
        Self { world, cookie: format!("__Host-relais-session={}", world.secret(who).expect("a session")) }
    }

    async fn get(&self, path: &str, language: &str) -> Answer {
        let request = self.world.request(Who::Nobody, "GET", path).header("accept-language", language);
        let request = request.header(header::COOKIE, &self.cookie).body(Body::empty());
        self.world.send(Who::Nobody, request.expect("a request")).await
    }

    async fn post_from(&self, site: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| {
            text.bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                    other => format!("%{other:02X}"),
                })
                .collect::<String>()
        };
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self.world.request(Who::Nobody, "POST", path).header("accept-language", "fr");
        let request = request
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")));
        self.world.send(Who::Nobody, request.expect("a request")).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from("same-origin", path, fields).await
    }

    /// A form that is carried out leads back to its page.
    async fn does(&self, path: &str, fields: &[(&str, &str)], page: &str) {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.headers[header::LOCATION], format!("{page}?done=1"));
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_else(|| panic!("{text}"))
}

#[tokio::test]
async fn everybody_who_is_signed_in_has_the_pages_in_both_languages_and_nobody_else() {
    let world = World::new().await;
    for who in [Who::Subject, Who::Guest, Who::Admin, Who::Owner] {
        let visitor = Visitor::of(&world, who);
        for page in PAGES {
            let (french, english) = (visitor.get(page, "fr").await, visitor.get(page, "en").await);
            assert_eq!((french.status.as_u16(), english.status.as_u16()), (200, 200), "{who:?} {page}");
            assert!(french.text.contains("Mon compte") && english.text.contains("My account"));
            let policy = french.headers["content-security-policy"].to_str().expect("text");
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
            assert!(!french.text.contains("style=") && !french.text.contains("onclick"), "{page}");
        }
    }
    let nobody = Visitor { world: &world, cookie: String::new() };
    for page in PAGES {
        let sent = nobody.get(page, "fr").await;
        assert_eq!(sent.status, 303, "{page}");
        assert!(sent.headers[header::LOCATION].to_str().expect("text").starts_with("/sign-in"));
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    for (path, fields) in [
        ("/me", vec![("name", "Piraté")]),
        ("/me/absence", vec![("text", "Piraté")]),
        ("/me/app-passwords", vec![("name", "Piraté"), ("mail", "1")]),
        ("/me/second-factor/codes", vec![]),
        ("/me/sessions", vec![]),
    ] {
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(visitor.post_from(site, path, &fields).await.status, 403, "{path} {site}");
        }
    }
    let account = world.ask(Who::Subject, "GET", "/api/v1/accounts/user1@bm.com").await.text;
    assert!(!account.contains("Piraté"), "{account}");
}

#[tokio::test]
async fn what_one_is_called_is_changed_and_what_does_not_fit_is_kept_as_it_was_typed() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let typed = [
        ("name", "Jeanne Martin"),
        ("family_name", "Martin"),
        ("phone_mobile", "+33 6 12 34 56 78"),
        ("external_address", "jeanne@ailleurs.example"),
    ];
    visitor.does("/me", &typed, "/me").await;
    let profile = world.ask(Who::Subject, "GET", "/api/v1/accounts/user1@bm.com/profile").await.json();
    assert_eq!(profile["external_address"], "jeanne@ailleurs.example");
    let page = visitor.get("/me", "fr").await.text;
    assert!(page.contains("Jeanne Martin") && page.contains("+33 6 12 34 56 78"), "{page}");
    let wrong = visitor.post("/me", &[("name", "Jeanne M."), ("external_address", "nulle part")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("adresse extérieure") && wrong.text.contains("value=\"Jeanne M.\""),
        "{}",
        wrong.text
    );
    let hosted = visitor.post("/me", &[("name", "Jeanne M."), ("external_address", "x@bm.com")]).await;
    assert_eq!(hosted.status, 422, "{}", hosted.text);
    let nameless = visitor.post("/me", &[("external_address", "jeanne@ailleurs.example")]).await;
    assert_eq!(nameless.status, 422);
}

#[tokio::test]
async fn a_reply_has_its_days_in_the_organisations_time_and_ends_by_itself() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let inbound = async || {
        world.ask(Who::Subject, "GET", "/api/v1/accounts/user1@bm.com").await.json()["inbound"].clone()
    };
    let before = inbound().await;
    let days = [("first", "2026-12-24"), ("last", "2026-12-31"), ("text", "Je reviens le 1er janvier.")];
    visitor.does("/me/absence", &days, "/me/absence").await;
    let set = inbound().await;
    let phases = set.as_array().expect("phases");
    assert_eq!(phases.len(), 3, "{set}");
    assert!(phases[0]["until"].as_str().expect("an end").starts_with("2026-12-2"), "{set}");
    assert_eq!(phases[1]["reply"], "Je reviens le 1er janvier.");
    assert_eq!((&phases[1]["copy"], &phases[2]["reply"]), (&json!("keep"), &Value::Null));
    let page = visitor.get("/me/absence", "fr").await.text;
    for shown in ["value=\"2026-12-24\"", "value=\"2026-12-31\"", "Je reviens le 1er janvier."] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let turned = [("first", "2026-12-31"), ("last", "2026-12-24"), ("text", "Non")];
    let refused = visitor.post("/me/absence", &turned).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("value=\"2026-12-31\""), "{}", refused.text);
    assert_eq!(visitor.post("/me/absence", &[("text", "")]).await.status, 422);
    assert_eq!(visitor.post("/me/absence", &[("text", "x"), ("first", "demain")]).await.status, 422);
    assert_eq!(inbound().await, set);
    visitor.does("/me/absence", &[("end", "1")], "/me/absence").await;
    assert_eq!(inbound().await, before);
}

#[tokio::test]
async fn an_app_password_is_shown_once_with_what_a_program_asks_for() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let made = visitor.post("/me/app-passwords", &[("name", "Thunderbird"), ("mail", "1")]).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let secret = between(&made.text, "<code class=\"secret\">", "</code>").to_owned();
    assert!(secret.starts_with("rla-"), "{secret}");
    for shown in ["Thunderbird", "iPhone", "IMAP", "mail.bm.com", "/dav/"] {
        assert!(made.text.contains(shown), "{shown}: {}", made.text);
    }
    let page = visitor.get("/me/app-passwords", "fr").await.text;
    assert!(page.contains("Thunderbird") && !page.contains(&secret));
    let listed = world.ask(Who::Subject, "GET", "/api/v1/accounts/user1@bm.com/app-passwords").await.json();
    let id =
        listed.as_array().expect("a list").iter().find(|one| one["name"] == "Thunderbird").expect("there");
    let revoked = [("app_password", id["id"].as_str().expect("an id"))];
    visitor.does("/me/app-passwords/revoke", &revoked, "/me/app-passwords").await;
    assert_eq!(visitor.post("/me/app-passwords/revoke", &revoked).await.status, 404);
    let nothing = visitor.post("/me/app-passwords", &[("name", "Montre")]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.text.contains("value=\"Montre\""), "{}", nothing.text);
}

#[tokio::test]
async fn whoever_signed_in_long_ago_signs_in_again_before_a_way_in_is_added() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let page = visitor.get("/me/second-factor", "fr").await.text;
    assert!(page.contains("data-passkey=\"create\""), "{page}");
    world.clock.advance(1);
    for (path, form) in [
        ("/me/app-passwords", "action=\"/me/app-passwords\""),
        ("/me/second-factor", "data-passkey=\"create\""),
    ] {
        let page = visitor.get(path, "fr").await.text;
        assert!(page.contains(&format!("/sign-in?wanted={path}")) && !page.contains(form), "{page}");
    }
    let late = visitor.post("/me/app-passwords", &[("name", "Thunderbird"), ("mail", "1")]).await;
    assert_eq!(late.status, 403);
    assert!(late.text.contains("connectez-vous à nouveau"), "{}", late.text);
    assert_eq!(visitor.post("/me/second-factor/passkeys/begin", &[]).await.status, 403);
    for (path, body) in [
        ("/api/v1/accounts/user1@bm.com/app-passwords", json!({ "name": "Thunderbird", "scopes": ["mail"] })),
        ("/api/v1/accounts/user1@bm.com/passkeys/begin", json!({})),
    ] {
        assert_eq!(world.ask_with(Who::Subject, "POST", path, &body).await.code(), "sign_in_again", "{path}");
    }
}

#[tokio::test]
async fn a_photo_is_sent_by_a_form_and_taken_away() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let send = async |image: &[u8]| {
        let mut body =
            b"--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n".to_vec();
        body.extend_from_slice(image);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = world.request(Who::Nobody, "POST", "/me/photo").header("accept-language", "fr");
        let request = request
            .header(header::COOKIE, &visitor.cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(body));
        world.send(Who::Nobody, request.expect("a request")).await
    };
    let wrong = send(b"GIF89a").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let large = send(&vec![0; (1 << 20) + 1]).await;
    assert_eq!(large.status, 413, "{}", large.text);
    // The beginning of a PNG of one pixel: its kind and its sides are all that is read.
    let image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
    assert_eq!(send(image).await.status, 303);
    let shown = visitor.get("/me/photo", "fr").await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.headers[header::CONTENT_TYPE], "image/png");
    assert!(visitor.get("/me", "fr").await.text.contains("src=\"/me/photo\""));
    visitor.does("/me/photo/remove", &[], "/me").await;
    assert_eq!(visitor.get("/me/photo", "fr").await.status, 404);
}

#[tokio::test]
async fn a_second_factor_is_set_up_and_removed_and_its_secret_survives_a_wrong_code() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let begun = visitor.post("/me/second-factor/codes", &[]).await;
    let secret = between(&begun.text, "<code>", "</code>").to_owned();
    let uri = between(&begun.text, "name=\"uri\" value=\"", "\"").replace("&amp;", "&");
    let wrong = [("secret", &*secret), ("uri", &*uri), ("code", "000000")];
    let wrong = visitor.post("/me/second-factor/confirm", &wrong).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains(&secret), "{}", wrong.text);
    let now = world.app.now().as_second();
    let right = code(&secret, now);
    let confirmed = visitor.post("/me/second-factor/confirm", &[("code", &right)]).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    let recovery = between(&confirmed.text, "<li><code>", "</code>").to_owned();
    let page = visitor.get("/me/second-factor", "fr").await.text;
    assert!(page.contains("codes de secours restants\u{a0}: 10"), "{page}");
    visitor.does("/me/second-factor/remove", &[("code", &recovery)], "/me/second-factor").await;
}

#[tokio::test]
async fn a_passkey_is_added_renamed_used_at_the_sign_in_and_removed() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let place = "/me/second-factor/passkeys";
    let options = visitor.post(&format!("{place}/begin"), &[]).await.json();
    let mut device = Authenticator::new("https://mail.bm.com").expect("a key");
    let made = device.create(&options).expect("made").to_string();
    visitor.does(place, &[("name", "Mon téléphone"), ("credential", &made)], "/me/second-factor").await;
    let again = visitor.post(place, &[("name", "Mon téléphone"), ("credential", &made)]).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let page = visitor.get("/me/second-factor", "fr").await.text;
    assert!(page.contains("value=\"Mon téléphone\""), "{page}");
    let id = between(&page, "name=\"passkey\" value=\"", "\"").to_owned();
    let change = format!("{place}/change");
    visitor.does(&change, &[("passkey", &id), ("name", "Clé")], "/me/second-factor").await;

    let stranger = Visitor { world: &world, cookie: String::new() };
    let entered = async |device: &mut Authenticator, half: &[(&str, &str)]| {
        let options = stranger.post("/sign-in/passkey/begin", half).await.json();
        let answer = device.get(&options).expect("signs").to_string();
        let fields = [&[("credential", answer.as_str())][..], half].concat();
        stranger.post("/sign-in/passkey", &fields).await
    };
    let inside = entered(&mut device, &[]).await;
    assert_eq!(inside.status, 303, "{}", inside.text);
    assert!(
        inside.headers[header::SET_COOKIE].to_str().expect("text").contains("__Host-relais-session=rls_")
    );
    // And behind a password.
    let first = [("login", "user1@bm.com"), ("password", PASSWORD)];
    let first = stranger.post("/sign-in", &first).await.text;
    let half = between(&first, "name=\"half\" value=\"", "\"").to_owned();
    assert_eq!(entered(&mut device, &[("half", &half)]).await.status, 303);
    let void = stranger.post("/sign-in/passkey/begin", &[("half", &half)]).await;
    assert!(void.json()["refused"].as_str().expect("a sentence").contains("recommencez"), "{}", void.text);
    visitor.does(&change, &[("passkey", &id), ("act", "remove")], "/me/second-factor").await;
    let unknown = entered(&mut device, &[]).await;
    assert_eq!(unknown.status, 401);
    assert!(unknown.text.contains("Aucun compte n'a cette clé d'accès"), "{}", unknown.text);
    assert_eq!(stranger.post("/sign-in/passkey", &[("credential", "{")]).await.status, 400);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_ends_the_session() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let other = "quatre mots sans aucun rapport";
    let fields = |current, again| [("current", current), ("new", other), ("again", again)];
    assert_eq!(visitor.post("/me/password", &fields("not this one", other)).await.status, 401);
    assert_eq!(visitor.post("/me/password", &fields(PASSWORD, "autre chose")).await.status, 422);
    let short = [("current", PASSWORD), ("new", "court"), ("again", "court")];
    assert_eq!(visitor.post("/me/password", &short).await.status, 422);
    assert_eq!(visitor.get("/me", "fr").await.status, 200);
    assert_eq!(visitor.post("/me/password", &fields(PASSWORD, other)).await.status, 303);
    assert_eq!(visitor.get("/me", "fr").await.status, 303, "signed out");
    let body = json!({ "login": "user1@bm.com", "password": other });
    assert_eq!(world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await.status, 201);
}

#[tokio::test]
async fn sessions_and_shares_are_listed_and_ended() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, Who::Subject);
    let page = visitor.get("/me/sessions", "fr").await.text;
    assert!(page.contains("celle-ci"), "{page}");
    let one = world.made.session.to_string();
    visitor.does("/me/sessions", &[("session", &one)], "/me/sessions").await;
    visitor.does("/me/sessions", &[], "/me/sessions").await;
    assert_eq!(visitor.get("/me/sessions", "fr").await.status, 200, "this one goes on");
    let share = world.made.share.to_string();
    assert!(visitor.get("/me/shares", "fr").await.text.contains(&share));
    assert_eq!(Visitor::of(&world, Who::Member).post("/me/shares", &[("share", &share)]).await.status, 403);
    visitor.does("/me/shares", &[("share", &share)], "/me/shares").await;
    assert!(visitor.get("/me/shares", "fr").await.text.contains("Vous ne partagez aucun agenda"));
}

#[tokio::test]
async fn whoever_needs_a_second_factor_finds_nothing_else_until_it_is_there() {
    let world = World::new().await;
    let policy = json!({ "app_passwords": "optional", "second_factor": "everyone" });
    let path = "/api/v1/organisations/bm/sign-in-policy";
    assert_eq!(world.ask_with(Who::Socket, "PUT", path, &policy).await.status, 200);
    let visitor = Visitor::of(&world, Who::Subject);
    let sent = visitor.get("/me/app-passwords", "fr").await;
    assert_eq!(
        (sent.status.as_u16(), sent.headers[header::LOCATION].to_str().expect("text")),
        (303, "/me/second-factor")
    );
    let place = "/me/second-factor/passkeys";
    let options = visitor.post(&format!("{place}/begin"), &[]).await.json();
    let mut device = Authenticator::new("https://mail.bm.com").expect("a key");
    let made = device.create(&options).expect("made").to_string();
    visitor.does(place, &[("name", "Mon téléphone"), ("credential", &made)], "/me/second-factor").await;
    assert_eq!(visitor.get("/me/app-passwords", "fr").await.status, 200);
}
