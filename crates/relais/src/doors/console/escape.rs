//! A text as a part of an address.

/// With everything but letters, digits and what separates nothing written as `%XX`.
pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_is_escaped() {
        assert_eq!(escaped("/me?a=b&c d+é"), "/me%3Fa%3Db%26c%20d%2B%C3%A9");
    }
}
