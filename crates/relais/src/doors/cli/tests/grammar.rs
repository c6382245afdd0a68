use super::super::{Cli, Command};
use clap::Parser as _;
use clap::error::ErrorKind;
use std::path::Path;

#[test]
fn the_grammar_holds_together() {
    super::super::command().debug_assert();
}

#[test]
fn options_stand_before_or_behind_the_command() {
    for line in [
        &["relais", "--data", "/d", "--json", "--language", "fr", "account", "list"][..],
        &["relais", "account", "list", "--data", "/d", "--json", "--language", "fr"],
        &["relais", "account", "--data", "/d", "list", "--json", "--language", "fr"],
    ] {
        let cli = Cli::try_parse_from(line).expect("it can be read");
        assert_eq!(cli.options.data, Path::new("/d"), "{line:?}");
        assert!(cli.options.json && cli.options.language.is_some(), "{line:?}");
    }
}

#[test]
fn the_server_s_data_directory_stands_before_or_behind_serve() {
    for line in [&["relais", "serve", "--data", "/d"][..], &["relais", "--data", "/d", "serve"]] {
        let cli = Cli::try_parse_from(line).expect("it can be read");
        assert!(matches!(cli.command, Command::Serve(_)), "{line:?}");
        assert_eq!(cli.options.data, Path::new("/d"), "{line:?}");
    }
}

