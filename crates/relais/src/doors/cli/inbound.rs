//! What happens to arriving mail, as options.

use super::text::TextSource;
use super::when::When;
use super::{Failure, Session};
use clap::{Args, ValueEnum};
use relais_core::address::EmailAddress;
use relais_core::inbound::{Inbound, LocalCopy, Phase, Treatment};

#[derive(Debug, Default, Args)]
pub struct InboundArguments {
    /// Store mail in the mailbox
    #[arg(long, group = "treatment")]
    deliver: bool,
    /// Refuse mail
    #[arg(long, group = "treatment", conflicts_with = "until")]
    refuse: bool,
    /// Send mail on
    #[arg(long, group = "treatment", value_name = "ADDRESS")]
    redirect: Option<EmailAddress>,
    /// Answer mail with this text, or @FILE
    #[arg(long, group = "treatment", value_name = "TEXT|@FILE")]
    reply: Option<TextSource>,
    /// Redirected or answered mail also stays in the mailbox
    #[arg(long, conflicts_with_all = ["deliver", "refuse"], requires = "treatment")]
    copy: bool,
    /// Until when; a date without a time means the end of that day
    #[arg(long, value_name = "DATE", requires = "treatment")]
    until: Option<When>,
    /// What happens after --until
    #[arg(long, value_enum, default_value_t = Afterwards::Refuse, requires = "until")]
    then: Afterwards,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Afterwards {
    #[default]
    Refuse,
    Deliver,
}

impl InboundArguments {
    /// `None` when nothing was said.
    ///
    /// # Errors
    /// When the core refuses what was asked for, or a text cannot be read.
    pub fn inbound(&self, session: &Session) -> Result<Option<Inbound>, Failure> {
        let copy = if self.copy { LocalCopy::Keep } else { LocalCopy::None };
        let treatment = if self.deliver {
            Treatment::deliver()
        } else if self.refuse {
            Treatment::Refuse
        } else if let Some(to) = &self.redirect {
            Treatment::redirect(to.clone(), copy)
        } else if let Some(text) = &self.reply {
            Treatment::reply(text.read()?, copy)
        } else {
            return Ok(None);
        };
        let inbound = match self.until {
            None => Inbound::always(treatment),
            Some(until) => {
                let until = Some(until.ends(&session.zone, session.now)?);
                let then = match self.then {
                    Afterwards::Refuse => Treatment::Refuse,
                    Afterwards::Deliver => Treatment::deliver(),
                };
                Inbound::new(vec![Phase { until, treatment }, Phase { until: None, treatment: then }])
            }
        };
        Ok(Some(inbound?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        inbound: InboundArguments,
    }

    fn phases(line: &[&str]) -> Result<String, String> {
        let parsed = Line::try_parse_from([&["set"], line].concat());
        let line = parsed.map_err(|error| error.kind().to_string())?;
        let inbound = line.inbound.inbound(&Session::for_test()).map_err(|failure| failure.to_string())?;
        Ok(serde_json::to_string(&inbound).unwrap())
    }

    #[test]
    fn options_make_phases() {
        for (line, expected) in [
            (&[][..], "null"),
            (&["--deliver"], r#"[{"until":null,"do":"accept","copy":"keep","redirect_to":[],"reply":null}]"#),
            (&["--refuse"], r#"[{"until":null,"do":"refuse"}]"#),
            (
                &["--redirect", "b@bm.com"],
                r#"[{"until":null,"do":"accept","copy":"none","redirect_to":["b@bm.com"],"reply":null}]"#,
            ),
            (
                &["--redirect", "b@bm.com", "--copy", "--until", "2026-12-31"],
                r#"[{"until":"2027-01-01T00:00:00Z","do":"accept","copy":"keep","redirect_to":["b@bm.com"],"reply":null},{"until":null,"do":"refuse"}]"#,
            ),
            (
                &["--reply", "absent", "--copy", "--until", "+1m", "--then", "deliver"],
                r#"[{"until":"2026-08-29T08:00:00Z","do":"accept","copy":"keep","redirect_to":[],"reply":"absent"},{"until":null,"do":"accept","copy":"keep","redirect_to":[],"reply":null}]"#,
            ),
        ] {
            assert_eq!(phases(line).as_deref(), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_a_usage_error() {
        for line in [
            &["--deliver", "--refuse"][..],
            &["--deliver", "--copy"],
            &["--copy"],
            &["--until", "+1m"],
            &["--refuse", "--until", "+1m"],
            &["--redirect", "b"],
            &["--redirect", "b@bm.com", "--reply", "x"],
            &["--redirect", "b@bm.com", "--then", "deliver"],
        ] {
            assert!(phases(line).is_err(), "{line:?}");
        }
    }
}
