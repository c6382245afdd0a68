//! What providers of identities do here: their tokens, and what they say of accounts and groups. Everything they change
//! goes through the same functions as what people change.

mod groups;
mod users;

pub use users::{is_active, said_of};

use crate::credentials::{new_secret, secret_hash, use_is_news};
use crate::organisations::{allow, note};
use crate::{Error, NewSecret, Relais};
use jiff::Timestamp;
use relais_core::authority::{Actor, Power};
use relais_core::ids::{AccountId, GroupId, OrganisationId, TokenId};
use relais_core::lifecycle::check_name;
use relais_core::organisation::Group;
use relais_core::refusal::{Refusal, ScimFault};
use relais_core::rights::{Leaving, State, Verdict, may, standing_of};
use relais_core::scim::{ACTIVE, Document, Operation, THERE};
use relais_store::scim::{
    Page, Person, Query, ScimToken, Standings, Team, find_groups, find_people, insert_token, person,
    revoke_token, team, token_by_secret, token_used,
};
use relais_store::{Tx, organisations};
use serde_json::json;

/// A token with its secret, which is shown once.
pub type NewScimToken = NewSecret<ScimToken>;

const TOKEN_PREFIX: &str = "rlc";

/// What is to become of a resource.
#[derive(Debug, Clone)]
pub enum Wish {
    /// What is left out is taken away, except that nothing is said of the state.
    Replace(Document),
    Patch(Vec<Operation>),
}

/// The version that a request is made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    #[default]
    Any,
    OneOf(Vec<String>),
}

impl Expected {
    fn check(&self, version: &str) -> Result<(), Error> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.iter().any(|one| one == version) => Ok(()),
            Self::OneOf(_) => Err(Refusal::from(ScimFault::VersionDiffers).into()),
        }
    }
}

/// A name for how a resource is now: it changes with every event that tells of it, and when its time comes.
#[must_use]
pub fn version_of(number: i64, is_active: bool) -> String {
    format!("W/\"{number}{}\"", if is_active { "" } else { "-" })
}

