//! Small attachments that real programs open: a one-page PDF and a table as CSV.

use std::fmt::Write as _;

use super::mime::Attachment;
use super::random::Random;

/// A PDF 1.4 file of one page with the lines of text given (accents are dropped: its font is read as ASCII).
pub(super) fn pdf(file_name: String, lines: &[String]) -> Attachment {
    let mut content = String::from("BT /F1 12 Tf 72 770 Td 16 TL\n");
    for line in lines {
        let plain: String = line
            .chars()
            .map(|letter| if letter.is_ascii() && !"()\\".contains(letter) { letter } else { '?' })
            .collect();
        let _ = writeln!(content, "({plain}) Tj T*");
    }
    content.push_str("ET\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    let size = objects.len() + 1;
    let _ = write!(
        file,
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    Attachment { file_name, media_type: "application/pdf", bytes: file.into_bytes() }
}

/// Figures by month, separated by semicolons as French spreadsheets expect.
pub(super) fn csv(file_name: String, random: &mut Random) -> Attachment {
    const MONTHS: [&str; 6] = ["avril", "mai", "juin", "juillet", "août", "septembre"];
    let mut table = String::from("mois;prévu (€);réalisé (€);écart (€)\r\n");
    for month in MONTHS {
        let planned = random.between(800, 9_000);
        let spent = planned + random.between(-400, 700);
        let _ = write!(table, "{month};{planned};{spent};{}\r\n", spent - planned);
    }
    Attachment { file_name, media_type: "text/csv; charset=utf-8", bytes: table.into_bytes() }
}
