//! The mail of the demonstration organisation `bm.com`: people with French names, and mailboxes as they look after two
//! years of work. The same seed gives the same bytes on every machine. Knows nothing of Relais or of any server:
//! who delivers these messages, and how, is the caller's affair.

mod document;
mod mime;
mod moment;
pub mod random;
#[cfg(test)]
mod tests;
mod vocabulary;

use mime::{Attachment, Draft, Party};
use moment::Local;
use random::Random;
use vocabulary::{
    CLOSINGS, FAMILY, FAMILY_SUBJECTS, OPENINGS, OUTSIDE, PEOPLE, PERSONAL_SUBJECTS, SENTENCES, SUBJECTS,
    SUMMER_SUBJECTS, SUPPLIERS, WEBSITE_SUBJECTS,
};

/// The domain of everyone in the corpus.
pub const DOMAIN: &str = "bm.com";

/// 2024-10-01 08:00 UTC: the first day of the two years.
const START_UNIX_S: i64 = 1_727_769_600;
const SPAN_DAYS: i64 = 730;

pub struct Corpus {
    seed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The local part of the address.
    pub login: &'static str,
    pub name: &'static str,
    pub post: &'static str,
}

impl Person {
    pub fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.login)
    }

    fn party(&self) -> Party {
        Party { name: self.name.to_owned(), address: self.address() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Seen,
    Answered,
    Flagged,
}

impl Flag {
    /// The system flag of RFC 3501, section 2.3.2.
    pub fn imap(self) -> &'static str {
        match self {
            Flag::Seen => "\\Seen",
            Flag::Answered => "\\Answered",
            Flag::Flagged => "\\Flagged",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusMessage {
    /// Levels separated by `/`, in UTF-8.
    pub folder: &'static str,
    pub flags: Vec<Flag>,
    pub date_unix_s: i64,
    /// The whole message, with CRLF line ends.
    pub bytes: Vec<u8>,
    /// Marked as personal by its folder, its subject or its `Sensitivity` field.
    pub personal: bool,
}

impl CorpusMessage {
    /// The date-time for an IMAP `APPEND`, without quotes.
    pub fn imap_date(&self) -> String {
        Local::of(self.date_unix_s).imap()
    }
}

impl Corpus {
    pub fn new(seed: u64) -> Corpus {
        Corpus { seed }
    }

    /// The people of `bm.com`; the first is `user1`, who leaves, the second `userCS`, who takes over.
    pub fn people(&self) -> Vec<Person> {
        PEOPLE.iter().map(|&(login, name, post)| Person { login, name, post }).collect()
    }

    /// The mailbox of one person, oldest message first.
    pub fn messages_of(&self, person: &Person) -> Vec<CorpusMessage> {
        let mut mailbox = Mailbox {
            owner: person.clone(),
            random: Random::for_subject(self.seed, person.login),
            written: 0,
            messages: Vec::new(),
        };
        if person.login == PEOPLE[0].0 {
            mailbox.fill_of_leaver();
        } else {
            mailbox.fill_conversations("INBOX", &SUBJECTS, 8, START_UNIX_S);
        }
        mailbox.messages.sort_by_key(|message| message.date_unix_s);
        mailbox.messages
    }
}

/// Where a message of a conversation is, and who wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Received,
    Sent,
}

struct Mailbox {
    owner: Person,
    random: Random,
    written: usize,
    messages: Vec<CorpusMessage>,
}

impl Mailbox {
    /// About 200 messages in the folders of someone who has been there for years.
    fn fill_of_leaver(&mut self) {
        let year_2025 = START_UNIX_S + 92 * 86_400;
        self.fill_conversations("Archives/2024", &SUBJECTS, 12, START_UNIX_S);
        self.fill_conversations("INBOX", &SUBJECTS, 42, year_2025);
        self.fill_conversations("Projets/Été 2025", &SUMMER_SUBJECTS, 16, year_2025);
        self.fill_conversations("Projets/Refonte du site", &WEBSITE_SUBJECTS, 10, year_2025);
        self.fill_invoices();
        self.fill_personal();
    }

    /// Conversations that someone else begins in `folder`; the owner's answers go to `Sent`.
    fn fill_conversations(
        &mut self,
        folder: &'static str,
        subjects: &[&str],
        count: usize,
        not_before_unix_s: i64,
    ) {
        for _ in 0..count {
            let subject = (*self.random.pick(subjects)).to_owned();
            let other = self.correspondent();
            let begun = self.working_time(not_before_unix_s);
            let length = 1 + usize::from(self.random.happens(60)) + usize::from(self.random.happens(25));
            self.fill_conversation(folder, &subject, &other, begun, length);
        }
    }

    fn fill_conversation(
        &mut self,
        folder: &'static str,
        subject: &str,
        other: &Party,
        begun: i64,
        length: usize,
    ) {
        let mut references = Vec::new();
        let mut date_unix_s = begun;
        for turn in 0..length {
            let direction = if turn % 2 == 0 { Direction::Received } else { Direction::Sent };
            let subject = if turn == 0 { subject.to_owned() } else { format!("Re: {subject}") };
            let mut draft = self.draft(direction, other, subject, date_unix_s);
            draft.references = references.clone();
            self.enrich(&mut draft);
            references.push(draft.message_id.clone());
            let flags = self.flags(direction, turn + 1 < length);
            let folder = if direction == Direction::Sent { "Sent" } else { folder };
            self.keep(folder, flags, &draft, false);
            date_unix_s += self.random.between(1_800, 90_000);
        }
    }

    fn fill_invoices(&mut self) {
        for month in 0..24_i64 {
            let (name, address) = *self.random.pick(&SUPPLIERS);
            let supplier = Party { name: name.to_owned(), address: address.to_owned() };
            let date_unix_s = START_UNIX_S + month * 30 * 86_400 + self.random.between(0, 30_000);
            let Local { year, month, day, .. } = Local::of(date_unix_s);
            let number = format!("{year}-{month:02}-{:04}", self.random.below(10_000));
            let amount = self.random.between(40, 3_900);
            let mut draft = self.draft(
                Direction::Received,
                &supplier,
                format!("Votre facture n° {number} du {day:02}/{month:02}/{year}"),
                date_unix_s,
            );
            draft.text = format!(
                "Madame, Monsieur,\n\nVeuillez trouver ci-joint la facture n° {number} d'un montant de {amount},00 €, \
                 à régler sous trente jours.\n\nLe service facturation\n{name}\n"
            );
            draft.attachments.push(document::pdf(
                format!("facture-{number}.pdf"),
                &[
                    format!("Facture {number}"),
                    "Association BM".to_owned(),
                    format!("Total : {amount},00 EUR"),
                ],
            ));
            self.keep("Factures", vec![Flag::Seen], &draft, false);
        }
    }

    /// What belongs to the person and not to the work: by folder, by subject, by field.
    fn fill_personal(&mut self) {
        for place in 0..18 {
            let (name, address) = *self.random.pick(&FAMILY);
            let relative = Party { name: name.to_owned(), address: address.to_owned() };
            let date_unix_s = self.working_time(START_UNIX_S);
            let (folder, subjects): (_, &[&str]) = match place {
                0..10 => ("Personnel", &FAMILY_SUBJECTS),
                10..15 => ("INBOX", &PERSONAL_SUBJECTS),
                _ => ("INBOX", &FAMILY_SUBJECTS),
            };
            let subject = (*self.random.pick(subjects)).to_owned();
            let mut draft = self.draft(Direction::Received, &relative, subject, date_unix_s);
            draft.text = "Coucou Ursule,\n\nJe t'écris ici car tu ne réponds pas au téléphone. Rappelle-moi ce soir !\n\n\
                          Bises\n"
                .to_owned();
            if place >= 15 {
                // RFC 2156, section 4; what mail programs write for "private".
                draft.more_headers.push(("Sensitivity", "Private".to_owned()));
            }
            self.keep(folder, vec![Flag::Seen], &draft, true);
        }
    }

    fn draft(&mut self, direction: Direction, other: &Party, subject: String, date_unix_s: i64) -> Draft {
        let owner = self.owner.party();
        let (from, to) = match direction {
            Direction::Received => (other.clone(), owner),
            Direction::Sent => (owner, other.clone()),
        };
        self.written += 1;
        let host = from.address.rsplit('@').next().unwrap_or(DOMAIN);
        let message_id =
            format!("{}.{}.{:08x}@{host}", self.owner.login, self.written, self.random.below(1 << 32));
        Draft {
            text: self.text(&from.name),
            from,
            to: vec![to],
            subject,
            date_unix_s,
            message_id,
            references: Vec::new(),
            more_headers: Vec::new(),
            html: None,
            attachments: Vec::new(),
        }
    }

    /// Sometimes an HTML alternative, a second recipient, an attachment.
    fn enrich(&mut self, draft: &mut Draft) {
        if self.random.happens(45) {
            draft.html = Some(html_of(&draft.text));
        }
        if self.random.happens(20) {
            let (login, name, post) = *self.random.pick(&PEOPLE[2..]);
            draft.to.push(Person { login, name, post }.party());
        }
        if self.random.happens(25) {
            let attachment = self.attachment(&draft.subject);
            draft.attachments.push(attachment);
        }
    }

    fn attachment(&mut self, subject: &str) -> Attachment {
        if self.random.happens(50) {
            let file_name = (*self.random.pick(&["budget été.csv", "suivi.csv"])).to_owned();
            document::csv(file_name, &mut self.random)
        } else {
            let file_name =
                (*self.random.pick(&["compte-rendu.pdf", "Devis n° 12.pdf", "plan_scene.pdf"])).to_owned();
            document::pdf(file_name, &[subject.to_owned(), "Page 1 / 1".to_owned()])
        }
    }

    fn text(&mut self, signature: &str) -> String {
        let mut text = format!("{}\n\n", self.random.pick(&OPENINGS));
        for _ in 0..=self.random.below(5) {
            let sentence: &str = SENTENCES[self.random.below(SENTENCES.len())];
            text.push_str(sentence);
            text.push_str(if self.random.happens(40) { "\n\n" } else { "\n" });
        }
        text.push_str(&format!("\n{}\n{signature}\n", self.random.pick(&CLOSINGS)));
        text
    }

    fn flags(&mut self, direction: Direction, answered: bool) -> Vec<Flag> {
        let mut flags = Vec::new();
        if direction == Direction::Sent || answered || self.random.happens(80) {
            flags.push(Flag::Seen);
        }
        if answered && direction == Direction::Received {
            flags.push(Flag::Answered);
        }
        if self.random.happens(10) {
            flags.push(Flag::Flagged);
        }
        flags
    }

    fn correspondent(&mut self) -> Party {
        if self.random.happens(50) {
            let (name, address) = *self.random.pick(&OUTSIDE);
            return Party { name: name.to_owned(), address: address.to_owned() };
        }
        let colleagues: Vec<&(&str, &str, &str)> =
            PEOPLE.iter().filter(|(login, _, _)| *login != self.owner.login).collect();
        let &&(login, name, post) = self.random.pick(&colleagues);
        Person { login, name, post }.party()
    }

    /// An instant of a working day between `not_before_unix_s` and the end of the two years.
    fn working_time(&mut self, not_before_unix_s: i64) -> i64 {
        let days = SPAN_DAYS - (not_before_unix_s - START_UNIX_S) / 86_400;
        let mut date_unix_s = not_before_unix_s + self.random.between(0, days - 1) * 86_400;
        while Local::of(date_unix_s).is_weekend() {
            date_unix_s -= 86_400;
        }
        date_unix_s + self.random.between(0, 9 * 3600)
    }

    fn keep(&mut self, folder: &'static str, flags: Vec<Flag>, draft: &Draft, personal: bool) {
        self.messages.push(CorpusMessage {
            folder,
            flags,
            date_unix_s: draft.date_unix_s,
            bytes: draft.bytes(),
            personal,
        });
    }
}

fn html_of(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs: Vec<String> =
        escaped.split("\n\n").map(|part| format!("<p>{}</p>", part.trim().replace('\n', "<br>\n"))).collect();
    format!("<html lang=\"fr\"><body>\n{}\n</body></html>\n", paragraphs.join("\n"))
}
