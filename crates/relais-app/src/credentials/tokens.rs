//! Tokens: what programs act with, for an organisation or for the operator.

use super::{NewSecret, new_secret, secret_hash};
use crate::{Error, Relais};
use relais_core::authority::{Actor, Power};
use relais_core::event::Happening;
use relais_core::ids::{OrganisationId, TokenId};
use relais_core::refusal::Refusal;
use relais_store::credentials::{Token, insert_token, revoke_token};
use relais_store::events;
use serde_json::json;

impl Relais {
    /// A token of an organisation, or of the operator.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] unless the actor may end accounts there, or operates.
    pub async fn create_token(
        &self,
        organisation: Option<OrganisationId>,
        name: String,
        actor: Actor,
    ) -> Result<NewSecret<Token>, Error> {
        if !may_rule_tokens(&actor, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        relais_core::lifecycle::check_name(&name)?;
        let now = self.now();
        let id = TokenId::from_number(self.ids.next());
        let token = Token { id, organisation, name, created_at: now, revoked_at: None };
        let secret = new_secret("rlt");
        let (row, hash) = (token.clone(), secret_hash(&secret));
        self.store
            .write(move |tx| {
                insert_token(tx, &row, &hash)?;
                if let Some(organisation) = organisation {
                    let detail = json!({ "name": row.name });
                    let happening = Happening { kind: "token.created", subject: row.id.to_string(), detail };
                    events::append(tx, organisation, happening, actor, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(NewSecret { of: token, secret })
    }

    /// # Errors
    /// [`Error::NotFound`] when the organisation, or the operator if none is named, has no such token in force.
    pub async fn revoke_token(
        &self,
        organisation: impl Into<Option<OrganisationId>>,
        id: TokenId,
        actor: Actor,
    ) -> Result<(), Error> {
        let organisation = organisation.into();
        if !may_rule_tokens(&actor, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                if !revoke_token(tx, organisation, id, now)? {
                    return Err(Error::NotFound);
                }
                if let Some(organisation) = organisation {
                    let happening =
                        Happening { kind: "token.revoked", subject: id.to_string(), detail: json!({}) };
                    events::append(tx, organisation, happening, actor, now)?;
                }
                Ok(())
            })
            .await
    }
}

/// Whether `actor` makes and revokes the tokens of an organisation, or of the operator.
fn may_rule_tokens(actor: &Actor, organisation: Option<OrganisationId>) -> bool {
    match organisation {
        Some(organisation) => actor.has(Power::EndAccounts, organisation),
        None => actor.operates(),
    }
}
