//! Role × route: every route of the OpenAPI document, asked by everyone. What they get is written in `authority.txt`,
//! which people review; `RELAIS_BLESS=1` rewrites it.

use crate::people::png;
use crate::world::{Answer, Made, Who, World};
use relais_app::core::ids::{PasskeyId, SpoolId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// One route with a request that someone may make.
struct Sample {
    method: &'static str,
    template: &'static str,
    path: String,
    body: Option<Asked>,
}

enum Asked {
    Json(Value),
    File(&'static str, Vec<u8>),
}

fn sample(method: &'static str, template: &'static str) -> Sample {
    Sample { method, template, path: template.to_owned(), body: None }
}

impl Sample {
    fn at(mut self, name: &str, value: impl ToString) -> Self {
        self.path = self.path.replace(&format!("{{{name}}}"), &value.to_string());
        self
    }

    fn with(mut self, body: Value) -> Self {
        self.body = Some(Asked::Json(body));
        self
    }

    fn file(mut self, kind: &'static str, file: Vec<u8>) -> Self {
        self.body = Some(Asked::File(kind, file));
        self
    }

    async fn ask(&self, world: &World, who: Who) -> Answer {
        match &self.body {
            Some(Asked::Json(body)) => world.ask_with(who, self.method, &self.path, body).await,
            Some(Asked::File(kind, file)) => {
                world.send_file(who, self.method, &self.path, kind, file.clone()).await
            }
            None => world.ask(who, self.method, &self.path).await,
        }
    }
}

const O: &str = "/api/v1/organisations/{organisation}";
const A: &str = "/api/v1/accounts/{account}";

fn samples(made: &Made) -> Vec<Sample> {
    let mut all = organisation_samples(made);
    all.extend(domain_samples());
    all.extend(application_samples(made));
    all.extend(content_samples(made));
    all.extend(directory_samples(made));
    all.extend(job_samples(made));
    all.extend(account_samples());
    all.extend(people_samples());
    all.extend(credential_samples(made));
    all.extend(departure_samples(made));
    all.extend(thing_samples(made));
    all.extend(money_samples());
    all.extend(backup_samples(made));
    all.extend([
        sample("GET", "/healthz"),
        sample("GET", "/metrics"),
        sample("POST", "/api/v1/sessions")
            .with(json!({ "login": "user2@bm.com", "password": crate::world::PASSWORD })),
        sample("DELETE", "/api/v1/sessions/current"),
        sample("GET", "/api/v1/me"),
        sample("POST", "/api/v1/password-resets").with(json!({ "login": "user1@bm.com" })),
        sample("POST", "/api/v1/password-resets/{secret}")
            .at("secret", "rlp_nobodys")
            .with(json!({ "password": "another good one" })),
        sample("GET", "/api/v1/tokens"),
        sample("DELETE", "/api/v1/tokens/{token}").at("token", made.operator_token),
        sample("POST", "/api/v1/tokens").with(json!({ "name": "neuf" })),
        sample("GET", "/api/v1/spool"),
        sample("POST", "/api/v1/spool/{message}/retry").at("message", SpoolId::from_number(7)),
        sample("POST", "/api/v1/spool/{message}/withdraw").at("message", SpoolId::from_number(7)),
        sample("GET", "/api/v1/operators"),
        sample("PUT", "/api/v1/operators/{account}"),
        sample("DELETE", "/api/v1/operators/{account}"),
    ]);
    for one in &mut all {
        one.path = one.path.replace("{organisation}", "bm").replace("{account}", "user1@bm.com");
        assert!(!one.path.contains('{'), "{} has a segment without a value", one.path);
    }
    all
}

fn credential_samples(made: &Made) -> Vec<Sample> {
    let of = |method, template| {
        sample(method, template).at("session", made.session).at("app_password", made.app_password)
    };
    vec![
        of("POST", "/api/v1/sessions/second-half").with(json!({ "secret": "rlh_nobodys", "code": "000000" })),
        of("GET", "/api/v1/accounts/{account}/sessions"),
        of("DELETE", "/api/v1/accounts/{account}/sessions"),
        of("DELETE", "/api/v1/accounts/{account}/sessions/{session}"),
        of("GET", "/api/v1/accounts/{account}/app-passwords"),
        of("POST", "/api/v1/accounts/{account}/app-passwords")
            .with(json!({ "name": "Téléphone", "scopes": ["mail"] })),
        of("DELETE", "/api/v1/accounts/{account}/app-passwords/{app_password}"),
        of("GET", "/api/v1/accounts/{account}/passkeys"),
        of("POST", "/api/v1/accounts/{account}/passkeys/begin"),
        // Nobody's: `passkeys.rs` tries those that somebody has.
        of("POST", "/api/v1/accounts/{account}/passkeys")
            .with(json!({ "name": "Téléphone", "credential": { "id": "", "response": {
                "clientDataJSON": "", "attestationObject": "" } } })),
        of("PUT", "/api/v1/accounts/{account}/passkeys/{passkey}")
            .at("passkey", PasskeyId::from_number(7))
            .with(json!({ "name": "Clé" })),
        of("DELETE", "/api/v1/accounts/{account}/passkeys/{passkey}")
            .at("passkey", PasskeyId::from_number(7)),
        of("POST", "/api/v1/sessions/passkey/begin"),
        of("POST", "/api/v1/sessions/passkey").with(json!({ "credential": { "id": "", "response": {
                "clientDataJSON": "", "authenticatorData": "", "signature": "" } } })),
        of("GET", "/api/v1/accounts/{account}/second-factor"),
        of("POST", "/api/v1/accounts/{account}/second-factor"),
        of("POST", "/api/v1/accounts/{account}/second-factor/confirm").with(json!({ "code": "000000" })),
        of("POST", "/api/v1/accounts/{account}/second-factor/recovery-codes")
            .with(json!({ "code": "000000" })),
        of("DELETE", "/api/v1/accounts/{account}/second-factor"),
        of("GET", "/api/v1/accounts/{account}/sign-on-links"),
        of("POST", "/api/v1/accounts/{account}/sign-on-links"),
        of("DELETE", "/api/v1/accounts/{account}/sign-on-links"),
        of("GET", "/api/v1/organisations/{organisation}/sign-in-policy"),
        of("GET", "/api/v1/organisations/{organisation}/departure-policy"),
        of("PUT", "/api/v1/organisations/{organisation}/departure-policy").with(json!({
            "new_mail": { "do": "redirect", "to": "user2@bm.com", "days": 30 }, "content_to": "user2@bm.com"
        })),
        of("PUT", "/api/v1/organisations/{organisation}/sign-in-policy")
            .with(json!({ "app_passwords": "optional", "second_factor": "optional" })),
        of("GET", "/api/v1/organisations/{organisation}/identity-provider"),
        of("PUT", "/api/v1/organisations/{organisation}/identity-provider").with(json!({
            "issuer": "https://login.example.com", "client_id": "relais", "domains": ["bm.com"]
        })),
        of("POST", "/api/v1/organisations/{organisation}/identity-provider/test"),
        of("DELETE", "/api/v1/organisations/{organisation}/identity-provider"),
    ]
}

fn organisation_samples(made: &Made) -> Vec<Sample> {
    let of = |method, template| sample(method, template);
    vec![
        of("GET", "/api/v1/organisations"),
        of("POST", "/api/v1/organisations").with(json!({ "name": "neuve", "language": "en" })),
        of("GET", O),
        of("PATCH", O).with(json!({ "language": "en" })),
        of("POST", "/api/v1/organisations/{organisation}/owner").with(json!({ "account": "user2@bm.com" })),
        of("GET", "/api/v1/organisations/{organisation}/accounts"),
        of("POST", "/api/v1/organisations/{organisation}/accounts")
            .with(json!({ "address": "neuf@bm.com", "name": "Neuf" })),
        of("POST", "/api/v1/organisations/{organisation}/invitations").with(json!({
            "address": "neuf@bm.com", "name": "Neuf", "external_address": "neuf@ailleurs.example"
        })),
        of("GET", "/api/v1/organisations/{organisation}/departures"),
        of("GET", "/api/v1/organisations/{organisation}/events"),
        of("GET", "/api/v1/organisations/{organisation}/events/verify"),
        of("GET", "/api/v1/organisations/{organisation}/spool"),
        of("GET", "/api/v1/organisations/{organisation}/tokens"),
        of("POST", "/api/v1/organisations/{organisation}/tokens").with(json!({ "name": "neuf" })),
        of("DELETE", "/api/v1/organisations/{organisation}/tokens/{token}").at("token", made.spare_token),
        of("GET", "/api/v1/organisations/{organisation}/scim/tokens"),
        of("POST", "/api/v1/organisations/{organisation}/scim/tokens").with(json!({ "name": "Okta" })),
        of("DELETE", "/api/v1/organisations/{organisation}/scim/tokens/{token}").at("token", made.scim_token),
        of("GET", "/api/v1/organisations/{organisation}/shared-mailboxes"),
        of("POST", "/api/v1/organisations/{organisation}/shared-mailboxes")
            .with(json!({ "address": "bp@bm.com", "name": "Boîte" })),
        of("GET", "/api/v1/organisations/{organisation}/groups"),
        of("POST", "/api/v1/organisations/{organisation}/groups")
            .with(json!({ "name": "Achats", "address": "achats@bm.com" })),
        of("GET", "/api/v1/organisations/{organisation}/applications"),
        of("POST", "/api/v1/organisations/{organisation}/applications")
            .with(json!({ "name": "Documents", "url": "https://documents.example/relais" })),
        of("GET", "/api/v1/organisations/{organisation}/responders"),
        of("POST", "/api/v1/organisations/{organisation}/responders")
            .with(json!({ "name": "absents", "text": "Absent." })),
    ]
}

fn application_samples(made: &Made) -> Vec<Sample> {
    let of = |method, template| sample(method, template).at("application", made.application);
    vec![
        of("GET", "/api/v1/applications/{application}"),
        of("PATCH", "/api/v1/applications/{application}").with(json!({ "name": "Tableaux blancs" })),
        of("POST", "/api/v1/applications/{application}/token").with(json!({})),
        of("POST", "/api/v1/applications/{application}/signing-secret").with(json!({})),
        of("GET", "/api/v1/applications/{application}/undelivered"),
        of("POST", "/api/v1/applications/{application}/replay").with(json!({ "from": 1 })),
        of("GET", "/api/v1/applications/{application}/feed"),
        of("PUT", "/api/v1/applications/{application}/feed").with(json!({
            "settings": { "url": "http://127.0.0.1:1/scim" }, "token": "another"
        })),
        of("POST", "/api/v1/applications/{application}/feed/plan").with(json!({})),
        of("POST", "/api/v1/applications/{application}/feed/run").with(json!({})),
        of("POST", "/api/v1/applications/{application}/feed/off").with(json!({})),
        of("GET", "/api/v1/applications/{application}/feed/errors"),
        of("DELETE", "/api/v1/applications/{application}"),
        of("GET", "/api/v1/application"),
    ]
}

fn content_samples(made: &Made) -> Vec<Sample> {
    let of = |method, template| {
        sample(method, template)
            .at("organisation", made.bm)
            .at("account", "user1@bm.com")
            .at("item", made.item)
            .at("reassignment", made.reassignment)
            .at("erasure", made.erasure)
    };
    let board = json!({ "external_id": "b-3", "kind": "board", "title": "Plans", "owner": "user1@bm.com" });
    vec![
        of("GET", "/api/v1/accounts/{account}/content"),
        of("GET", "/api/v1/accounts/{account}/content/items"),
        of("GET", "/api/v1/accounts/{account}/content/received"),
        of("GET", "/api/v1/content/{item}"),
        of("GET", "/api/v1/organisations/{organisation}/reassignments"),
        of("POST", "/api/v1/organisations/{organisation}/reassignments")
            .with(json!({ "from": ["user1@bm.com"], "to": "user2@bm.com" })),
        of("GET", "/api/v1/reassignments/{reassignment}"),
        of("GET", "/api/v1/reassignments/{reassignment}/items"),
        of("POST", "/api/v1/reassignments/{reassignment}/undo"),
        of("GET", "/api/v1/organisations/{organisation}/erasures"),
        of("GET", "/api/v1/application/content"),
        of("PUT", "/api/v1/application/content").with(json!({ "items": [board] })),
        of("DELETE", "/api/v1/application/content").with(json!({ "external_ids": ["b-1"] })),
        of("GET", "/api/v1/application/reassignments/{reassignment}/items"),
        of("POST", "/api/v1/application/reassignments/{reassignment}/refusals")
            .with(json!({ "items": [{ "external_id": "b-2", "reason": "Non." }] })),
        of("GET", "/api/v1/application/erasures/{erasure}/items"),
        of("POST", "/api/v1/application/erasures/{erasure}/confirmations").with(json!({})),
    ]
}

fn directory_samples(made: &Made) -> Vec<Sample> {
    let of = |method, template| sample(method, template).at("directory", made.directory);
    let settings = json!({ "kind": "open_ldap", "host": "ldap.bm.com", "base": "dc=bm,dc=com" });
    vec![
        sample("GET", "/api/v1/organisations/{organisation}/directories"),
        sample("POST", "/api/v1/organisations/{organisation}/directories")
            .with(json!({ "name": "Autre", "settings": settings })),
        of("GET", "/api/v1/directories/{directory}"),
        of("PATCH", "/api/v1/directories/{directory}").with(json!({ "name": "Le nôtre" })),
        of("GET", "/api/v1/directories/{directory}/plan"),
        of("POST", "/api/v1/directories/{directory}/plan").with(json!({})),
        of("POST", "/api/v1/directories/{directory}/sync").with(json!({})),
        // Nothing is held.
        of("POST", "/api/v1/directories/{directory}/apply").with(json!({})),
        of("GET", "/api/v1/directories/{directory}/report"),
        // No such entry.
        of("PUT", "/api/v1/directories/{directory}/entries/{entry}")
            .at("entry", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
            .with(json!({ "account": "user1@bm.com" })),
        of("DELETE", "/api/v1/directories/{directory}"),
    ]
}

fn job_samples(made: &Made) -> Vec<Sample> {
    let order =
        json!({ "act": { "do": "deactivate" }, "run": "dry", "on": { "accounts": ["user1@bm.com"] } });
    let of = |method, template| sample(method, template).at("job", made.job);
    vec![
        sample("GET", "/api/v1/organisations/{organisation}/jobs"),
        sample("POST", "/api/v1/organisations/{organisation}/jobs").with(order),
        of("GET", "/api/v1/jobs/{job}"),
        of("GET", "/api/v1/jobs/{job}/items"),
        of("GET", "/api/v1/jobs/{job}/items.csv"),
        of("POST", "/api/v1/jobs/{job}/cancel"),
    ]
}

fn domain_samples() -> Vec<Sample> {
    const D: &str = "/api/v1/organisations/{organisation}/domains/{domain}";
    vec![
        sample("GET", "/api/v1/organisations/{organisation}/domains"),
        sample("POST", "/api/v1/organisations/{organisation}/domains").with(json!({ "name": "bm.fr" })),
        sample("GET", D).at("domain", "bm.com"),
        sample("DELETE", D).at("domain", "claimed.fr"),
        sample("POST", "/api/v1/organisations/{organisation}/domains/{domain}/prove")
            .at("domain", "claimed.fr"),
        sample("GET", "/api/v1/organisations/{organisation}/domains/{domain}/readiness")
            .at("domain", "bm.com"),
        sample("PUT", "/api/v1/organisations/{organisation}/domains/{domain}/catch-all")
            .at("domain", "bm.com")
            .with(json!({ "to": "info@bm.com" })),
        sample("DELETE", "/api/v1/organisations/{organisation}/domains/{domain}/catch-all")
            .at("domain", "bm.com"),
        sample("GET", "/api/v1/domains"),
        sample("POST", "/api/v1/domains").with(json!({ "name": "provider.example" })),
        sample("GET", "/api/v1/operator/address"),
        sample("PUT", "/api/v1/operator/address").with(json!({ "address": "ops@provider.example" })),
        sample("DELETE", "/api/v1/operator/address"),
    ]
}

fn account_samples() -> Vec<Sample> {
    vec![
        sample("GET", A),
        sample("DELETE", A).at("account", "closed@bm.com"),
        sample("GET", "/api/v1/accounts/{account}/addresses"),
        sample("POST", "/api/v1/accounts/{account}/password").with(json!({ "password": "another good one" })),
        sample("POST", "/api/v1/accounts/{account}/deactivate").with(json!({})),
        sample("POST", "/api/v1/accounts/{account}/reactivate").at("account", "closed@bm.com"),
        sample("POST", "/api/v1/accounts/{account}/rename").with(json!({ "address": "renomme@bm.com" })),
        sample("POST", "/api/v1/accounts/{account}/aliases").with(json!({ "address": "neuf@bm.com" })),
        sample("DELETE", "/api/v1/accounts/{account}/aliases/{address}").at("address", "alias1@bm.com"),
        sample("PUT", "/api/v1/accounts/{account}/inbound").with(json!([{ "until": null, "do": "refuse" }])),
        sample("PUT", "/api/v1/accounts/{account}/role").with(json!({ "role": "guest" })),
        sample("GET", "/api/v1/accounts/{account}/grants"),
        sample("POST", "/api/v1/accounts/{account}/grants")
            .at("account", "closed@bm.com")
            .with(json!({ "reason": "contrat", "ends_at": "2026-12-01T00:00:00Z" })),
    ]
}

fn people_samples() -> Vec<Sample> {
    let list = b"address,name\nneuf@bm.com,Neuf\n".to_vec();
    vec![
        sample("GET", "/api/v1/accounts/{account}/profile"),
        sample("GET", "/api/v1/accounts/{account}/notifications"),
        sample("PUT", "/api/v1/accounts/{account}/notifications").with(json!({ "muted": ["jobs"] })),
        sample("PUT", "/api/v1/accounts/{account}/profile").with(json!({ "given_name": "Jeanne" })),
        sample("GET", "/api/v1/accounts/{account}/photo"),
        sample("PUT", "/api/v1/accounts/{account}/photo").file("image/png", png(16, 16)),
        sample("DELETE", "/api/v1/accounts/{account}/photo"),
        sample("PUT", "/api/v1/accounts/{account}/name").with(json!({ "name": "Jeanne" })),
        sample("PUT", "/api/v1/accounts/{account}/quota").with(json!({ "quota_bytes": 5000 })),
        sample("GET", "/api/v1/accounts/{account}/usage"),
        sample("GET", "/api/v1/organisations/{organisation}/accounts.csv"),
        Sample {
            path: "/api/v1/organisations/bm/accounts/import?run=apply".to_owned(),
            ..sample("POST", "/api/v1/organisations/{organisation}/accounts/import").file("text/csv", list)
        },
    ]
}

fn departure_samples(made: &Made) -> Vec<Sample> {
    let order = json!({ "to": "user2@bm.com" });
    vec![
        sample("POST", "/api/v1/accounts/{account}/departure/plan").with(order.clone()),
        sample("POST", "/api/v1/accounts/{account}/departure").with(order),
        sample("GET", "/api/v1/accounts/{account}/departure").at("account", "partira@bm.com"),
        sample("GET", "/api/v1/departures/{departure}").at("departure", made.finished),
        sample("POST", "/api/v1/departures/{departure}/hold").at("departure", made.scheduled),
        sample("POST", "/api/v1/departures/{departure}/resume").at("departure", made.held),
        sample("POST", "/api/v1/departures/{departure}/undo").at("departure", made.finished),
        sample("GET", "/api/v1/departures/{departure}/certificate").at("departure", made.finished),
    ]
}

fn thing_samples(made: &Made) -> Vec<Sample> {
    vec![
        sample("GET", "/api/v1/addresses/{address}").at("address", "user1@bm.com"),
        sample("DELETE", "/api/v1/addresses/{address}").at("address", "alias1@bm.com"),
        sample("POST", "/api/v1/addresses/{address}/move")
            .at("address", "alias1@bm.com")
            .with(json!({ "to": "user2@bm.com" })),
        sample("GET", "/api/v1/explain/{address}").at("address", "user1@bm.com"),
        sample("PATCH", "/api/v1/shared-mailboxes/{address}")
            .at("address", "info@bm.com")
            .with(json!({ "name": "Accueil" })),
        sample("DELETE", "/api/v1/shared-mailboxes/{address}").at("address", "info@bm.com"),
        sample("GET", "/api/v1/shared-mailboxes/{address}/members").at("address", "info@bm.com"),
        sample("POST", "/api/v1/shared-mailboxes/{address}/addresses")
            .at("address", "info@bm.com")
            .with(json!({ "address": "contact@bm.com" })),
        sample("PUT", "/api/v1/shared-mailboxes/{address}/members/{account}")
            .at("address", "info@bm.com")
            .with(json!({ "right": "read" })),
        sample("DELETE", "/api/v1/shared-mailboxes/{address}/members/{account}").at("address", "info@bm.com"),
        sample("POST", "/api/v1/accounts/{account}/invitation").at("account", "invited@bm.com"),
        sample("GET", "/api/v1/groups/{group}").at("group", made.group),
        sample("PATCH", "/api/v1/groups/{group}")
            .at("group", made.group)
            .with(json!({ "posting": { "who": "members" } })),
        sample("DELETE", "/api/v1/groups/{group}").at("group", made.group),
        sample("PUT", "/api/v1/groups/{group}/address")
            .at("group", made.group)
            .with(json!({ "address": "commercial@bm.com" })),
        sample("DELETE", "/api/v1/groups/{group}/address").at("group", made.group),
        sample("GET", "/api/v1/groups/{group}/groups").at("group", made.group),
        sample("PUT", "/api/v1/groups/{group}/groups/{inner}")
            .at("group", made.group)
            .at("inner", made.inner_group),
        sample("DELETE", "/api/v1/groups/{group}/groups/{inner}")
            .at("group", made.group)
            .at("inner", made.inner_group),
        sample("GET", "/api/v1/groups/{group}/members").at("group", made.group),
        sample("PUT", "/api/v1/groups/{group}/members/{account}")
            .at("group", "ventes@bm.com")
            .with(json!({ "role": "member" })),
        sample("DELETE", "/api/v1/groups/{group}/members/{account}").at("group", made.group),
        sample("GET", "/api/v1/accounts/{account}/collections"),
        sample("POST", "/api/v1/accounts/{account}/shares")
            .with(json!({ "collection": "calendar", "with": "user2@bm.com", "right": "read" })),
        sample("DELETE", "/api/v1/shares/{share}").at("share", made.share),
        sample("DELETE", "/api/v1/responders/{responder}").at("responder", made.responder),
        sample("PUT", "/api/v1/responders/{responder}/text")
            .at("responder", made.responder)
            .with(json!({ "text": "Écrivez à accueil@bm.com." })),
        sample("POST", "/api/v1/responders/{responder}/addresses")
            .at("responder", made.responder)
            .with(json!({ "address": "ancien@bm.com" })),
    ]
}

fn money_samples() -> Vec<Sample> {
    let of = |method, template| sample(method, template);
    let plan = json!({
        "name": "Neuve", "price_minor": 100, "currency": "EUR", "period": "month", "accounts_free": 1,
        "accounts_max": null, "full_licences_max": null, "own_domains_max": null, "flexible_licences": false,
    });
    let subscription = json!({
        "name": "Neuf", "price_minor": 100, "currency": "EUR", "period": "year", "aliases_max": 5,
        "quota_bytes": null, "licence": "restricted",
    });
    vec![
        of("GET", "/api/v1/plans"),
        of("POST", "/api/v1/plans").with(plan),
        of("GET", "/api/v1/plans/{plan}").at("plan", "Grande"),
        of("POST", "/api/v1/plans/{plan}/retire").at("plan", "Grande"),
        of("PUT", "/api/v1/organisations/{organisation}/plan").with(json!({ "plan": "Grande" })),
        of("GET", "/api/v1/subscriptions"),
        of("POST", "/api/v1/subscriptions").with(subscription),
        of("GET", "/api/v1/subscriptions/{subscription}").at("subscription", "Offert"),
        of("POST", "/api/v1/subscriptions/{subscription}/retire").at("subscription", "Offert"),
        of("PUT", "/api/v1/accounts/{account}/subscription").with(json!({ "subscription": "Offert" })),
        of("PUT", "/api/v1/organisations/{organisation}/default-subscription")
            .with(json!({ "subscription": "Offert" })),
        of("GET", "/api/v1/organisations/{organisation}/licences"),
        of("GET", "/api/v1/organisations/{organisation}/provision"),
        of("GET", "/api/v1/organisations/{organisation}/provision/forecast"),
        of("POST", "/api/v1/organisations/{organisation}/provision/top-ups")
            .with(json!({ "amount_minor": 100, "currency": "EUR", "reference": "virement 1" })),
        of("POST", "/api/v1/organisations/{organisation}/provision/corrections")
            .with(json!({ "amount_minor": 100, "reason": "essai" })),
        of("GET", "/api/v1/organisations/{organisation}/provision/entries"),
        of("GET", "/api/v1/organisations/{organisation}/provision/check"),
        of("GET", "/api/v1/organisations/{organisation}/provision/statement"),
        of("GET", "/api/v1/organisations/{organisation}/provision/statement.csv"),
        of("GET", "/api/v1/organisations/{organisation}/provision/statement.html"),
        // Nobody has the provider's secret here: whatever else they have does not help.
        of("POST", "/api/v1/payments").with(
            json!({ "organisation": "bm", "amount_minor": 100, "currency": "EUR", "reference": "pay_1" }),
        ),
    ]
}

/// Of closed@bm.com. Whoever may look says why, or is asked to.
fn backup_samples(made: &Made) -> Vec<Sample> {
    const G: &str = "/api/v1/backups/{generation}";
    let of = |method, template| sample(method, template);
    let held = |method, template| {
        sample(method, template)
            .at("generation", made.generation)
            .at("holder", "closed@bm.com")
            .at("folder", "INBOX")
            .at("message", "x")
            .at("collection", "calendar")
    };
    vec![
        of("GET", "/api/v1/organisations/{organisation}/backup-policy"),
        of("PATCH", "/api/v1/organisations/{organisation}/backup-policy")
            .with(json!({ "schedule": { "daily_at": "03:30:00" } })),
        of("GET", "/api/v1/organisations/{organisation}/backup-key"),
        of("GET", "/api/v1/organisations/{organisation}/backups"),
        of("POST", "/api/v1/organisations/{organisation}/backups").with(json!({ "account": "user2@bm.com" })),
        of("POST", "/api/v1/organisations/{organisation}/backups/check"),
        held("GET", G),
        held("GET", "/api/v1/backups/{generation}/snapshots"),
        held("GET", "/api/v1/backups/{generation}/{holder}"),
        held("GET", "/api/v1/backups/{generation}/{holder}/archive"),
        held("GET", "/api/v1/backups/{generation}/{holder}/messages"),
        held("GET", "/api/v1/backups/{generation}/{holder}/messages/{folder}/{message}"),
        held("GET", "/api/v1/backups/{generation}/{holder}/messages/{folder}/{message}/eml"),
        held("GET", "/api/v1/backups/{generation}/{holder}/folders/{folder}"),
        held("GET", "/api/v1/backups/{generation}/{holder}/collections/{collection}"),
        held("POST", "/api/v1/backups/{generation}/{holder}/restore")
            .with(json!({ "reason": "essai", "dry_run": "yes" })),
        of("GET", "/api/v1/accounts/{account}/exports"),
        of("POST", "/api/v1/accounts/{account}/exports"),
        of("POST", "/api/v1/accounts/{account}/exports/link"),
        of("PUT", "/api/v1/accounts/{account}/legal-hold").with(json!({ "reason": "Litige" })),
        of("DELETE", "/api/v1/accounts/{account}/legal-hold"),
    ]
}

/// What belongs to the operator alone: there for everyone to see, or not to be touched by anyone else.
fn is_of_the_instance(template: &str) -> bool {
    ["/api/v1/tokens/", "/api/v1/plans/", "/api/v1/subscriptions/", "/api/v1/spool/", "/api/v1/operators/"]
        .into_iter()
        .any(|start| template.starts_with(start))
}

/// Every operation of the document.
fn described() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(relais::doors::api::openapi()).expect("serialises");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(|(method, _)| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_from_every_route_what_the_reviewed_table_says() {
    let mut world = World::new().await;
    let mut changed = false;
    let samples = samples(&world.made);
    let tried: BTreeSet<_> =
        samples.iter().map(|one| (one.method.to_owned(), one.template.to_owned())).collect();
    assert_eq!(tried, described(), "a route without a request here, or a request without a route");

    let mut table = String::from(
        "# Role × route: the status everyone gets. `autre` is a token of another organisation, `subject` the member whom\n\
         # the request is about (where it is about user1@bm.com), `socket` the operator's unix socket without a secret.\n\
         # Rewritten by RELAIS_BLESS=1; every change of a line is to be reviewed.\n\n",
    );
    let names: Vec<String> = Who::ALL.iter().map(|who| format!("{who:?}").to_lowercase()).collect();
    let names = names.join(" ").replace("othertoken", "autre").replace("operatortoken", "operator");
    writeln!(table, "{names}").expect("strings take text");
    for one in &samples {
        let mut line = String::new();
        for who in Who::ALL {
            if changed {
                world = World::new().await;
            }
            let answer = one.ask(&world, who).await;
            let status = answer.status;
            changed = one.method != "GET" && status.is_success();
            // A provider that nobody serves is away.
            assert_ne!(status, 500, "{who:?} {} {}: {}", one.method, one.path, answer.text);
            assert!(status.is_success() || !answer.code().is_empty());
            write!(line, "{} ", status.as_u16()).expect("strings take text");
        }
        writeln!(table, "{line}{} {}", one.method, one.template).expect("strings take text");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/authority.txt");
    if std::env::var_os("RELAIS_BLESS").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(table, reviewed, "run with RELAIS_BLESS=1 and review the difference");
}

#[tokio::test]
async fn the_token_of_a_provider_is_nobody_s_to_the_api() {
    let world = World::new().await;
    for one in samples(&world.made) {
        let nobody = one.ask(&world, Who::Nobody).await.status;
        let provider = one.ask(&world, Who::Provider).await.status;
        assert_eq!(provider, nobody, "{} {}", one.method, one.path);
    }
}

#[tokio::test]
async fn what_belongs_to_another_organisation_is_not_there_whatever_is_asked() {
    let world = World::new().await;
    for one in samples(&world.made)
        .iter()
        .filter(|one| one.template.contains('{') && !is_of_the_instance(one.template))
        // What applications alone may ask is told to nobody else, before anything is looked for.
        .filter(|one| !one.template.starts_with("/api/v1/application/"))
        // A link is nobody's but whoever has its secret.
        .filter(|one| !one.template.starts_with("/api/v1/password-resets/"))
    {
        let answer = one.ask(&world, Who::OtherToken).await;
        assert_eq!(answer.code(), "not_found", "{} {}: {}", one.method, one.path, answer.text);
    }
}
