//! What a group is called and where it has mail, who may write to it, and which groups are in it.

use super::one::place;
use crate::doors::console::fault::Fault;
use crate::doors::console::fields::Fields;
use crate::doors::console::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::group::Posting;
use relais_app::core::organisation::{Address, AddressKind, Group, Target};
use relais_app::read::{Tx, addresses, groups};

pub async fn section(visitor: &Visitor, group: &Group, typed: &Fields) -> Result<Markup, Fault> {
    let (organisation, id) = (visitor.organisation.id, group.id);
    let look = move |tx: &mut Tx<'_>| {
        let inner = groups::inner(tx, id)?;
        let is_free = |other: &Group| other.id != id && !inner.iter().any(|one| one.id == other.id);
        let others: Vec<Group> = groups::list(tx, organisation)?.into_iter().filter(is_free).collect();
        let mut outer = Vec::new();
        for id in groups::outer_ids(tx, id)? {
            outer.extend(groups::get(tx, id)?);
        }
        Ok((addresses::of_target(tx, Target::Group(id))?, inner, outer, others))
    };
    let (held, inner, outer, others) = visitor.app.look(look).await?;
    let changes = visitor.has(Power::ManageAccounts);
    Ok(html! {
        div.columns {
            @if changes { (naming(visitor, group, typed)) }
            (addressing(visitor, group, &held, typed))
        }
        @if changes { (posting(visitor, group, typed)) }
        (inside(visitor, group, &inner, &others))
        @if !outer.is_empty() {
            p { (visitor.pick("Ce groupe est lui-même dans\u{a0}: ", "This group is itself in: "))
                @for (place_in, other) in outer.iter().enumerate() {
                    @if place_in > 0 { ", " }
                    a href=(place(other)) dir="auto" { (other.name) }
                } }
        }
        @if changes {
            p.actions { a.button.grave href={ (place(group)) "/delete" } { (visitor.pick("Supprimer le groupe…", "Delete the group…")) } }
        }
    })
}

fn naming(visitor: &Visitor, group: &Group, typed: &Fields) -> Markup {
    html! {
        form.card.stack method="post" action={ (place(group)) "/name" } {
            h2 { (visitor.pick("Nom", "Name")) }
            div.field {
                label.unseen for="name" { (visitor.pick("Nom", "Name")) }
                input #name name="name" required maxlength="200" dir="auto" value=(typed.get("name").unwrap_or(&group.name));
            }
            p.actions { button type="submit" { (visitor.pick("Renommer", "Rename")) } }
        }
    }
}

fn addressing(visitor: &Visitor, group: &Group, held: &[Address], typed: &Fields) -> Markup {
    let changes = visitor.has(Power::ManageAccounts);
    html! {
        section.card.stack {
            h2 { (visitor.pick("Adresse", "Address")) }
            @if held.is_empty() {
                p.muted { (visitor.pick("Personne ne peut encore lui écrire.", "Nobody can write to it yet.")) }
            } @else {
                ul.plain { @for address in held { li.between { span {
                    (address.address)
                    @if address.kind == AddressKind::Alias { " " span.badge { (visitor.pick("alias", "alias")) } }
                    " " a.hint href={ "/console/routing?address=" (address.address) } { (visitor.pick("où va le courrier\u{a0}?", "where does mail go?")) }
                    }
                    @if changes && address.kind == AddressKind::Alias {
                        form method="post" action={ (place(group)) "/address/free" } {
                            button.quiet type="submit" name="address" value=(address.address) aria-label={ (visitor.pick("Retirer ", "Remove ")) (address.address) } { (visitor.pick("Retirer", "Remove")) }
                        }
                    }
                } } }
            }
            @if changes {
                form method="post" action={ (place(group)) "/address" } {
                    div.field {
                        label for="address" { @if group.address.is_some() { (visitor.pick("Une autre adresse", "Another address")) }
                            @else { (visitor.pick("Lui donner une adresse", "Give it an address")) } }
                        div.joined {
                            input #address name="address" type="email" required value=[typed.get("address")];
                            button type="submit" { (visitor.pick("Donner", "Give")) }
                        }
                        @if group.address.is_some() {
                            p.hint { (visitor.pick("Celle d'aujourd'hui reste comme alias.", "Today's stays as an alias.")) }
                        }
                    }
                }
                @if group.address.is_some() {
                    form method="post" action={ (place(group)) "/address/drop" } {
                        button.grave type="submit" { (visitor.pick("Retirer toutes ses adresses", "Take all its addresses away")) }
                    }
                }
            }
        }
    }
}

