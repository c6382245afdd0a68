//! The attributes of users and groups: RFC 7643, sections 4.1 to 4.3 and 8.7.1, as far as Relais has a place for them.

/// The schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// What an enterprise says of users besides.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    Binary,
    Time,
    /// The types of what it may point to.
    Reference(&'static [&'static str]),
    Complex(&'static [Attribute]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
    WriteOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    Always,
    Default,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    None,
    Server,
}

/// One attribute, or one sub-attribute (RFC 7643, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    pub is_multiple: bool,
    pub is_required: bool,
    pub is_case_exact: bool,
    pub mutability: Mutability,
    pub returned: Returned,
    pub uniqueness: Uniqueness,
    pub canonical: &'static [&'static str],
    pub description: &'static str,
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            is_multiple: false,
            is_required: false,
            is_case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical: &[],
            description,
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Text, description)
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    const fn uri(name: &'static str, to: &'static [&'static str], description: &'static str) -> Self {
        Self { is_case_exact: true, ..Self::new(name, Kind::Reference(to), description) }
    }

    const fn many(name: &'static str, of: &'static [Self], description: &'static str) -> Self {
        Self { is_multiple: true, ..Self::new(name, Kind::Complex(of), description) }
    }

    const fn one_of(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { is_case_exact: true, ..self }
    }

    const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// Its sub-attributes; none of a simple one.
    #[must_use]
    pub fn parts(&self) -> &'static [Self] {
        match self.kind {
            Kind::Complex(parts) => parts,
            Kind::Text | Kind::Boolean | Kind::Binary | Kind::Time | Kind::Reference(_) => &[],
        }
    }

    /// The sub-attribute of that name, in any case.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&'static Self> {
        self.parts().iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }
}

/// One schema as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub attributes: &'static [Attribute],
}

/// A type of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    User,
    Group,
}

impl Resource {
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where it is, under the door.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    #[must_use]
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::User => &SCHEMAS[0],
            Self::Group => &SCHEMAS[1],
        }
    }

    #[must_use]
    pub fn extension(self) -> Option<&'static Schema> {
        match self {
            Self::User => Some(&SCHEMAS[2]),
            Self::Group => None,
        }
    }

    /// The attribute of that name, in any case: of its own schema, or one that every resource has.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        let own = self.schema().attributes.iter();
        own.chain(COMMON).find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The attribute of that name of the extension.
    #[must_use]
    pub fn extended(self, name: &str) -> Option<&'static Attribute> {
        let of = self.extension()?.attributes;
        of.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// What every resource has and no schema lists (RFC 7643, section 3.1).
const COMMON: &[Attribute] = &[
    Attribute { returned: Returned::Always, ..Attribute::text("id", "").read_only().exact() },
    Attribute::text("externalId", "").exact(),
    Attribute::new("meta", Kind::Complex(META), "").read_only(),
];
const META: &[Attribute] = &[
    Attribute::text("resourceType", "").read_only().exact(),
    Attribute::new("created", Kind::Time, "").read_only(),
    Attribute::new("lastModified", Kind::Time, "").read_only(),
    Attribute::uri("location", &["uri"], "").read_only(),
    Attribute::text("version", "").read_only().exact(),
];

