//! What a model's earlier answers say of those to come: how far its input is from what the rules say, and how long answers get.

use crate::platform::store::costs::CountedInput;
use crate::wire::run::RunColumn;

/// Tokens of an answer while a model has given hardly any: a short one, a usual one, a long one.
const ASSUMED_OUTPUT: [u64; 3] = [60, 150, 400];
/// Earlier answers below which the rules stand.
const INPUTS_LEAST: u64 = 8;

/// Σ measured input tokens / Σ what the rules expect of the same calls. What a provider puts around every question, and counts of a
/// photo otherwise than it says, is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputFactor {
    factor: f64,
    /// Those that it was taken of.
    pub answers: u64,
}

impl InputFactor {
    /// `expected`: tokens of a call of this column about a photo of this size. `None` where too few answers are there.
    #[must_use]
    pub fn of(inputs: &[(RunColumn, Vec<CountedInput>)], expected: impl Fn(&RunColumn, (u32, u32)) -> u64) -> Option<Self> {
        let (mut measured, mut by_rule, mut answers) = (0_u64, 0_u64, 0);
        for (column, input) in inputs.iter().flat_map(|(column, inputs)| inputs.iter().map(move |input| (column, input))) {
            measured += input.input_tokens;
            by_rule += expected(column, input.size);
            answers += 1;
        }
        (answers >= INPUTS_LEAST && measured > 0 && by_rule > 0).then(|| Self { factor: measured as f64 / by_rule as f64, answers })
    }

    #[must_use]
    pub fn applied_to(self, expected: u64) -> u64 {
        (expected as f64 * self.factor).round() as u64
    }
}

/// Tokens of a model's earlier answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Written {
    mean: f64,
    /// Of the sample (n − 1).
    deviation: f64,
    pub answers: u64,
}

impl Written {
    #[must_use]
    pub fn of(tokens: &[u64]) -> Self {
        let n = tokens.len() as f64;
        if tokens.is_empty() {
            return Self::default();
        }
        let mean = tokens.iter().sum::<u64>() as f64 / n;
        let squares: f64 = tokens.iter().map(|tokens| (*tokens as f64 - mean).powi(2)).sum();
        let deviation = if tokens.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        Self { mean, deviation, answers: tokens.len() as u64 }
    }

    /// Tokens of an answer in the mean of so many calls to come: at least, usually, at most. The prediction interval of 95 % for the mean
    /// of `N` further values, mean ± 2 · s · √(1/n + 1/N) (Hahn and Meeker 1991, Statistical Intervals, section 4.7, with 2 for
    /// Student's quantile); never below 0.
    #[must_use]
    pub fn in_mean_of(&self, calls: u64) -> [u64; 3] {
        let usual = self.mean.round() as u64;
        let [short, _, long] = ASSUMED_OUTPUT;
        match self.answers {
            0 => ASSUMED_OUTPUT,
            // One says nothing of how much they differ.
            1 => [short.min(usual), usual, long.max(usual)],
            answers => {
                let half = 2.0 * self.deviation * (1.0 / answers as f64 + 1.0 / calls.max(1) as f64).sqrt();
                [(self.mean - half).max(0.0).floor() as u64, usual, (self.mean + half).ceil() as u64]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column() -> RunColumn {
        let column = serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": "m"});
        serde_json::from_value(column).expect("a column")
    }

    #[test]
    fn the_input_is_what_earlier_answers_had_beside_the_rule() {
        let input = |input_tokens, width| CountedInput { input_tokens, size: (width, 1) };
        let by_width = |_: &RunColumn, (width, _): (u32, u32)| u64::from(width);
        let few = vec![(column(), vec![input(1_100, 578); 7])];
        assert_eq!(InputFactor::of(&few, by_width), None, "seven may be by chance");
        // (7 · 1,100 + 300) / (7 · 578 + 154) = 8,000 / 4,200.
        let both = [few, vec![(column(), vec![input(300, 154)])]].concat();
        let factor = InputFactor::of(&both, by_width).expect("eight");
        assert_eq!((factor.answers, factor.applied_to(4_200), factor.applied_to(578)), (8, 8_000, 1_101));
        assert_eq!(InputFactor::of(&both, |_, _| 0), None);
    }

    #[test]
    fn the_mean_of_the_calls_to_come_has_a_prediction_interval() {
        assert_eq!(Written::of(&[]).in_mean_of(10), [60, 150, 400]);
        assert_eq!(Written::of(&[500]).in_mean_of(10), [60, 500, 500]);
        // Mean 5, s² = 32/7: s = 2.138. Of 8 more: 5 ± 2 · 2.138 · √(1/8 + 1/8) = 5 ± 2.138; of one: 5 ± 4.535; of very many: 5 ± 1.512.
        let written = Written::of(&[2, 4, 4, 4, 5, 5, 7, 9]);
        assert!((written.deviation - 2.138_089_935).abs() < 1e-9, "{written:?}");
        assert_eq!((written.in_mean_of(8), written.in_mean_of(1), written.in_mean_of(1_000_000)), ([2, 5, 8], [0, 5, 10], [3, 5, 7]));
        assert_eq!(Written::of(&[40; 6]).in_mean_of(6), [40; 3], "where all are the same nothing else is expected");
    }
}
