//! One run of the command line: the server it talks to, and the person it writes to.

use super::client::{Answer, Client};
use super::reader::Reader;
use super::{Failure, Options};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_app::Clock;
use relais_core::address::{EmailAddress, domain_name};
use relais_core::domain::DomainEntry;
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use serde::de::DeserializeOwned;
use std::io::{IsTerminal as _, Write};

/// Whether someone is there to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    Attended,
    Unattended,
}

/// What answers are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Words,
    Json,
}

pub struct Session {
    pub client: Client,
    pub reader: Reader,
    pub form: Form,
    pub attendance: Attendance,
    pub zone: TimeZone,
    pub now: Timestamp,
    output: Box<dyn Write>,
    errors: Box<dyn Write>,
}

impl Session {
    /// # Errors
    /// [`Failure::Usage`] when the URL is none.
    pub fn open(options: Options, language: Language) -> Result<Self, Failure> {
        let client = match &options.url {
            Some(url) => Client::at_url(url, options.token, language)?,
            None => Client::on_socket(options.data, language),
        };
        let zone = TimeZone::system();
        let attended = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Ok(Self {
            client,
            reader: Reader { language, zone: zone.clone(), colours: console::colors_enabled() },
            form: if options.json { Form::Json } else { Form::Words },
            attendance: if attended { Attendance::Attended } else { Attendance::Unattended },
            zone,
            now: Clock::System.now(),
            output: Box::new(std::io::stdout()),
            errors: Box::new(std::io::stderr()),
        })
    }

    #[must_use]
    pub fn language(&self) -> Language {
        self.reader.language
    }