const KIND: &str = "What it is used for.";
const PRIMARY: &str = "Whether it is the preferred one; at most one is.";
const DISPLAY: &str = "As people read it.";
const HOME_AND_WORK: &[&str] = &["work", "home", "other"];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The whole name, as it is shown."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "The middle names."),
    Attribute::text("honorificPrefix", "What stands before the name."),
    Attribute::text("honorificSuffix", "What stands behind the name."),
];
const EMAILS: &[Attribute] = &[
    Attribute::text("value", "The mail address."),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND).one_of(HOME_AND_WORK),
    Attribute::boolean("primary", PRIMARY),
];
const PHONES: &[Attribute] = &[
    Attribute::text("value", "The number."),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND).one_of(&["work", "home", "mobile", "fax", "pager", "other"]),
    Attribute::boolean("primary", PRIMARY),
];
const IMS: &[Attribute] = &[
    Attribute::text("value", "The address for instant messages."),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND),
    Attribute::boolean("primary", PRIMARY),
];
const PHOTOS: &[Attribute] = &[
    Attribute::uri("value", &["external"], "Where the picture is; Relais does not fetch it."),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND).one_of(&["photo", "thumbnail"]),
    Attribute::boolean("primary", PRIMARY),
];
const ADDRESSES: &[Attribute] = &[
    Attribute::text("formatted", "The whole address, as it is written on a letter."),
    Attribute::text("streetAddress", "The lines above the postal code."),
    Attribute::text("locality", "The town."),
    Attribute::text("region", "The region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country: ISO 3166-1, two letters."),
    Attribute::text("type", KIND).one_of(HOME_AND_WORK),
    Attribute::boolean("primary", PRIMARY),
];
const VALUES: &[Attribute] = &[
    Attribute::text("value", "The value."),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND),
    Attribute::boolean("primary", PRIMARY),
];
const CERTIFICATES: &[Attribute] = &[
    Attribute::new("value", Kind::Binary, "A certificate in X.509, DER, base 64.").exact(),
    Attribute::text("display", DISPLAY),
    Attribute::text("type", KIND),
    Attribute::boolean("primary", PRIMARY),
];
const GROUPS: &[Attribute] = &[
    Attribute::text("value", "The id of the group.").read_only(),
    Attribute::uri("$ref", &["Group"], "Where the group is.").read_only(),
    Attribute::text("display", "The name of the group.").read_only(),
    Attribute::text("type", "Groups that a group is in are not listed.").read_only().one_of(&["direct"]),
];
const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The id of the manager."),
    Attribute::uri("$ref", &["User"], "Where the manager is."),
    Attribute::text("displayName", "The name of the manager.").read_only(),
];
const MEMBERS: &[Attribute] = &[
    Attribute::text("value", "The id of the member.").immutable(),
    Attribute::uri("$ref", &["User", "Group"], "Where the member is.").immutable(),
    Attribute::text("type", "What the member is.").immutable().one_of(&["User", "Group"]),
];

/// `active` is the last of a user: whoever goes through the attributes in this order changes the others first.
pub const SCHEMAS: &[Schema] = &[
    Schema {
        id: USER,
        name: "User",
        description: "An account of the organisation",
        attributes: &[
            Attribute::text(
                "userName",
                "What the provider calls the user. With an @ it is the mail address, if the organisation hosts its domain.",
            )
            .required()
            .unique(),
            Attribute::new("name", Kind::Complex(NAME), "The parts of the name."),
            Attribute::text("displayName", "The name that others see."),
            Attribute::text("nickName", "How the user is addressed."),
            Attribute::uri("profileUrl", &["external"], "A page about the user."),
            Attribute::text("title", "The job title."),
            Attribute::text("userType", "The relation to the organisation. Frozen while the user is not active."),
            Attribute::text("preferredLanguage", "The preferred languages."),
            Attribute::text("locale", "How dates and numbers are written."),
            Attribute::text("timezone", "The time zone."),
            Attribute {
                mutability: Mutability::WriteOnly,
                returned: Returned::Never,
                ..Attribute::text("password", "A new password; activates whoever was invited.").exact()
            },
            Attribute::many("emails", EMAILS, "Mail addresses."),
            Attribute::many("phoneNumbers", PHONES, "Phone numbers."),
            Attribute::many("ims", IMS, "Addresses for instant messages."),
            Attribute::many("photos", PHOTOS, "Pictures."),
            Attribute::many("addresses", ADDRESSES, "Postal addresses."),
            Attribute::many("groups", GROUPS, "The groups that the user is in.").read_only(),
            Attribute::many("entitlements", VALUES, "Entitlements."),
            Attribute::many(
                "roles",
                VALUES,
                "Roles. company_admin, account_manager, member and guest are those of Relais. Frozen while the user is \
                 not active.",
            ),
            Attribute::many("x509Certificates", CERTIFICATES, "Certificates."),
            Attribute::boolean("active", "False closes the account; it and its data stay."),
        ],
    },
    Schema {
        id: GROUP,
        name: "Group",
        description: "A group of the organisation",
        attributes: &[
            Attribute::text("displayName", "The name of the group.").required().unique(),
            Attribute::many("members", MEMBERS, "Who is in the group."),
        ],
    },
    Schema {
        id: ENTERPRISE,
        name: "EnterpriseUser",
        description: "What an enterprise says of users",
        attributes: &[
            Attribute::text("employeeNumber", "The number of the employee."),
            Attribute::text("costCenter", "The cost centre."),
            Attribute::text("organization", "The organisation."),
            Attribute::text("division", "The division."),
            Attribute::text("department", "The department."),
            Attribute::new("manager", Kind::Complex(MANAGER), "The manager."),
        ],
    },
];
