//! Money: integer micro-dollars inside, a decimal number of USD on the wire.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// USD in millionths. Exact on the wire up to 2^53 micro-dollars (nine billion dollars).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsdMicros(pub i64);

impl UsdMicros {
    #[must_use]
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Serialize for UsdMicros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_usd())
    }
}

impl<'de> Deserialize<'de> for UsdMicros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        if !usd.is_finite() || usd.abs() > 9e9 {
            return Err(serde::de::Error::custom("money is out of range"));
        }
        Ok(Self((usd * 1e6).round() as i64))
    }
}

impl Add for UsdMicros {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for UsdMicros {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for UsdMicros {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), Add::add)
    }
}

/// A number of USD as a person writes it: `0.50` or `$0.50`. The error says what to write.
impl FromStr for UsdMicros {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: f64 = text.trim().trim_start_matches('$').parse().map_err(|_| "write a number of USD, such as 0.50".to_owned())?;
        if !number.is_finite() || !(0.0..=1e9).contains(&number) {
            return Err("it must be from 0 to 1,000,000,000 USD".to_owned());
        }
        // 0.29 is stored as 0.28999….
        Ok(Self((number * 1e6 + 1e-3).floor() as i64))
    }
}

/// As many digits as matter: `$0`, `$0.000194`, `$0.0123`, `$1.24`, `$1,240.50`.
impl fmt::Display for UsdMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "−" } else { "" };
        let micros = self.0.unsigned_abs();
        let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
        if micros == 0 {
            return write!(f, "$0");
        }
        if micros < 10_000 {
            return write!(f, "{sign}$0.{rest:06}");
        }
        if micros < 1_000_000 {
            return write!(f, "{sign}$0.{:04}", (rest + 50) / 100);
        }
        let cents = (micros + 5_000) / 10_000;
        let (whole, cents) = if cents / 100 == whole { (whole, cents % 100) } else { (cents / 100, cents % 100) };
        let mut digits = whole.to_string();
        let mut at = digits.len();
        while at > 3 {
            at -= 3;
            digits.insert(at, ',');
        }
        write!(f, "{sign}${digits}.{cents:02}")
    }
}

/// A price as people read it: two digits after the point, more where they matter. `$1.50`, `$0.075`.
#[must_use]
pub fn price_words(usd: f64) -> String {
    let whole = format!("{usd:.4}");
    let (dollars, cents) = whole.split_once('.').unwrap_or((&whole, "00"));
    let cents = cents.trim_end_matches('0');
    format!("${dollars}.{cents:0<2}")
}

#[cfg(test)]
mod tests {
    use super::{UsdMicros, price_words};

    #[test]
    fn prices_have_cents_and_more_where_they_matter() {
        assert_eq!([0.0, 0.075, 1.5, 10.0, 3.75].map(price_words), ["$0.00", "$0.075", "$1.50", "$10.00", "$3.75"]);
    }

    #[test]
    fn shows_as_many_digits_as_matter() {
        for (micros, shown) in [
            (0, "$0"),
            (194, "$0.000194"),
            (12_345, "$0.0123"),
            (1_240_000, "$1.24"),
            (1_999_999, "$2.00"),
            (1_240_500_000, "$1,240.50"),
            (-1_240_000, "−$1.24"),
        ] {
            assert_eq!(UsdMicros(micros).to_string(), shown);
        }
    }

    #[test]
    fn is_read_as_a_person_writes_it() {
        for (text, micros) in [("0.50", 500_000), (" $0.29", 290_000), ("3", 3_000_000), ("0.0000019", 1), ("0", 0)] {
            assert_eq!(text.parse(), Ok(UsdMicros(micros)), "{text}");
        }
        assert!("-1".parse::<UsdMicros>().is_err() && "much".parse::<UsdMicros>().is_err() && "inf".parse::<UsdMicros>().is_err());
    }

    #[test]
    fn survives_the_wire_to_the_micro_dollar() {
        for micros in [0, 1, 3, 999_999, 123_456_789_012_345] {
            let json = serde_json::to_string(&UsdMicros(micros)).expect("serialises");
            let back: UsdMicros = serde_json::from_str(&json).expect("parses");
            assert_eq!(back.0, micros, "{json}");
        }
    }
}
