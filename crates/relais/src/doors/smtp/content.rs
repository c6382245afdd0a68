//! DATA: the message itself, from the wire to the sink, and the answers after it.

use super::data::{DataDecoder, Progress};
use super::session::{Next, Session};
use super::wire::{Ended, INPUT_BYTES};
use super::{Buffered, Dialect, Envelope, MessageSink, Reception, reply, trace};
use metrics::counter;
use relais_core::mail_refusal::{MailAnswer, MailRefusal};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tracing::warn;

/// What is gathered before a sink is called: fewer, larger writes, and a bound on memory per session.
pub(super) const CONTENT_BYTES: usize = 256 << 10;
/// A session that waits keeps no larger buffer than this.
const CONTENT_KEPT_BYTES: usize = 64 << 10;

/// How a message came to its end.
enum Received<M> {
    Whole {
        message: M,
        size_bytes: u64,
    },
    /// Read to its end and refused.
    Refused(MailAnswer),
    /// Refused, and its end not waited for.
    Endless(MailAnswer),
}

/// The sink, while it can be written to.
enum Sink<M> {
    Open(M),
    Refused(MailAnswer),
}

/// Gives back what a content buffer was counted for, also when the session is dropped.
struct Held<'d> {
    buffered: &'d Buffered,
    bytes: usize,
}

