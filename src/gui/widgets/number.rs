//! Numbers as a person reads them, with their units: `12,340`, `146 ms`, `1.24 s`, `87 %`.

/// A count with its thousands apart.
#[must_use]
pub fn count(count: u64) -> String {
    let mut digits = count.to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    digits
}

/// A size in decimal units, as file managers tell it: `840 kB`, `3.2 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        ..999.5e3 => format!("{:.0} kB", (bytes / 1e3).ceil()),
        ..999.5e6 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}

/// A share, 0–1, as a percentage: one digit after the point below 10 %, none above.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let is_small = percent > 0.0 && percent < 9.95;
    if is_small { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A tag's confidence, 0–1, as a percentage; a dash where the model gave none.
#[must_use]
pub fn confidence(confidence: Option<f32>) -> String {
    confidence.map_or_else(|| "–".to_owned(), |confidence| percent(f64::from(confidence)))
}

/// A duration in milliseconds, with three digits that matter: `3.2 ms`, `146 ms`, `1.24 s`, `2 min 05 s`, `3 h 20 min`, `2 d 4 h`.
#[must_use]
pub fn duration_ms(ms: f64) -> String {
    if !ms.is_finite() || ms < 0.0 {
        return "–".to_owned();
    }
    if ms == 0.0 {
        return "0 ms".to_owned();
    }
    if ms < 0.05 {
        return "< 0.1 ms".to_owned();
    }
    if ms < 9.95 {
        return format!("{ms:.1} ms");
    }
    if ms < 999.5 {
        return format!("{ms:.0} ms");
    }
    if ms < 9_995.0 {
        return format!("{:.2} s", ms / 1e3);
    }
    if ms < 59_950.0 {
        return format!("{:.1} s", ms / 1e3);
    }
    let seconds = (ms / 1e3).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {:02} s", seconds % 60),
        (0, _) => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_digits_that_matter() {
        for (ms, shown) in [
            (0.0, "0 ms"),
            (0.02, "< 0.1 ms"),
            (3.21, "3.2 ms"),
            (9.96, "10 ms"),
            (146.4, "146 ms"),
            (999.6, "1.00 s"),
            (1_240.0, "1.24 s"),
            (9_996.0, "10.0 s"),
            (59_949.0, "59.9 s"),
            (59_960.0, "1 min 00 s"),
            (125_000.0, "2 min 05 s"),
            (12_000_000.0, "3 h 20 min"),
            (187_200_000.0, "2 d 4 h"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(duration_ms(ms), shown, "{ms}");
        }
    }

    #[test]
    fn counts_and_shares_read_well() {
        assert_eq!([count(0), count(999), count(12_340), count(1_000_000)], ["0", "999", "12,340", "1,000,000"]);
        assert_eq!([percent(0.0), percent(0.004), percent(0.0999), percent(0.874), percent(1.0)], ["0 %", "0.4 %", "10 %", "87 %", "100 %"]);
    }
}
