//! What the mail door asks, answered by the application.

use super::{Envelope, MessageSink, Peer, Reception, SignInRefusal, Submitter};
use relais_app::core::address::EmailAddress;
use relais_app::core::mail_refusal::MailRefusal;
use relais_app::core::sign_in::Entrance;
use relais_app::{Message, Network, Relais};
use std::io;
use std::sync::Arc;

/// The application as a mail door sees it.
pub struct AppReception(pub Arc<Relais>);

impl MessageSink for Message {
    fn write_trace(&mut self, trace: &[u8]) -> io::Result<()> {
        Message::write_trace(self, trace)
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        Message::write(self, content)
    }
}

fn envelope(envelope: &Envelope) -> relais_app::Envelope {
    relais_app::Envelope {
        sender: envelope.sender.clone(),
        recipients: envelope.recipients.clone(),
        submitter: envelope.submitter.as_ref().map(|submitter| submitter.account),
    }
}

impl Reception for AppReception {
    type Message = Message;

    async fn recipient(&self, envelope: &Envelope, recipient: &str) -> Result<EmailAddress, MailRefusal> {
        // No hosted address has another form, but for the bare word of RFC 5321, section 4.5.1.
        let address: EmailAddress = match recipient {
            "postmaster" => match self.0.postmaster().await {
                Ok(found) => found.ok_or(MailRefusal::Unknown)?,
                Err(error) => {
                    tracing::error!(%error, "the postmaster of this server cannot be looked up");
                    return Err(MailRefusal::Unavailable);
                }
            },
            _ => recipient.parse().map_err(|_| MailRefusal::Unknown)?,
        };
        let submitter = envelope.submitter.as_ref().map(|submitter| submitter.account);
        self.0.recipient(envelope.sender.as_deref(), submitter, &address).await?;
        Ok(address)
    }

    async fn begin(&self, _: &Envelope) -> Result<Message, MailRefusal> {
        self.0.begin_message().await
    }

    async fn deliver(&self, sent: &Envelope, message: Message) -> Vec<Result<(), MailRefusal>> {
        self.0.deliver(&envelope(sent), message).await
    }

    async fn report(
        &self,
        sent: &Envelope,
        failed: Vec<(EmailAddress, MailRefusal)>,
    ) -> Result<(), MailRefusal> {
        self.0.report_failed(&envelope(sent), failed).await
    }

    async fn sign_in(&self, login: &str, password: &str, peer: Peer) -> Result<Submitter, SignInRefusal> {
        let network = match peer {
            Peer::Network(address) => Network::from(address),
            Peer::Local => Network::Local,
        };
        let signed_in = self.0.sign_in(login, password, Entrance::Submission, network).await;
        match signed_in {
            Ok(account) => Ok(Submitter { account: account.id, login: login.to_owned() }),
            Err(relais_app::SignInRefusal::Credentials) => Err(SignInRefusal::Credentials),
            Err(relais_app::SignInRefusal::Closed) => Err(SignInRefusal::Disabled),
            Err(
                relais_app::SignInRefusal::AppPasswordNeeded | relais_app::SignInRefusal::SignOnNeeded { .. },
            ) => Err(SignInRefusal::AppPasswordNeeded),
            Err(relais_app::SignInRefusal::TooManyAttempts) => Err(SignInRefusal::TooMany),
            Err(relais_app::SignInRefusal::Unavailable) => Err(SignInRefusal::Unavailable),
        }
    }
}
