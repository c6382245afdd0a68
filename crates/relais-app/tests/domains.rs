//! Claims of domains against a real name server: who gets a domain, and when it is looked at (M3).

#[path = "support/world.rs"]
mod world;

use relais_app::Error;
use relais_core::authority::{Actor, Role};
use relais_core::domain::{Claim, DomainEntry, Finding};
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::language::Language;
use relais_store::{addresses, claims, domains, events};
use relais_testbed::dns::DnsServer;
use world::{OPERATOR, World, address, code, organisation};

on_both! {
    an_open_claim_is_proven_without_anyone_asking
    whoever_proves_first_has_the_domain_and_the_next_one_after_it_is_given_up
    a_resolver_that_does_not_answer_is_no_proof_and_no_denial
    a_claim_on_a_hosted_domain_routes_nothing_and_hides_nothing
}

async fn with_name_server(world: &mut World) -> DnsServer {
    let server = DnsServer::start().unwrap();
    world.resolver = server.address();
    world.reopen().await;
    server
}

fn admin(organisation: OrganisationId) -> Actor {
    Actor::Account { id: AccountId::from_number(777), organisation, role: Role::CompanyAdmin }
}

async fn claim(world: &World, organisation: OrganisationId, name: &str) -> Claim {
    match world.relais.claim_domain(organisation, name, admin(organisation)).await.unwrap() {
        DomainEntry::Claimed(claim) => claim,
        hosted @ DomainEntry::Hosted(_) => panic!("{hosted:?}"),
    }
}

async fn found(world: &World, organisation: OrganisationId, name: &str) -> Option<Finding> {
    match world.relais.domain_entry(organisation, name).await.unwrap() {
        DomainEntry::Claimed(claim) => Some(claim.found),
        DomainEntry::Hosted(_) => None,
    }
}

fn publish(server: &mut DnsServer, claim: &Claim) {
    server.publish(&claim.record.name, "TXT", &format!("\"{}\"", claim.record.value)).unwrap();
}

async fn other_organisation(world: &World) -> OrganisationId {
    world.relais.create_organisation(organisation("Autre", Language::English), OPERATOR).await.unwrap().id
}

async fn an_open_claim_is_proven_without_anyone_asking(world: &mut World) {
    let mut server = with_name_server(world).await;
    let bm = world.organisation;
    let first = claim(world, bm, "Été.fr").await;
    assert_eq!(first, claim(world, bm, "xn--t-9fab.fr").await, "claimed again, it keeps its record");
    world.relais.work_once().await;
    assert_eq!(found(world, bm, "été.fr").await, Some(Finding::Waiting), "it is not time yet");
    world.clock.advance(1);
    world.relais.work_once().await;
    let DomainEntry::Claimed(looked) = world.relais.domain_entry(bm, "été.fr").await.unwrap() else {
        panic!()
    };
    assert_eq!((looked.found, looked.checked_at), (Finding::NotFound, Some(world.relais.now())));
    publish(&mut server, &first);
    world.relais.work_once().await;
    assert_eq!(found(world, bm, "été.fr").await, Some(Finding::NotFound), "not before its time");
    world.clock.advance(1);
    world.relais.work_once().await;
    assert_eq!(found(world, bm, "été.fr").await, None, "hosted");
    let told = world.read(move |tx| events::page(tx, bm, "xn--t-9fab.fr", 0, 100)).await;
    assert_eq!(
        told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(),
        ["domain.claimed", "domain.proven"]
    );
    assert!(told.iter().all(|event| event.actor == admin(bm)));
}