impl Relais {
    /// Who has this bearer secret, if it is a token of a provider.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn provider(&self, secret: &str) -> Result<Option<Actor>, Error> {
        let hash = secret_hash(secret);
        let Some(token) = self.look(move |tx| token_by_secret(tx, &hash)).await? else { return Ok(None) };
        let (id, now) = (token.id, self.now());
        if use_is_news(token.used_at, now) {
            self.store.write(move |tx| token_used(tx, id, now).map_err(Error::from)).await?;
        }
        Ok(Some(Actor::Scim { id, organisation: token.organisation }))
    }

    /// # Errors
    /// [`Refusal::NotAllowed`] unless the actor may end accounts there.
    pub async fn create_scim_token(
        &self,
        organisation: OrganisationId,
        name: String,
        actor: Actor,
    ) -> Result<NewScimToken, Error> {
        allow(&actor, Power::EndAccounts, organisation)?;
        check_name(&name)?;
        let now = self.now();
        let id = TokenId::from_number(self.ids.next());
        let token = ScimToken { id, organisation, name, created_at: now, used_at: None, revoked_at: None };
        let secret = new_secret(TOKEN_PREFIX);
        let (row, hash) = (token.clone(), secret_hash(&secret));
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                insert_token(tx, &row, &hash)?;
                note(tx, organisation, "scim.token_created", id, json!({ "name": row.name }), actor, now)
            })
            .await?;
        Ok(NewSecret { of: token, secret })
    }

    /// # Errors
    /// [`Error::NotFound`] when the organisation has no such token in force.
    pub async fn revoke_scim_token(
        &self,
        organisation: OrganisationId,
        id: TokenId,
        actor: Actor,
    ) -> Result<(), Error> {
        allow(&actor, Power::EndAccounts, organisation)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                if !revoke_token(tx, organisation, id, now)? {
                    return Err(Error::NotFound);
                }
                note(tx, organisation, "scim.token_revoked", id, json!({}), actor, now)
            })
            .await
    }

    /// The accounts that a provider asks for.
    ///
    /// # Errors
    /// The fault, when an attribute cannot be asked for like this.
    pub async fn find_enrolled(
        &self,
        organisation: OrganisationId,
        query: Query,
        with: Ties,
    ) -> Result<Page<Enrolled>, Error> {
        let standings = standings(self.now());
        let look = move |tx: &mut Tx<'_>| {
            let page = find_people(tx, organisation, &query, &standings)?.map_err(Refusal::from)?;
            let mut found = Vec::new();
            for id in page.found {
                found.extend(enrolled(tx, organisation, id, with)?);
            }
            Ok::<_, Error>(Page { found, total: page.total })
        };
        self.store.read(look).await
    }

    /// The groups that a provider asks for.
    ///
    /// # Errors
    /// As [`Relais::find_enrolled`].
    pub async fn find_enrolled_groups(
        &self,
        organisation: OrganisationId,
        query: Query,
    ) -> Result<Page<GroupId>, Error> {
        let standings = standings(self.now());
        let found = self.look(move |tx| find_groups(tx, organisation, &query, &standings)).await?;
        found.map_err(|fault| Refusal::from(fault).into())
    }

    /// An account of the organisation as a provider sees it, if it is there.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn enrolled(
        &self,
        organisation: OrganisationId,
        id: AccountId,
        with: Ties,
    ) -> Result<Option<Enrolled>, Error> {
        self.look(move |tx| enrolled(tx, organisation, id, with)).await
    }

    /// Groups of the organisation with who is in them: accounts, and groups.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn enrolled_groups(
        &self,
        organisation: OrganisationId,
        ids: Vec<GroupId>,
        with: Ties,
    ) -> Result<Vec<(Team, Vec<AccountId>, Vec<GroupId>)>, Error> {
        let standings = standings(self.now());
        let look = move |tx: &mut Tx<'_>| {
            let mut found = Vec::new();
            for id in &ids {
                let Some(team) = seen_group(tx, organisation, *id)? else { continue };
                let (accounts, inner) = match with {
                    Ties::Listed => (
                        relais_store::scim::members(tx, *id, &standings)?,
                        relais_store::groups::inner_ids(tx, *id)?,
                    ),
                    Ties::LeftOut => (vec![], vec![]),
                };
                found.push((team, accounts, inner));
            }
            Ok(found)
        };
        self.look(look).await
    }
}

/// An account with the groups that it is in.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub person: Person,
    pub groups: Vec<Group>,
}

/// Whether it is wanted who is in a group, or in which groups somebody is: there may be many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    Listed,
    LeftOut,
}

/// What the table says of the states, for queries about many.
pub(crate) fn standings(now: Timestamp) -> Standings {
    let those = |says: &dyn Fn(State) -> bool| State::ALL.into_iter().filter(|state| says(*state)).collect();
    let active = |leaving: Leaving| those(&|state| may(standing_of(state, leaving), ACTIVE) == Verdict::Yes);
    Standings {
        there: those(&|state| may(state, THERE) == Verdict::Yes),
        active: active(Leaving::NotDue),
        active_when_due: active(Leaving::Due),
        now,
    }
}

/// An account of the organisation that is there for providers.
fn seen(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    id: AccountId,
) -> Result<Option<Person>, relais_store::Error> {
    Ok(person(tx, id)?.filter(|person| {
        person.account.organisation == organisation
            && may(person.account.state, THERE) == Verdict::Yes
            && person.said.as_ref().is_none_or(|said| said.detached_at.is_none())
    }))
}

fn enrolled(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    id: AccountId,
    with: Ties,
) -> Result<Option<Enrolled>, relais_store::Error> {
    let Some(person) = seen(tx, organisation, id)? else { return Ok(None) };
    let groups = match with {
        Ties::Listed => relais_store::groups::of_member(tx, id)?,
        Ties::LeftOut => vec![],
    };
    Ok(Some(Enrolled { person, groups }))
}

fn seen_group(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    id: GroupId,
) -> Result<Option<Team>, relais_store::Error> {
    Ok(team(tx, id)?.filter(|team| team.group.organisation == organisation))
}