impl Held<'_> {
    fn set(&mut self, bytes: usize) {
        self.buffered.change(self.bytes, bytes);
        self.bytes = bytes;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl<R: Reception, S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, R, S> {
    pub(super) async fn data(&mut self) -> Result<Next, Ended> {
        let envelope = match self.envelope.take() {
            None => return Ok(self.object(reply::MAIL_FIRST)),
            Some(envelope) if envelope.recipients.is_empty() => {
                self.envelope = Some(envelope);
                return Ok(self.object(reply::NO_RECIPIENT));
            }
            Some(envelope) => envelope,
        };
        let message = match self.door.reception.begin(&envelope).await {
            Ok(message) => message,
            Err(refusal) => {
                self.say(refusal.answer());
                return Ok(Next::Listen);
            }
        };
        self.wire.out.extend_from_slice(b"354 End the message with a dot on a line of its own\r\n");
        let received = self.receive(&envelope, message).await;
        self.content.clear();
        self.content.shrink_to(CONTENT_KEPT_BYTES);
        match received? {
            Received::Whole { message, size_bytes } => {
                self.deliver(envelope, message, size_bytes).await?;
                Ok(Next::Listen)
            }
            Received::Refused(answer) => {
                self.refuse_message(&envelope, answer).await?;
                Ok(Next::Listen)
            }
            Received::Endless(answer) => {
                self.refuse_message(&envelope, answer).await?;
                Ok(Next::Close)
            }
        }
    }

    async fn receive(
        &mut self,
        envelope: &Envelope,
        message: R::Message,
    ) -> Result<Received<R::Message>, Ended> {
        let settings = &self.door.settings;
        let mut held = Held { buffered: &self.door.buffered, bytes: 0 };
        let mut sink = Sink::Open(message);
        let mut trace = Some(trace::fields(envelope, settings, (self.door.clock)()));
        let mut decoder = DataDecoder::default();
        let mut size_bytes: u64 = 0;
        let mut read_bytes: u64 = 0;
        loop {
            if self.wire.input().is_empty() {
                self.wire.fill(Instant::now() + settings.data_timeout).await?;
            }
            let input = self.wire.input();
            make_room(&mut self.content, input.len());
            held.set(self.content.capacity() + INPUT_BYTES);
            let before = self.content.len();
            let progress = decoder.feed(input, &mut self.content);
            let consumed = match progress {
                Progress::More => input.len(),
                Progress::Ended { consumed } => consumed,
            };
            size_bytes += (self.content.len() - before) as u64;
            read_bytes += consumed as u64;
            self.wire.consume(consumed);
            if let Sink::Open(_) = sink {
                let refused = if size_bytes > settings.message_bytes_max {
                    Some(reply::MESSAGE_TOO_LARGE)
                } else {
                    decoder.fault().map(reply::data_fault)
                };
                if let Some(answer) = refused {
                    drop_blocking(std::mem::replace(&mut sink, Sink::Refused(answer))).await;
                }
            }
            let ended = progress != Progress::More;
            if ended || self.content.len() + INPUT_BYTES > CONTENT_BYTES || matches!(sink, Sink::Refused(_)) {
                sink = self.write(sink, &mut trace).await;
            }
            match sink {
                Sink::Refused(answer) if ended => return Ok(Received::Refused(answer)),
                Sink::Refused(answer) if read_bytes > settings.message_bytes_max.saturating_mul(2) => {
                    return Ok(Received::Endless(answer));
                }
                Sink::Open(message) if ended => return Ok(Received::Whole { message, size_bytes }),
                Sink::Refused(_) | Sink::Open(_) => {}
            }
        }
    }

    /// Moves the gathered content to the sink, on a thread that may block.
    async fn write(&mut self, sink: Sink<R::Message>, trace: &mut Option<String>) -> Sink<R::Message> {
        let mut message = match sink {
            Sink::Open(message) => message,
            Sink::Refused(answer) => {
                self.content.clear();
                return Sink::Refused(answer);
            }
        };
        let content = std::mem::take(&mut self.content);
        let trace = trace.take();
        let written = spawn_blocking(move || {
            let written = match trace {
                Some(trace) => message.write_trace(trace.as_bytes()),
                None => Ok(()),
            };
            let written = written.and_then(|()| message.write(&content));
            (written.map(|()| message), content)
        });
        let written = match written.await {
            Ok((written, content)) => {
                self.content = content;
                self.content.clear();
                written
            }
            Err(panicked) => Err(io::Error::other(panicked)),
        };
        match written {
            Ok(message) => Sink::Open(message),
            Err(error) => {
                warn!(%error, "a message cannot be kept");
                let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
                let refusal = if full { MailRefusal::StorageFull } else { MailRefusal::Unavailable };
                Sink::Refused(refusal.answer())
            }
        }
    }

    /// Asks for delivery and answers. Not given up when the client is gone or this server stops.
    async fn deliver(
        &mut self,
        mut envelope: Envelope,
        message: R::Message,
        size_bytes: u64,
    ) -> Result<(), Ended> {
        envelope.size_bytes = Some(size_bytes);
        let mut results = self.door.reception.deliver(&envelope, message).await;
        results.resize(envelope.recipients.len(), Err(MailRefusal::Unavailable));
        let answers = match self.dialect() {
            Dialect::Lmtp => results,
            Dialect::Smtp => vec![one_answer(&self.door.reception, &envelope, results).await],
        };
        let dialect = self.dialect().label();
        if answers.iter().any(Result::is_ok) {
            counter!("relais_messages_accepted_total", "dialect" => dialect).increment(1);
            counter!("relais_message_bytes_total", "dialect" => dialect).increment(size_bytes);
        } else {
            counter!("relais_messages_refused_total", "dialect" => dialect).increment(1);
        }
        for result in answers {
            self.say(result.map_or_else(MailRefusal::answer, |()| reply::DELIVERED));
            self.wire.flush_if_full().await?;
        }
        Ok(())
    }

    async fn refuse_message(&mut self, envelope: &Envelope, answer: MailAnswer) -> Result<(), Ended> {
        counter!("relais_messages_refused_total", "dialect" => self.dialect().label()).increment(1);
        let times = match self.dialect() {
            Dialect::Smtp => 1,
            Dialect::Lmtp => envelope.recipients.len(),
        };
        for _ in 0..times {
            self.say(answer);
            self.wire.flush_if_full().await?;
        }
        Ok(())
    }
}

/// What SMTP says for all recipients: temporary if any is, for then the client sends again and those who have
/// the message are recognised; permanent if all are; and where it is delivered to some and refused for good to
/// others, yes, once a notice about the others is on its way.
async fn one_answer<R: Reception>(
    reception: &R,
    envelope: &Envelope,
    results: Vec<Result<(), MailRefusal>>,
) -> Result<(), MailRefusal> {
    let refusals = || results.iter().filter_map(|result| result.err());
    if let Some(temporary) = refusals().find(|refusal| refusal.is_temporary()) {
        return Err(temporary);
    }
    match refusals().next() {
        None => Ok(()),
        Some(first) if refusals().count() == results.len() => Err(first),
        Some(_) => {
            let recipients = envelope.recipients.iter().cloned();
            let failed =
                recipients.zip(&results).filter_map(|(recipient, result)| Some((recipient, result.err()?)));
            reception.report(envelope, failed.collect()).await
        }
    }
}

/// Room for `more` bytes, growing by doubling up to [`CONTENT_BYTES`] and never beyond.
fn make_room(content: &mut Vec<u8>, more: usize) {
    let needed = content.len() + more;
    assert!(needed <= CONTENT_BYTES, "content goes to the sink before its buffer is full");
    if needed > content.capacity() {
        let capacity = needed.max(content.capacity() * 2).min(CONTENT_BYTES);
        content.reserve_exact(capacity - content.len());
    }
}

/// A sink that is given up removes its file: not on a thread of the runtime.
async fn drop_blocking<T: Send + 'static>(value: T) {
    if let Err(error) = spawn_blocking(move || drop(value)).await {
        warn!(%error, "a message that was given up could not be removed");
    }
}
