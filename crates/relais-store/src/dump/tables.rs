//! Which rows are an organisation's: every table and column of the schema, and what becomes of it in a dump.
//!
//! A test reads the catalog of both databases and fails when this list and the schema differ. A migration that adds a
//! table adds an entry here, behind those its rows refer to; one that adds a column names it.

/// One table. The order of [`TABLES`] is the one in which rows can be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    /// All of them, separated by spaces.
    pub columns: &'static str,
    /// What rows are sorted and named by, separated by spaces.
    pub key: &'static str,
    pub rows: &'static [Rows],
    /// Columns that are written empty.
    pub emptied: &'static [Emptied],
}

/// Some rows of a table.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// The organisation's own: those for which this condition holds, in which `$1` is its number.
    Kept(&'static str),
    /// The operator's, which an organisation may refer to: loaded where they are absent.
    Instance {
        of: &'static str,
        /// Columns in which a row that is already there has to be the same.
        same: &'static [&'static str],
    },
    /// Not written, for this reason.
    LeftOut(&'static str),
}

/// A column that is not written, and why.
#[derive(Debug, Clone, Copy)]
pub struct Emptied {
    pub column: &'static str,
    pub reason: &'static str,
}

impl Table {
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split(' ')
    }

    pub fn key(&self) -> impl Iterator<Item = &'static str> {
        self.key.split(' ')
    }

    pub(super) fn kept(&self) -> Option<&'static str> {
        self.rows.iter().find_map(|rows| match rows {
            Rows::Kept(of) => Some(*of),
            Rows::Instance { .. } | Rows::LeftOut(_) => None,
        })
    }

    pub(super) fn instance(&self) -> Option<(&'static str, &'static [&'static str])> {
        self.rows.iter().find_map(|rows| match rows {
            Rows::Instance { of, same } => Some((*of, *same)),
            Rows::Kept(_) | Rows::LeftOut(_) => None,
        })
    }

    pub(super) fn is_emptied(&self, column: &str) -> bool {
        self.emptied.iter().any(|emptied| emptied.column == column)
    }
}

