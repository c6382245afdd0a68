//! What Dovecot asks, answered by the application. Inside Dovecot a person is their account id and a shared mailbox
//! its address.

use super::{Authority, PassdbAnswer, Unavailable, UserdbAnswer};
use relais_app::core::address::EmailAddress;
use relais_app::core::ids::AccountId;
use relais_app::core::rights::{Act, Verdict, may};
use relais_app::read::accounts;
use relais_app::{Error, Network, OpenMail, Relais, SignInRefusal};
use std::net::IpAddr;
use std::sync::Arc;

/// The application as Dovecot sees it.
pub struct AppAuthority(pub Arc<Relais>);

/// In both languages: Dovecot does not say which one the client speaks.
const CLOSED: &str =
    "Compte ferme, adressez-vous a votre administrateur / Account closed, contact your administrator";

const APP_PASSWORD_NEEDED: &str = "Ce programme a besoin d'un mot de passe d'application, creez-en un / \
                                   This program needs an app password, create one";

impl Authority for AppAuthority {
    async fn passdb(&self, login: &str, password: &str, peer: Option<IpAddr>) -> PassdbAnswer {
        let network = peer.map_or(Network::Local, Network::from);
        match self.0.sign_in_to_read_mail(login, password, network).await {
            Ok(account) => PassdbAnswer::Found { user: account.id.to_string() },
            Err(SignInRefusal::Closed) => PassdbAnswer::Refused { reason: CLOSED.to_owned() },
            Err(SignInRefusal::AppPasswordNeeded | SignInRefusal::SignOnNeeded { .. }) => {
                PassdbAnswer::Refused { reason: APP_PASSWORD_NEEDED.to_owned() }
            }
            Err(SignInRefusal::Credentials) => PassdbAnswer::Unknown,
            Err(SignInRefusal::TooManyAttempts | SignInRefusal::Unavailable) => PassdbAnswer::Unavailable,
        }
    }

    async fn userdb(&self, user: &str) -> UserdbAnswer {
        let found = match user.parse::<AccountId>() {
            Ok(id) => self.0.open_mail_of(id).await,
            Err(_) => self.0.open_shared_mail(user).await,
        };
        match found {
            Ok(Some(OpenMail { home, quota_bytes })) => UserdbAnswer::Home { home, quota_bytes },
            Ok(None) => UserdbAnswer::Unknown,
            Err(error) => {
                tracing::warn!(%error, "Dovecot was told to ask again");
                UserdbAnswer::Unavailable
            }
        }
    }

    async fn shares(&self, user: &str) -> Result<Vec<String>, Unavailable> {
        let Ok(id) = user.parse::<AccountId>() else { return Ok(Vec::new()) };
        let shared = self.0.shared_with(id).await.map_err(unavailable)?;
        Ok(shared.into_iter().map(|mailbox| EmailAddress::to_string(&mailbox.address)).collect())
    }

    async fn users(&self) -> Result<Vec<String>, Unavailable> {
        self.0
            .look(|tx| {
                let mut users = Vec::new();
                accounts::for_each(tx, &mut |id, state| {
                    // Whoever may still have mail has a mailbox.
                    if may(state, Act::ReceiveMail) != Verdict::No {
                        users.push(id.to_string());
                    }
                    Ok(())
                })?;
                Ok(users)
            })
            .await
            .map_err(unavailable)
    }
}

fn unavailable(error: Error) -> Unavailable {
    tracing::warn!(%error, "Dovecot was told to ask again");
    Unavailable
}