#[test]
fn what_is_documented_can_be_typed() {
    for line in [
        "organisation create BM --language fr",
        "organisation create BM --time-zone Europe/Brussels --currency chf",
        "organisation list",
        "domain add bm.com --organisation BM",
        "domain add bm.com --organisation BM --prove",
        "domain add provider.example --provider",
        "domain list",
        "domain show bm.com",
        "domain prove bm.com --organisation BM",
        "domain readiness bm.com --expect anne@bm.com,info@bm.com",
        "domain catch-all bm.com --to info@bm.com",
        "domain catch-all bm.com --off",
        "domain remove bm.com",
        "directory add Annuaire open-ldap --host ldap.bm.com --base dc=bm,dc=com --bind-dn cn=relais,dc=bm,dc=com \
         --bind-password @password.txt",
        "directory add Annuaire active-directory --host dc1.ad.bm.com --ca ad-ca.pem --base DC=ad,DC=bm,DC=com -o BM",
        "directory change Annuaire --attribute address=uid --domain bm.com --every never --sign-in bind",
        "directory plan Annuaire",
        "directory apply Annuaire",
        "directory link Annuaire 6fa459ea-ee8a-3ca4-894e-db77e160355e user1@bm.com",
        "operator address set ops@provider.example",
        "operator address show",
        "operator address clear",
        "operator list",
        "operator appoint user2@bm.com",
        "operator dismiss user2@bm.com",
        "operator retry msg-1",
        "operator withdraw msg-1",
        "organisation owner BM user2@bm.com",
        "organisation rename BM Autre",
        "organisation language BM en",
        "account create user1@bm.com --name Jeanne --password secret12 --quota 5G --role company_admin",
        "account create user1@bm.com --name Jeanne --password-stdin",
        "account create user1@bm.com --name Jeanne --invite --organisation BM",
        "account list --state active --organisation BM",
        "account show user1@bm.com",
        "account password user1@bm.com",
        "session open user1@bm.com --code 287082 --password-stdin",
        "session list user1@bm.com",
        "session end user1@bm.com",
        "session end user1@bm.com ses-0000000000001",
        "app-password create user1@bm.com Telephone --for mail --for calendars",
        "app-password list user1@bm.com",
        "app-password revoke user1@bm.com apw-0000000000001",
        "second-factor show user1@bm.com",
        "second-factor begin user1@bm.com",
        "second-factor confirm user1@bm.com 287082",
        "second-factor recovery-codes user1@bm.com 287082",
        "second-factor remove user1@bm.com --code 287082",
        "second-factor remove user1@bm.com",
        "application scim set Tableaux --scim-url https://boards.example/scim --scim-token @f --only-group Ventes --tell name --tell emails",
        "application scim set Tableaux --everybody --user-name provider-id --when-closed remove --changes put --groups left-out",
        "application scim show Tableaux",
        "application scim plan Tableaux",
        "application scim run Tableaux",
        "application scim errors Tableaux --after acc-0000000000001",
        "application scim off Tableaux",
        "departure-policy show --organisation BM",
        "departure-policy set --redirect-to b@bm.com --days 30 --content-to b@bm.com",
        "departure-policy set --reply parti",
        "departure-policy set --refuse --keep-content",
        "sign-in-policy show --organisation BM",
        "sign-on set https://login.example.com --client-id relais --client-secret @f --domain bm.com --required --newcomers",
        "sign-on show",
        "sign-on remove --organisation BM",
        "sign-on link user1@bm.com",
        "sign-on links user1@bm.com",
        "sign-on unlink user1@bm.com",
        "sign-in-policy set --app-passwords required --second-factor administrators",
        "account profile show user1@bm.com",
        "account profile set user1@bm.com --given-name Jeanne --phone-mobile 0612345678 --country FR --birth-date 1980-02-29",
        "account profile set user1@bm.com --no-birth-date --external-address jeanne@ailleurs.example",
        "account photo user1@bm.com --set photo.jpg",
        "account photo user1@bm.com --save photo.jpg",
        "account photo user1@bm.com --remove",
        "account name user1@bm.com Jeanne",
        "account quota user1@bm.com 5G",
        "account quota user1@bm.com none",
        "account reset-password user1@bm.com",
        "account import comptes.csv --organisation BM",
        "account import comptes.csv --apply",
        "account export --output comptes.csv -o BM",
        "account deactivate user1@bm.com",
        "account deactivate user1@bm.com --redirect b@bm.com --copy",
        "account deactivate user1@bm.com --reply parti --until +1m",
        "account reactivate user1@bm.com",
        "account delete user1@bm.com --yes",
        "account rename user1@bm.com user9@bm.com",
        "account create user1@bm.com --name Jeanne --invite --subscription Base",
        "account subscription user1@bm.com Base",
        "account subscription user1@bm.com --none",
        "account role user1@bm.com account-manager",
        "alias add user1@bm.com ventes@bm.com",
        "alias remove user1@bm.com ventes@bm.com",
        "address show user1@bm.com",
        "address move user1@bm.com --to userCS@bm.com",
        "inbound set user1@bm.com --deliver",
        "inbound set user1@bm.com --reply @file --copy --until 2026-12-31 --then deliver",
        "shared-mailbox create bp@bm.com --name BP",
        "shared-mailbox member bp@bm.com user1@bm.com --read-only",
        "shared-mailbox member bp@bm.com user1@bm.com --remove",
        "shared-mailbox members bp@bm.com",
        "shared-mailbox rename bp@bm.com --name BP --to boite@bm.com",
        "shared-mailbox remove bp@bm.com --yes",
        "shared-mailbox list",
        "group create Ventes --address ventes@bm.com",
        "group member Ventes user1@bm.com --admin",
        "group members Ventes",
        "group list",
        "group show Ventes",
        "group rename Ventes France",
        "group address Ventes --set commercial@bm.com",
        "group address Ventes --drop",
        "group posting Ventes members",
        "group posting Ventes listed --sender client@example.com",
        "group include Tous Ventes",
        "group include Tous Ventes --remove",
        "group remove Ventes --yes",
        "account reactivate user1@bm.com --group Ventes",
        "account invite zoe@bm.com --name Zoe --external-address zoe@example.org --group Ventes",
        "account invite zoe@bm.com --name Zoe --role guest --read cnt-0000000000001",
        "account invite-again zoe@bm.com",
        "organisation licences --from 2026-11-01 --until 2026-12-01",
        "depart user1@bm.com --groups-to user2@bm.com",
        "explain ventes@bm.com --from client@example.com",
        "responder create partis --text @partis.txt",
        "responder address partis user2@bm.com --text parti --until +3m",
        "responder list",
        "depart user1@bm.com --to userCS@bm.com --copy --until 2026-12-31 --on 2026-09-01 --yes --no-wait",
        "depart user1@bm.com --shared-mailbox bp.user1 --delete-after +3m --reason depart --plan",
        "depart user1@bm.com --to userCS@bm.com --reply",
        "depart user1@bm.com --reply --to userCS@bm.com",
        "depart user1@bm.com --reply=@texte --responder partis",
        "departure status user1@bm.com",
        "departure hold user1@bm.com",
        "departure resume user1@bm.com",
        "departure undo user1@bm.com --yes",
        "departure list",
        "departure certificate dep-0000000000001 --html page.html",
        "explain user1@bm.com",
        "grant user1@bm.com --reason dossier --until +7d",
        "events --organisation BM --subject acc-0000000000001 --after 12 --limit 50",
        "events verify --organisation BM",
        "spool",
        "token create sauvegarde --operator",
        "token create annuaire --organisation BM",
        "token list",
        "token revoke tok-0000000000001",
        "plan create Mairie --price 49,90 --period year --free-accounts 2 --max-accounts 50 --full-licences 30 --own-domains 2",
        "plan create Essai --price 0 --currency CHF --flexible-licences",
        "plan list",
        "plan retire Mairie",
        "plan set BM Mairie",
        "plan set BM --none",
        "subscription create Base --price 3 --aliases 5 --quota 5G",
        "subscription create Lecture --price 1.5 --restricted --period year",
        "subscription list",
        "subscription retire Base",
        "provision show --organisation BM",
        "provision forecast",
        "provision entries --after 10 --limit 5",
        "provision statement --from 2026-11-01 --until 2026-12-01",
        "provision statement --csv releve.csv",
        "provision statement --html releve.html -o BM",
        "provision top-up BM 120,50 --reference pay_1",
        "provision correct BM -5.50 --reason double",
        "provision check",
        "export list user1@bm.com",
        "export send acc-0000000000001",
        "export take user1@bm.com",
        "completions zsh",
    ] {
        let words = ["relais"].into_iter().chain(line.split(' '));
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    for (line, kind) in [
        ("account create user1@bm.com --name J", ErrorKind::MissingRequiredArgument),
        ("account create user1@bm.com --name J --invite --password secret12", ErrorKind::ArgumentConflict),
        ("account create user1 --name J --invite", ErrorKind::ValueValidation),
        ("account role user1@bm.com boss", ErrorKind::ValueValidation),
        ("account profile set user1@bm.com", ErrorKind::MissingRequiredArgument),
        ("account profile set user1@bm.com --birth-date 29/02/1980", ErrorKind::ValueValidation),
        ("account photo user1@bm.com", ErrorKind::MissingRequiredArgument),
        ("account photo user1@bm.com --remove --set x.png", ErrorKind::ArgumentConflict),
        ("account quota user1@bm.com 0", ErrorKind::ValueValidation),
        ("inbound set user1@bm.com", ErrorKind::MissingRequiredArgument),
        ("inbound set user1@bm.com --until +1m", ErrorKind::MissingRequiredArgument),
        ("depart user1@bm.com --plan --yes", ErrorKind::ArgumentConflict),
        ("depart user1@bm.com --on someday", ErrorKind::ValueValidation),
        ("events --limit 1000", ErrorKind::ValueValidation),
        ("token create x --operator --organisation BM", ErrorKind::ArgumentConflict),
        ("account subscription user1@bm.com", ErrorKind::MissingRequiredArgument),
        ("account subscription user1@bm.com Base --none", ErrorKind::ArgumentConflict),
        ("plan set BM", ErrorKind::MissingRequiredArgument),
        ("plan create Mairie", ErrorKind::MissingRequiredArgument),
        ("provision top-up BM 1,234", ErrorKind::ValueValidation),
        ("provision top-up BM 12e3", ErrorKind::ValueValidation),
        ("provision correct BM -5", ErrorKind::MissingRequiredArgument),
        ("provision statement --csv a --html b", ErrorKind::ArgumentConflict),
    ] {
        let error = Cli::try_parse_from(["relais"].into_iter().chain(line.split(' ')));
        let error = error.map(|_| ()).expect_err(line);
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}: {error}");
    }
}

/// One that did would be read as where the server is, or as the token to ask it with.
#[test]
fn no_command_has_an_option_that_is_everywhere() {
    fn look(command: &clap::Command, everywhere: &[&str], path: &str) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            for option in below.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(!everywhere.contains(&option), "{path} --{option}");
            }
            look(below, everywhere, &path);
        }
    }
    let command = super::super::command();
    let global = command.get_arguments().filter(|argument| argument.is_global_set());
    let everywhere: Vec<&str> = global.filter_map(clap::Arg::get_long).collect();
    assert!(everywhere.contains(&"url"), "{everywhere:?}");
    look(&command, &everywhere, "relais");
}