pub(super) fn named(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

const BY_ORGANISATION: &str = "organisation = $1";
const BY_ACCOUNT: &str = "account IN (SELECT id FROM accounts WHERE organisation = $1)";
const BY_TARGET: &str = "(target_kind = 'account' AND target_id IN (SELECT id FROM accounts WHERE organisation = $1)) \
     OR (target_kind = 'shared_mailbox' AND target_id IN (SELECT id FROM shared_mailboxes WHERE organisation = $1)) \
     OR (target_kind = 'group' AND target_id IN (SELECT id FROM member_groups WHERE organisation = $1)) \
     OR (target_kind = 'responder' AND target_id IN (SELECT id FROM responders WHERE organisation = $1))";

pub const TABLES: &[Table] = &[
    Table {
        name: "schema_migrations",
        columns: "version name sha256 applied_at",
        key: "version",
        rows: &[Rows::LeftOut("the first line says which schema the rows are of")],
        emptied: &[],
    },
    // Every offer, since one that is shown to an organisation today may be what it asks for tomorrow.
    Table {
        name: "plans",
        columns: "id name terms created_at retired_at",
        key: "id",
        rows: &[Rows::Instance { of: "id IS NOT NULL", same: &["terms"] }],
        emptied: &[],
    },
    Table {
        name: "subscriptions",
        columns: "id name terms created_at retired_at",
        key: "id",
        rows: &[Rows::Instance { of: "id IS NOT NULL", same: &["terms"] }],
        emptied: &[],
    },
    Table {
        name: "settings",
        columns: "name value",
        key: "name",
        rows: &[Rows::Instance { of: "name IS NOT NULL", same: &[] }],
        emptied: &[],
    },
    Table {
        name: "organisations",
        columns: "id name language created_at time_zone currency plan plan_term billing_at low_noticed_at \
                  notified_until sign_in_policy departure_policy default_subscription",
        key: "id",
        rows: &[Rows::Kept("id = $1")],
        emptied: &[],
    },
    Table {
        name: "domains",
        columns: "name organisation kind catch_all_kind catch_all_id",
        key: "name",
        rows: &[Rows::Instance { of: "organisation IS NULL", same: &["kind"] }, Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "domain_claims",
        columns: "name organisation proof found checked_at next_at created_at claimed_by",
        key: "name organisation",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "accounts",
        columns: "id organisation mailbox name address role state deactivation leaves_at inbound quota_bytes password \
                  epoch created_at subscription term legal_hold renews_on closed_by name_key changed_at \
                  last_event",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "redirects",
        columns: "account address",
        key: "account address",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "profiles",
        columns: "account profile",
        key: "account",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "photos",
        columns: "account kind image",
        key: "account",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "shared_mailboxes",
        columns: "id organisation address name created_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "mailbox_members",
        columns: "mailbox account access",
        key: "mailbox account",
        rows: &[Rows::Kept("mailbox IN (SELECT id FROM shared_mailboxes WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "member_groups",
        columns: "id organisation name address created_at posting changed_at last_event",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "group_members",
        columns: "member_group account role",
        key: "member_group account",
        rows: &[Rows::Kept("member_group IN (SELECT id FROM member_groups WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "group_groups",
        columns: "member_group inner_group",
        key: "member_group inner_group",
        rows: &[Rows::Kept("member_group IN (SELECT id FROM member_groups WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "scim_users",
        columns: "account organisation user_name user_name_key external_id attributes detached_at",
        key: "account",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "scim_values",
        columns: "account organisation list item part key value",
        key: "account list item part",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "scim_groups",
        columns: "member_group organisation external_id",
        key: "member_group",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "collection_shares",
        columns: "id owner collection sharee_kind sharee_id access created_at",
        key: "id",
        rows: &[Rows::Kept("owner IN (SELECT id FROM accounts WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "responders",
        columns: "id organisation name body created_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    // With its secrets, as tokens: the application goes on as it was.
    Table {
        name: "applications",
        columns: "id organisation name url token_hash signing_secret former_secret former_until created_at ended_at \
                  looked_until",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "erasures",
        columns: "id organisation account asked_at items ended_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "content_items",
        columns: "id organisation application external_id kind title owner parent url erasure created_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "content_shares",
        columns: "item sharee_kind sharee_id access created_at",
        key: "item sharee_kind sharee_id",
        rows: &[Rows::Kept("item IN (SELECT id FROM content_items WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "reassignments",
        columns: "id organisation former_owner new_owner selection at items collections undone_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "content_moves",
        columns: "reassignment item state reason",
        key: "reassignment item",
        rows: &[Rows::Kept("reassignment IN (SELECT id FROM reassignments WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "addresses",
        columns: "address organisation target_kind target_id kind domain_kind retired reply_text reply_until since",
        key: "address",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    // By who held: what another organisation had on a domain before is its own.
    Table {
        name: "address_history",
        columns: "address target_kind target_id held_from held_until",
        key: "address held_from",
        rows: &[Rows::Kept(BY_TARGET)],
        emptied: &[],
    },
    // Whoever had an answer within the period gets no second one after a restore.
    Table {
        name: "replies",
        columns: "target_kind target_id sender sent_at",
        key: "target_kind target_id sender",
        rows: &[Rows::Kept(BY_TARGET)],
        emptied: &[],
    },
    Table {
        name: "departures",
        columns: "id organisation account state plan started_by steps_done trouble wake_at lease_owner lease_until \
                  certificate created_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[
            Emptied { column: "lease_owner", reason: "that server is gone: the departure is anyone's" },
            Emptied {
                column: "lease_until",
                reason: "without its owner it would only hold the departure up",
            },
        ],
    },
    Table {
        name: "departure_steps",
        columns: "departure step done_at detail",
        key: "departure step",
        rows: &[Rows::Kept("departure IN (SELECT id FROM departures WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "tokens",
        columns: "id organisation name secret_hash created_at revoked_at",
        key: "id",
        rows: &[
            Rows::Kept(BY_ORGANISATION),
            Rows::LeftOut(
                "the operator's own open every organisation, and have no place in the backup of one",
            ),
        ],
        emptied: &[],
    },
    // As tokens: the provider goes on as it did.
    Table {
        name: "scim_tokens",
        columns: "id organisation name secret_hash created_at used_at revoked_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    // With their secrets: they are dated, and the record of who might read whose mail.
    Table {
        name: "grants",
        columns: "id account secret_hash reason ends_at created_at",
        key: "id",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    // With their secrets, as the account's password: whoever could sign in goes on as they did.
    Table {
        name: "app_passwords",
        columns: "id account name scopes secret_hash epoch created_at used_at",
        key: "id",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "passkeys",
        columns: "id account name credential_id public_key signatures backup_eligible backed_up created_at used_at",
        key: "id",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "second_factors",
        columns: "account secret begun_at confirmed_at last_step",
        key: "account",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    // With its secret: people go on signing in there.
    Table {
        name: "identity_providers",
        columns: "organisation issuer client_id client_secret domains demand newcomers address_claim created_at",
        key: "organisation",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "sign_on_links",
        columns: "organisation issuer subject account linked_at",
        key: "organisation issuer subject",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    // What it has still to be told: twice is better than never.
    Table {
        name: "deliveries",
        columns: "application number subject attempts next_at trouble",
        key: "application number",
        rows: &[Rows::Kept("application IN (SELECT id FROM applications WHERE organisation = $1)")],
        emptied: &[],
    },
    // With its token, for the same reason as the next.
    Table {
        name: "feeds",
        columns: "application organisation settings token state trouble failures away_until looked_until whole_at report \
                  lease_owner lease_until",
        key: "application",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[
            Emptied { column: "lease_owner", reason: "that server is gone: the feed is anyone's" },
            Emptied { column: "lease_until", reason: "without its owner it would only hold the feed up" },
        ],
    },
    Table {
        name: "feed_links",
        columns: "application subject remote sent urgency next_at attempts trouble",
        key: "application subject",
        rows: &[Rows::Kept("application IN (SELECT id FROM applications WHERE organisation = $1)")],
        emptied: &[],
    },
    // With its password, as applications with their secrets: the organisation goes on as it was.
    Table {
        name: "directories",
        columns: "id organisation name settings bind_password cookie held_since next_at report plan lease_owner \
                  lease_until created_at ended_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[
            Emptied { column: "cookie", reason: "whoever comes back from a backup reads everything once" },
            Emptied { column: "lease_owner", reason: "that server is gone: the directory is anyone's" },
            Emptied { column: "lease_until", reason: "without its owner it would only hold the reading up" },
        ],
    },
    Table {
        name: "directory_entries",
        columns: "directory entry dn account said digest pending held",
        key: "directory entry",
        rows: &[Rows::Kept("directory IN (SELECT id FROM directories WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "directory_groups",
        columns: "directory entry dn member_group",
        key: "directory entry",
        rows: &[Rows::Kept("directory IN (SELECT id FROM directories WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "directory_members",
        columns: "directory group_entry member_entry",
        key: "directory group_entry member_entry",
        rows: &[Rows::Kept("directory IN (SELECT id FROM directories WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "jobs",
        columns: "id organisation ordered_by act run state items items_done changed unchanged refused created_at \
                  ended_at",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "job_items",
        columns: "job number account address outcome refusals",
        key: "job number",
        rows: &[Rows::Kept("job IN (SELECT id FROM jobs WHERE organisation = $1)")],
        emptied: &[],
    },
    Table {
        name: "ledger_entries",
        columns: "organisation number at kind account service reference amount_minor balance_minor",
        key: "organisation number",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "postings",
        columns: "organisation entry book amount_minor",
        key: "organisation entry book",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "licence_counts",
        columns: "organisation day accounts free full_licences guests",
        key: "organisation day",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "events",
        columns: "organisation number at actor kind subject detail hash",
        key: "organisation number",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    // With its key: whoever can read this has opened it.
    Table {
        name: "repositories",
        columns: "organisation location access_key daily_at retention next_at created_at",
        key: "organisation",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[],
    },
    Table {
        name: "generations",
        columns: "id organisation account occasion started_by state started_at ended_at holders holders_done trouble \
                  wake_at lease_owner lease_until",
        key: "id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[
            Emptied { column: "lease_owner", reason: "that server is gone: the generation is anyone's" },
            Emptied {
                column: "lease_until",
                reason: "without its owner it would only hold the generation up",
            },
        ],
    },
    Table {
        name: "snapshots",
        columns: "generation holder_kind holder_id organisation id begun_at verified_at messages personal_messages items \
                  size_bytes fingerprint",
        key: "generation holder_kind holder_id",
        rows: &[Rows::Kept(BY_ORGANISATION)],
        emptied: &[Emptied {
            column: "fingerprint",
            reason: "it is of files that are gone, with times of their own",
        }],
    },
    Table {
        name: "exports",
        columns: "id organisation account secret_hash sent_to size_bytes made_at expires_at taken_at",
        key: "id",
        rows: &[Rows::LeftOut("the archives are files outside of any mailbox, and gone with the server")],
        emptied: &[],
    },
    Table {
        name: "sessions",
        columns: "id account secret_hash epoch expires_at created_at seen_at network agent issuer subject sid id_token",
        key: "id",
        rows: &[Rows::LeftOut("whoever signed out since would be signed in again")],
        emptied: &[],
    },
    Table {
        name: "notification_preferences",
        columns: "account preferences",
        key: "account",
        rows: &[Rows::Kept(BY_ACCOUNT)],
        emptied: &[],
    },
    Table {
        name: "notifications",
        columns: "account number topic state due_at",
        key: "account number",
        rows: &[Rows::LeftOut("what was waiting may have been sent since")],
        emptied: &[],
    },
    Table {
        name: "recovery_codes",
        columns: "account code_hash",
        key: "account code_hash",
        rows: &[Rows::LeftOut("one that was used since would work a second time")],
        emptied: &[],
    },
    Table {
        name: "half_sign_ins",
        columns: "secret_hash account epoch failures expires_at",
        key: "secret_hash",
        rows: &[Rows::LeftOut("whoever is at it begins again")],
        emptied: &[],
    },
    Table {
        name: "passkey_ceremonies",
        columns: "challenge_hash purpose account epoch expires_at",
        key: "challenge_hash",
        rows: &[Rows::LeftOut("whoever is at it begins again")],
        emptied: &[],
    },
    Table {
        name: "operators",
        columns: "account appointed_at",
        key: "account",
        rows: &[Rows::LeftOut("who operates is decided where it is restored")],
        emptied: &[],
    },
    Table {
        name: "set_up_links",
        columns: "secret_hash expires_at",
        key: "secret_hash",
        rows: &[Rows::LeftOut("of the first start of one server")],
        emptied: &[],
    },
    Table {
        name: "known_networks",
        columns: "account network seen_at",
        key: "account network",
        rows: &[Rows::LeftOut("they are learned anew, and only matter while somebody guesses")],
        emptied: &[],
    },
    Table {
        name: "sign_on_tickets",
        columns: "secret_hash account epoch expires_at",
        key: "secret_hash",
        rows: &[Rows::LeftOut("a link that was used since would work a second time")],
        emptied: &[],
    },
    Table {
        name: "sign_on_attempts",
        columns: "state_hash organisation browser_hash nonce verifier account epoch expires_at",
        key: "state_hash",
        rows: &[Rows::LeftOut("whoever is on the way begins again")],
        emptied: &[],
    },
    Table {
        name: "password_resets",
        columns: "account secret_hash epoch sent_to asked_at expires_at purpose",
        key: "account",
        rows: &[Rows::LeftOut("a link that was used since would work a second time")],
        emptied: &[],
    },
    Table {
        name: "outbox",
        columns: "id effect attempts next_at trouble",
        key: "id",
        rows: &[Rows::LeftOut(
            "owed to the sessions and files of the server that is gone; whoever restores the mailboxes owes them anew",
        )],
        emptied: &[],
    },
    Table {
        name: "spool",
        columns: "id dedup_key organisation sender recipient state attempts next_at answer created_at notifies",
        key: "id",
        rows: &[Rows::LeftOut("the messages are files outside of any mailbox, and gone with the server")],
        emptied: &[],
    },
];
