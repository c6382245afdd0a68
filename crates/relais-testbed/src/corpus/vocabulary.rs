//! The words of the corpus: who writes, about what, and the sentences they use. No subject here may hold a word that
//! marks a message as personal, except those in `PERSONAL_SUBJECTS`.

/// Local part, name, post.
pub(super) const PEOPLE: [(&str, &str, &str); 7] = [
    ("user1", "Ursule Lefèvre", "chargée de projets"),
    ("userCS", "Camille Sérurier", "cheffe du service culturel"),
    ("benoit.leclere", "Benoît Leclère", "comptable"),
    ("francoise.noel", "Françoise Noël", "directrice générale"),
    ("zoe.garcon", "Zoé Garçon", "chargée de communication"),
    ("jean-francois.ozanne", "Jean-François Ozanne", "régisseur"),
    ("aicha.benali", "Aïcha Benali", "administratrice informatique"),
];

/// Correspondents elsewhere, at names reserved for examples (RFC 2606).
pub(super) const OUTSIDE: [(&str, &str); 8] = [
    ("Mairie de Saint-Éloi", "contact@saint-eloi.example"),
    ("Théo Père", "theo.pere@lumieres-du-nord.example"),
    ("Imprimerie Héraud", "commandes@imprimerie-heraud.example"),
    ("Gaëlle Kervégan", "gaelle@kervegan.example"),
    ("Location Scènes & Sons", "devis@scenes-et-sons.example"),
    ("Raphaël Côté", "raphael.cote@festival.example"),
    ("Office de tourisme", "accueil@tourisme.example"),
    ("Inès Muñoz", "ines.munoz@traiteur.example"),
];

pub(super) const SUPPLIERS: [(&str, &str); 4] = [
    ("Électricité de la Vallée", "factures@electricite.example"),
    ("Télécom Façade", "facturation@telecom.example"),
    ("Papeterie du Pré", "compta@papeterie.example"),
    ("Location Scènes & Sons", "compta@scenes-et-sons.example"),
];

pub(super) const FAMILY: [(&str, &str); 3] = [
    ("Maman", "jeanne.lefevre@famille.example"),
    ("Cabinet du Dr Hébert", "rendez-vous@cabinet-hebert.example"),
    ("École Jules-Ferry", "ecole@jules-ferry.example"),
];

pub(super) const SUBJECTS: [&str; 16] = [
    "Réunion d'équipe de lundi",
    "Point sur le budget prévisionnel",
    "Compte rendu du comité de pilotage",
    "Réservation de la salle des fêtes",
    "Relecture du dossier de presse avant envoi à l'imprimeur",
    "Congés d'été : merci de répondre avant vendredi",
    "Nouvelle procédure d'achat",
    "Planning des bénévoles",
    "Demande de devis pour la sonorisation",
    "Convention avec la mairie",
    "Accès au lecteur réseau",
    "Mise à jour du site internet",
    "Inauguration : liste des invités",
    "Question sur la commande n° 4127",
    "Photos de la soirée de clôture",
    "Bilan du premier semestre",
];

pub(super) const SUMMER_SUBJECTS: [&str; 8] = [
    "Été 2025 : programmation",
    "Été 2025 : arrêté préfectoral reçu",
    "Été 2025 : hébergement des artistes",
    "Été 2025 : fiche technique de la scène extérieure",
    "Été 2025 : assurance annulation",
    "Été 2025 : affiches et dépliants",
    "Été 2025 : buvette et sécurité alimentaire",
    "Été 2025 : bilan et remerciements",
];

pub(super) const WEBSITE_SUBJECTS: [&str; 4] = [
    "Refonte du site : arborescence",
    "Refonte du site : charte graphique",
    "Refonte du site : mentions légales et accessibilité",
    "Refonte du site : mise en ligne",
];

pub(super) const PERSONAL_SUBJECTS: [&str; 6] = [
    "[perso] Anniversaire de Léo",
    "[perso] Clés de la maison",
    "[perso] Covoiturage de demain",
    "[perso] Déménagement",
    "[perso] Places de théâtre",
    "[perso] Ordonnance à récupérer",
];

pub(super) const FAMILY_SUBJECTS: [&str; 5] = [
    "Confirmation de votre rendez-vous",
    "Sortie scolaire à la ferme",
    "Vacances de Pâques",
    "Le chat va mieux",
    "Résultats de la prise de sang",
];

pub(super) const OPENINGS: [&str; 5] =
    ["Bonjour,", "Bonjour à tous,", "Chers collègues,", "Bonsoir,", "Madame,"];

pub(super) const SENTENCES: [&str; 14] = [
    "Comme convenu, voici les éléments dont nous avons parlé hier au téléphone.",
    "Pourrais-tu vérifier les chiffres de la dernière colonne ? Il me semble qu'un écart subsiste.",
    "La préfecture a donné son accord, sous réserve que l'accès des secours reste libre.",
    "Je serai absent jeudi après-midi ; Françoise prend le relais en cas d'urgence.",
    "Le devis s'élève à 2 480,50 € hors taxes, livraison et montage compris.",
    "Merci de me dire si le créneau de 14 h 30 te convient.",
    "L'imprimeur attend notre bon à tirer au plus tard mercredi midi.",
    "Nous avons reçu trois réponses sur cinq ; je relance les deux autres dès demain.",
    "Il reste à régler la question du parking, mais rien de bloquant à ce stade.",
    "Les bénévoles se retrouveront à l'entrée des artistes un quart d'heure avant l'ouverture.",
    "Je joins la dernière version ; les modifications sont surlignées en jaune.",
    "D'après le régisseur, la scène supporte 750 kg/m², ce qui suffit largement.",
    "N'hésitez pas à me corriger si j'ai oublié quelque chose.",
    "« Mieux vaut tard que jamais », dirait notre trésorier.",
];

pub(super) const CLOSINGS: [&str; 5] =
    ["Bien cordialement,", "Merci d'avance,", "À bientôt,", "Bonne journée à tous,", "Très cordialement,"];