/// The word of a policy, as the form has it.
fn word(posting: &Posting) -> &'static str {
    match posting {
        Posting::Anyone => "anyone",
        Posting::Organisation => "organisation",
        Posting::Members => "members",
        Posting::Listed { .. } => "listed",
    }
}

fn posting(visitor: &Visitor, group: &Group, typed: &Fields) -> Markup {
    let now = typed.get("who").unwrap_or(word(&group.posting));
    let senders = match (&group.posting, typed.get("senders")) {
        (_, Some(typed)) => typed.to_owned(),
        (Posting::Listed { senders }, None) => {
            senders.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        (Posting::Anyone | Posting::Organisation | Posting::Members, None) => String::new(),
    };
    let choices = [
        ("anyone", visitor.pick("Tout le monde, de l'extérieur aussi", "Anyone, from outside too")),
        ("organisation", visitor.pick("Les comptes de l'organisation", "The accounts of the organisation")),
        ("members", visitor.pick("Ses membres", "Its members")),
        ("listed", visitor.pick("Seulement ces adresses", "Only these addresses")),
    ];
    html! {
        form.card.stack.apart method="post" action={ (place(group)) "/posting" } {
            fieldset {
                legend { (visitor.pick("Qui peut écrire à son adresse\u{a0}?", "Who may write to its address?")) }
                @for (word, label) in choices {
                    label.choice { input type="radio" name="who" value=(word) checked[now == word]; span { (label) } }
                }
                div.field.indent {
                    label for="senders" { (visitor.pick("Adresses, une par ligne", "Addresses, one a line")) }
                    textarea #senders name="senders" rows="3" spellcheck="false" { (senders) }
                }
            }
            p.hint { (visitor.pick(
                "Qui n'en a pas le droit reçoit un refus. Un avis de non-remise va aux administrateurs du groupe.",
                "Whoever may not is refused. A bounce goes to the group's admins.",
            )) }
            p.actions { button type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}

fn inside(visitor: &Visitor, group: &Group, inner: &[Group], others: &[Group]) -> Markup {
    let changes = visitor.has(Power::ManageAccounts);
    html! {
        section.card.stack.apart {
            h2 { (visitor.pick("Groupes dans ce groupe", "Groups in this group")) }
            @if inner.is_empty() {
                p.muted { (visitor.pick(
                    "Aucun. Les membres d'un groupe qui est dedans ont aussi le courrier de celui-ci, et ce qui lui est partagé.",
                    "None. The members of a group in it have the mail of this one too, and what is shared with it.",
                )) }
            } @else {
                ul.plain { @for one in inner { li.between {
                    a href=(place(one)) dir="auto" { (one.name) }
                    @if changes { form method="post" action={ (place(group)) "/groups/take-out" } {
                        button.quiet type="submit" name="inner" value=(one.id) aria-label={ (visitor.pick("Retirer ", "Take out ")) (one.name) } { (visitor.pick("Retirer", "Take out")) }
                    } }
                } } }
            }
            @if changes && !others.is_empty() {
                form method="post" action={ (place(group)) "/groups" } {
                    div.field {
                        label for="inner" { (visitor.pick("Y mettre un groupe", "Put a group into it")) }
                        div.joined {
                            select #inner name="inner" { @for other in others { option value=(other.id) { (other.name) } } }
                            button type="submit" { (visitor.pick("Mettre", "Put")) }
                        }
                    }
                }
            }
        }
    }
}