    /// Writes a text and ends the line.
    ///
    /// # Errors
    /// When the output is gone.
    pub fn say(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.output, "{text}").and_then(|()| self.output.flush()).map_err(Failure::Output)
    }

    /// Writes what tells a person how it goes; JSON has only the answer.
    ///
    /// # Errors
    /// When the output is gone.
    pub fn say_unless_json(&mut self, text: &str) -> Result<(), Failure> {
        match self.form {
            Form::Words => self.say(text),
            Form::Json => Ok(()),
        }
    }

    /// Writes what is not the answer itself: hints and questions.
    ///
    /// # Errors
    /// When the error output is gone.
    pub fn remark(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.errors, "{text}").and_then(|()| self.errors.flush()).map_err(Failure::Output)
    }

    /// Writes an answer: untouched, or in words.
    ///
    /// # Errors
    /// When the answer is not what was expected, or the output is gone.
    pub fn show<T: DeserializeOwned>(
        &mut self,
        answer: &Answer,
        words: impl FnOnce(&Reader, T) -> String,
    ) -> Result<(), Failure> {
        let text = match self.form {
            Form::Json => answer.text.trim_end().to_owned(),
            Form::Words => words(&self.reader, answer.read()?),
        };
        self.say(&text)
    }

    /// Says that something was done; as JSON, what the server answered.
    ///
    /// # Errors
    /// When the output is gone.
    pub fn confirm(&mut self, answer: &Answer, french: &str, english: &str) -> Result<(), Failure> {
        match self.form {
            // 204 has no content, and so has the output.
            Form::Json if answer.text.is_empty() => Ok(()),
            Form::Json => self.say(answer.text.trim_end()),
            Form::Words => self.say(self.language().pick(french, english)),
        }
    }

    /// Asks a question that has yes and no for an answer.
    ///
    /// # Errors
    /// When nothing can be asked or read.
    pub fn agrees(&mut self, french: &str, english: &str) -> Result<bool, Failure> {
        let (question, choice) =
            (self.language().pick(french, english), self.language().pick("[o/N]", "[y/N]"));
        write!(self.errors, "{question} {choice} ")
            .and_then(|()| self.errors.flush())
            .map_err(Failure::Output)?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(Failure::Output)?;
        Ok(matches!(line.trim().to_lowercase().as_str(), "o" | "oui" | "y" | "yes"))
    }

    /// Asks before something that does not come back, unless the caller said yes already. With nobody to be asked it is not done.
    ///
    /// # Errors
    /// What has to be said on the command line, or that it is not done.
    pub fn make_sure(
        &mut self,
        yes: bool,
        unattended: (&str, &str),
        question: (&str, &str),
    ) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if self.attendance == Attendance::Unattended {
            return Err(Failure::Usage(self.language().pick(unattended.0, unattended.1).to_owned()));
        }
        if self.agrees(question.0, question.1)? {
            return Ok(());
        }
        let said = self.language().pick("Rien n'est supprimé.", "Nothing was removed.");
        Err(Failure::NotDone(said.to_owned()))
    }

    /// Every organisation this caller sees, or the one that was named.
    ///
    /// # Errors
    /// As any question.
    pub async fn organisations(&self, named: Option<&str>) -> Result<Vec<Organisation>, Failure> {
        match named {
            Some(named) => Ok(vec![self.client.get(&["organisations", named]).await?.read()?]),
            None => self.client.get(&["organisations"]).await?.read(),
        }
    }

    /// The organisation that was named, or the only one there is.
    ///
    /// # Errors
    /// [`Failure::Usage`] when there are several and none was named.
    pub async fn organisation(&self, named: Option<&str>) -> Result<String, Failure> {
        if let Some(named) = named {
            return Ok(named.to_owned());
        }
        match &self.organisations(None).await?[..] {
            [only] => Ok(only.id.to_string()),
            [] => Err(Failure::Usage(
                self.language()
                    .pick(
                        "Il n'y a pas encore d'organisation ; créez-en une : relais organisation create NOM",
                        "There is no organisation yet; create one: relais organisation create NAME",
                    )
                    .to_owned(),
            )),
            several => Err(self.which_organisation(several.iter().map(|found| found.name.as_str()))),
        }
    }

    /// The organisation that was named, or the only one that has the address's domain.
    ///
    /// # Errors
    /// [`Failure::Usage`] when none or several have it.
    pub async fn organisation_of(
        &self,
        address: &EmailAddress,
        named: Option<&str>,
    ) -> Result<String, Failure> {
        self.organisation_with(address.domain(), named).await
    }

    /// The organisation that was named, or the only one that has or claims the domain.
    ///
    /// # Errors
    /// [`Failure::Usage`] when none or several have it.
    pub async fn organisation_with(&self, domain: &str, named: Option<&str>) -> Result<String, Failure> {
        if let Some(named) = named {
            return Ok(named.to_owned());
        }
        let name = domain_name(domain).unwrap_or_else(|| domain.to_owned());
        let mut found = Vec::new();
        for organisation in self.organisations(None).await? {
            let id = organisation.id.to_string();
            let entries: Vec<DomainEntry> =
                self.client.get(&["organisations", &id, "domains"]).await?.read()?;
            if entries.iter().any(|entry| entry.name() == name) {
                found.push(organisation);
            }
        }
        match &found[..] {
            [only] => Ok(only.id.to_string()),
            [] => Err(Failure::Usage(match self.language() {
                Language::French => format!(
                    "Aucune organisation n'a le domaine {domain} ; ajoutez-le : relais domain add {domain} --organisation NOM"
                ),
                Language::English => format!(
                    "No organisation has the domain {domain}; add it: relais domain add {domain} --organisation NAME"
                ),
            })),
            several => Err(self.which_organisation(several.iter().map(|found| found.name.as_str()))),
        }
    }

    fn which_organisation<'a>(&self, names: impl Iterator<Item = &'a str>) -> Failure {
        let said = self.language().pick(
            "Précisez l'organisation avec --organisation :",
            "Say which organisation with --organisation:",
        );
        Failure::Usage(format!("{said} {}", names.collect::<Vec<_>>().join(", ")))
    }

    /// The one id of what was named.
    ///
    /// # Errors
    /// When nothing or more than one thing has that name.
    pub fn only_one(&self, named: &str, mut ids: Vec<String>) -> Result<String, Failure> {
        match (ids.pop(), &ids[..]) {
            (Some(only), []) => Ok(only),
            (None, _) => {
                let said = self.language().pick(
                    "est inconnu ; vérifiez le nom dans la liste (list).",
                    "is not known; check the name in the list (list).",
                );
                Err(Failure::NotDone(format!("{} {said}", self.reader.quoted(named))))
            }
            (Some(last), others) => {
                let said = self.language().pick(
                    "Plusieurs portent ce nom ; précisez l'id ou --organisation :",
                    "Several have that name; give the id or --organisation:",
                );
                Err(Failure::Usage(format!("{said} {}, {last}", others.join(", "))))
            }
        }
    }

    /// Lists `what` of the organisation that was named, or of every one.
    ///
    /// # Errors
    /// As any question.
    pub async fn list<T: DeserializeOwned>(
        &mut self,
        named: Option<&str>,
        what: &str,
        words: impl FnOnce(&Reader, Vec<T>) -> String,
    ) -> Result<(), Failure> {
        let mut lists = Vec::new();
        for organisation in self.organisations(named).await? {
            let id = organisation.id.to_string();
            lists.push(self.client.get(&["organisations", &id, what]).await?);
        }
        self.show(&Answer::joined(lists), words)
    }

    /// `what` of all organisations.
    ///
    /// # Errors
    /// As any question.
    pub async fn everywhere<T: DeserializeOwned>(&self, what: &str) -> Result<Vec<T>, Failure> {
        let mut rows = Vec::new();
        for organisation in self.organisations(None).await? {
            let id = organisation.id.to_string();
            let answer = self.client.get(&["organisations", &id, what]).await?;
            rows.extend(answer.read::<Vec<T>>()?);
        }
        Ok(rows)
    }
}

#[cfg(test)]
impl Session {
    /// Unattended, in French, at a time and in a zone that stand.
    pub fn for_test() -> Self {
        Self::at_place(
            Client::on_socket("/nowhere".into(), Language::French),
            Language::French,
            Box::new(std::io::sink()),
            Box::new(std::io::sink()),
        )
    }

    pub fn at_place(
        client: Client,
        language: Language,
        output: Box<dyn Write>,
        errors: Box<dyn Write>,
    ) -> Self {
        Self {
            client,
            reader: Reader { language, zone: TimeZone::UTC, colours: false },
            form: Form::Words,
            attendance: Attendance::Unattended,
            zone: TimeZone::UTC,
            now: "2026-07-29T08:00:00Z".parse().expect("a time"),
            output,
            errors,
        }
    }
}
