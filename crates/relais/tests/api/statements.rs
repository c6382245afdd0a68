//! Statements: JSON, table and page say the same, and all of it adds up.

use crate::world::{Answer, Who, World};
use serde_json::{Value, json};

const STATEMENT: &str = "/api/v1/organisations/bm/provision/statement";

/// Money in, a period charged, a part of it given back, a correction; over the end of a month.
async fn eventful() -> World {
    let world = World::new().await;
    world.offer("=Base;\"plus\"", 1000, json!({})).await;
    world.top_up(123_456).await;
    assert_eq!(world.subscribe("user1@bm.com", "=Base;\"plus\"").await.status, 200);
    // 23:00 in Paris on the last day of November, still the same month there, and an hour later in another.
    world.clock.advance(9 * 24 + 12);
    world.top_up(10).await;
    world.clock.advance(1);
    assert_eq!(world.subscribe("user1@bm.com", "Offert").await.status, 200);
    let correction = json!({ "amount_minor": -10, "reason": "<b>saisi deux fois</b>" });
    let path = "/api/v1/organisations/bm/provision/corrections";
    assert_eq!(world.ask_with(Who::Socket, "POST", path, &correction).await.status, 201);
    let paid = json!({ "amount_minor": 5, "currency": "EUR", "reference": "<script>alert(1)</script>" });
    let path = "/api/v1/organisations/bm/provision/top-ups";
    assert_eq!(world.ask_with(Who::Socket, "POST", path, &paid).await.status, 201);
    world
}

async fn get(world: &World, path: &str, language: &str) -> Answer {
    let answer = world.ask_in(language, Who::Token, "GET", path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

#[tokio::test]
async fn a_month_follows_the_one_before_and_every_line_adds_up() {
    let world = eventful().await;
    let november = get(&world, &format!("{STATEMENT}?from=2026-11-01"), "fr").await.json();
    let december = get(&world, STATEMENT, "fr").await.json();
    assert_eq!((&november["from"], &november["until"]), (&json!("2026-11-01"), &json!("2026-12-01")));
    assert_eq!((&december["from"], &december["until"]), (&json!("2026-12-01"), &json!("2027-01-01")));
    assert_eq!(november["opening_minor"], 0);
    assert_eq!(november["closing_minor"], december["opening_minor"]);
    assert_eq!(december["closing_minor"], world.balance().await);
    for (month, lines) in [(&november, 3), (&december, 3)] {
        let all = month["lines"].as_array().expect("lines");
        assert_eq!(all.len(), lines, "{month}");
        let sum: i64 = all.iter().map(|line| number(&line["amount_minor"])).sum();
        let sums: i64 = month["sums"].as_object().expect("sums").values().map(number).sum();
        assert_eq!((sum, number(&month["opening_minor"]) + sum), (sums, number(&month["closing_minor"])));
    }
    assert_eq!(november["lines"][2]["on"], "2026-11-30");
    assert_eq!(december["lines"][0]["kind"], "credit");
    assert_eq!(december["lines"][0]["address"], "user1@bm.com");
    // Of 30 days 10 were used up.
    assert_eq!(december["lines"][0]["amount_minor"], 666);
    let both = get(&world, &format!("{STATEMENT}?from=2026-11-30&until=2026-12-02"), "fr").await.json();
    assert_eq!(both["lines"].as_array().expect("lines").len(), 4);
    for path in ["?from=2026-12-01&until=2026-12-01", "?from=9999-12-31"] {
        let empty = world.ask(Who::Token, "GET", &format!("{STATEMENT}{path}")).await;
        assert_eq!((empty.status.as_u16(), empty.code().as_str()), (422, "period_empty"), "{path}");
    }
    assert_eq!(
        world.ask(Who::Token, "GET", &format!("{STATEMENT}?from=novembre")).await.code(),
        "query_invalid"
    );
    let ages = get(&world, &format!("{STATEMENT}?from=-009999-01-01&until=9999-12-31"), "fr").await.json();
    assert_eq!(ages["lines"].as_array().expect("lines").len(), 6);
}

/// The rows of a table, as a spreadsheet reads them.
fn rows(text: &str, separator: u8) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_table_reads_as_numbers_and_as_no_formula() {
    let world = eventful().await;
    for (language, separator, point) in [("fr", b';', ','), ("en", b',', '.')] {
        let path = format!("{STATEMENT}.csv?from=2026-11-01&until=2027-01-01");
        let answer = get(&world, &path, language).await;
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
        let named = answer.headers["content-disposition"].to_str().expect("text");
        assert!(
            named.starts_with("attachment; filename=\"org-")
                && named.ends_with("_2026-11-01_2027-01-01.csv\"")
        );
        let rows = rows(&answer.text, separator);
        assert_eq!(rows.len(), 8, "{}", answer.text);
        let cents = |text: &str| -> i64 {
            let (whole, minor) = text.split_once(point).expect("a decimal point");
            assert_eq!(minor.len(), 2, "{text}");
            format!("{whole}{minor}").parse().expect("a number")
        };
        let mut balance = cents(&rows[0][9]);
        for row in &rows[1..7] {
            balance += cents(&row[8]);
            assert_eq!(cents(&row[9]), balance);
        }
        assert_eq!(cents(&rows[7][9]), balance);
        assert_eq!(balance, world.balance().await);
        assert_eq!(rows[2][3], "'=Base;\"plus\"");
        assert_eq!((rows[2][4].as_str(), rows[2][6].as_str()), ("user1@bm.com", "2026-12-20"));
    }
}

#[tokio::test]
async fn the_page_says_the_same_escapes_everything_and_loads_nothing() {
    let world = eventful().await;
    let path = format!("{STATEMENT}.html?from=2026-11-01&until=2026-12-01");
    for (asked, lang, texts) in [
        (
            "de",
            "fr",
            [
                "Relevé de la provision",
                "Du 1er novembre 2026 au 30 novembre 2026",
                "1\u{202f}234,56\u{a0}EUR",
            ],
        ),
        (
            "en",
            "en",
            ["Statement of the provision", "1 November 2026 to 30 November 2026", "1,234.56\u{a0}EUR"],
        ),
    ] {
        let page = get(&world, &path, asked).await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.headers["content-language"], lang);
        assert!(
            page.headers["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'")
        );
        let balance = if lang == "fr" { "1\u{202f}224,66\u{a0}EUR" } else { "1,224.66\u{a0}EUR" };
        for text in texts.iter().chain([&balance, &"user1@bm.com", &"=Base;&quot;plus&quot;"]) {
            assert!(page.text.contains(text), "{text} is missing: {}", page.text);
        }
    }
    let december = get(&world, &format!("{STATEMENT}.html"), "fr").await;
    assert!(december.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", december.text);
    assert!(december.text.contains("Solde actuel, le 1er décembre 2026"), "the month is not over");
    for tag in ["<script", "<img", "<link", "http://", "https://", "url("] {
        assert!(!december.text.contains(tag), "{tag} in {}", december.text);
    }
    if let Some(file) = std::env::var_os("RELAIS_STATEMENT_PAGE") {
        let both = format!("{STATEMENT}.html?from=2026-11-01&until=2027-01-01");
        std::fs::write(file, get(&world, &both, "fr").await.text).expect("written");
    }
}