async fn whoever_proves_first_has_the_domain_and_the_next_one_after_it_is_given_up(world: &mut World) {
    let mut server = with_name_server(world).await;
    let (bm, other) = (world.organisation, other_organisation(world).await);
    let (ours, theirs) = (claim(world, bm, "neuf.fr").await, claim(world, other, "neuf.fr").await);
    assert_ne!(ours.record.value, theirs.record.value);
    publish(&mut server, &theirs);
    let prove = async |of| world.relais.prove_domain(of, "neuf.fr", admin(of)).await.unwrap();
    assert!(matches!(prove(bm).await, DomainEntry::Claimed(claim) if claim.found == Finding::NotFound));
    assert!(matches!(prove(other).await, DomainEntry::Hosted(_)));
    assert_eq!(found(world, bm, "neuf.fr").await, Some(Finding::Taken), "it is said at once");
    publish(&mut server, &ours);
    assert!(matches!(prove(bm).await, DomainEntry::Claimed(claim) if claim.found == Finding::Taken));
    // An address that was held and freed there was, for the next organisation, never made.
    let account = world.request("anne", None, Role::Member);
    let account = relais_app::NewAccountRequest { address: address("anne@neuf.fr"), ..account };
    let anne = world.relais.create_account(other, account, OPERATOR).await.unwrap().id;
    let refused = world.relais.remove_domain(other, "neuf.fr", admin(other)).await.unwrap_err();
    assert_eq!(code(&refused), "domain_in_use");
    for command in [
        relais_core::lifecycle::Command::Deactivate {
            cause: relais_core::account::Cause::Admin,
            inbound: None,
            content: None,
        },
        relais_core::lifecycle::Command::Delete { content: None },
    ] {
        world.backed_up(anne).await;
        world.relais.execute(anne, command, OPERATOR).await.unwrap();
    }
    world.relais.remove_domain(other, "neuf.fr", admin(other)).await.unwrap();
    assert!(matches!(world.relais.domain_entry(other, "neuf.fr").await, Err(Error::NotFound)));
    assert!(matches!(prove(bm).await, DomainEntry::Hosted(_)));
    let look = |tx: &mut relais_store::Tx<'_>| {
        let there = addresses::get(tx, &address("anne@neuf.fr"))?;
        Ok((there, addresses::history(tx, &address("anne@neuf.fr"))?.len()))
    };
    assert_eq!(world.read(look).await, (None, 1));
}

async fn a_resolver_that_does_not_answer_is_no_proof_and_no_denial(world: &mut World) {
    let bm = world.organisation;
    claim(world, bm, "neuf.fr").await;
    let entry = world.relais.prove_domain(bm, "neuf.fr", admin(bm)).await.unwrap();
    assert!(matches!(entry, DomainEntry::Claimed(claim) if claim.found == Finding::Trouble));
    let readiness = world.relais.readiness(bm, "neuf.fr", vec![address("anne@neuf.fr")]).await.unwrap();
    assert_eq!(readiness.missing, [address("anne@neuf.fr")]);
}

/// The smuggled case: nobody gets another organisation's mail, addresses or redirects by claiming its domain.
async fn a_claim_on_a_hosted_domain_routes_nothing_and_hides_nothing(world: &mut World) {
    let (bm, other) = (world.organisation, other_organisation(world).await);
    world.person("anne").await;
    assert_eq!(claim(world, other, "bm.com").await.found, Finding::Taken);
    let request = world.request("typo", None, Role::Member);
    let refused = world.relais.create_account(other, request, admin(other)).await.unwrap_err();
    assert_eq!(code(&refused), "domain_not_hosted");
    let route = world.relais.explain(address("anne@bm.com"), None).await.unwrap();
    assert_eq!(route.deliveries.len(), 1);
    let seen = world.relais.readiness(other, "bm.com", vec![]).await.unwrap();
    assert_eq!(seen.missing, [], "whose addresses there are is not told");
    let all = world.read(move |tx| Ok((domains::all(tx)?, claims::of_organisation(tx, bm)?))).await;
    assert_eq!((all.0.len(), all.1.len()), (1, 0));
    world.relais.remove_domain(other, "bm.com", admin(other)).await.unwrap();
    assert!(world.relais.domain_entry(bm, "bm.com").await.is_ok(), "only the claim was withdrawn");
}
