//! Strengths of things of which people chose the best: the model of Bradley and Terry (1952, Biometrika 39:324–345), in which of two
//! the first is chosen with the probability p₁ / (p₁ + p₂), and of more than two as Luce (1959, Individual Choice Behavior) has it,
//! with p₁ / Σp. Fitted by the MM algorithm of Hunter (2004, Annals of Statistics 32:384–406).

/// Votes in which the same things were shown: their places, and how many votes these are.
pub type Shown = (Vec<usize>, f64);

/// When a fit ends. Where some always win against the others the strengths never come to rest: they are then off by less than one by
/// the number of rounds.
#[derive(Debug, Clone, Copy)]
pub struct Fit {
    rounds_most: usize,
    /// No strength moves by more.
    still: f64,
}

impl Fit {
    pub const CLOSE: Self = Self { rounds_most: 10_000, still: 1e-10 };
    /// Of one resample of thousands.
    pub const QUICK: Self = Self { rounds_most: 400, still: 1e-6 };
}

/// The strength of each of `wins.len()` things, their sum 1. `wins`: the votes for each, a tie in equal parts. `from`: those of similar
/// votes, to begin with. `None` without votes, and where the votes fall apart into groups of which nobody compared any two.
#[must_use]
pub fn strengths(wins: &[f64], shown: &[Shown], from: Option<&[f64]>, fit: Fit) -> Option<Vec<f64>> {
    if !is_connected(wins.len(), shown) {
        return None;
    }
    let mut strengths = from.map_or_else(|| vec![1.0 / wins.len() as f64; wins.len()], <[f64]>::to_vec);
    let (mut below, mut next) = (vec![0.0; wins.len()], vec![0.0; wins.len()]);
    for _ in 0..fit.rounds_most {
        below.fill(0.0);
        for (places, votes) in shown {
            let sum: f64 = places.iter().map(|place| strengths[*place]).sum();
            // Where only things without a vote are shown, every vote was for none of them.
            if sum > 0.0 {
                for place in places {
                    below[*place] += votes / sum;
                }
            }
        }
        for ((next, wins), below) in next.iter_mut().zip(wins).zip(&below) {
            *next = if *below > 0.0 { wins / below } else { 0.0 };
        }
        let sum: f64 = next.iter().sum();
        if sum <= 0.0 {
            return None;
        }
        for strength in &mut next {
            *strength /= sum;
        }
        let moved = next.iter().zip(&strengths).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
        std::mem::swap(&mut strengths, &mut next);
        if moved < fit.still {
            break;
        }
    }
    Some(strengths)
}

/// Whether any two were shown together, directly or by way of others.
fn is_connected(count: usize, shown: &[Shown]) -> bool {
    let mut reached = vec![false; count];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    loop {
        let mut has_grown = false;
        for (places, votes) in shown {
            if *votes > 0.0 && places.iter().any(|place| reached[*place]) {
                for place in places {
                    has_grown |= !std::mem::replace(&mut reached[*place], true);
                }
            }
        }
        if !has_grown {
            return count > 1 && reached.iter().all(|reached| *reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The games of the American League, East, 1987: Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore, rows won
    /// against columns (Agresti 2002, Categorical Data Analysis, section 10.6). R's `BradleyTerry2` has as its estimates, beside
    /// Baltimore: 1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839.
    #[test]
    fn strengths_are_those_of_the_published_league() {
        let won = [
            [0, 7, 9, 7, 7, 9, 11],
            [6, 0, 7, 5, 11, 9, 9],
            [4, 6, 0, 7, 7, 8, 12],
            [6, 8, 6, 0, 6, 7, 10],
            [6, 2, 6, 7, 0, 7, 12],
            [4, 4, 5, 6, 6, 0, 6],
            [2, 4, 1, 3, 1, 7, 0],
        ];
        let wins: Vec<f64> = won.iter().map(|row| f64::from(row.iter().sum::<i32>())).collect();
        let pairs = (0..7).flat_map(|one| (0..one).map(move |other| (one, other)));
        let shown: Vec<Shown> = pairs.map(|(one, other)| (vec![one, other], f64::from(won[one][other] + won[other][one]))).collect();
        let found = strengths(&wins, &shown, None, Fit::CLOSE).expect("a league");
        let quick = strengths(&wins, &shown, Some(&found), Fit::QUICK).expect("the same");
        assert!(quick.iter().zip(&found).all(|(quick, found)| (quick - found).abs() < 1e-5));
        for (at, expected) in [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0].into_iter().enumerate() {
            let estimate = (found[at] / found[6]).ln();
            assert!((estimate - expected).abs() < 5e-5, "{at}: {estimate}");
        }
    }

    #[test]
    fn of_two_the_strength_is_the_share_of_votes_and_a_tie_counts_for_both() {
        let of = |wins: [f64; 2]| strengths(&wins, &[(vec![0, 1], wins.iter().sum())], None, Fit::CLOSE).expect("connected");
        assert!((of([3.0, 1.0])[0] - 0.75).abs() < 1e-9);
        assert!((of([2.5, 1.5])[0] - 0.625).abs() < 1e-9, "one of four votes is a tie");
        assert_eq!(of([4.0, 0.0]), [1.0, 0.0], "who is never chosen has none");
    }

    #[test]
    fn of_three_at_once_the_strengths_are_the_shares_of_choices() {
        let found = strengths(&[5.0, 3.0, 2.0], &[(vec![0, 1, 2], 10.0)], None, Fit::CLOSE).expect("connected");
        for (found, expected) in found.iter().zip([0.5, 0.3, 0.2]) {
            assert!((found - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn where_all_votes_go_one_way_the_fit_ends_all_the_same() {
        // The second always wins against the third and never against the first.
        let (wins, shown) = ([10.0, 10.0, 0.0], [(vec![0, 1], 10.0), (vec![1, 2], 10.0)]);
        for (fit, off) in [(Fit::CLOSE, 1.1e-4), (Fit::QUICK, 1.0 / 400.0)] {
            let found = strengths(&wins, &shown, None, fit).expect("connected");
            assert!(found[0] > 1.0 - off && found[2] == 0.0, "{found:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_nobody_compared() {
        let of = |wins: &[f64], shown: &[Shown]| strengths(wins, shown, None, Fit::CLOSE);
        assert_eq!(of(&[1.0, 1.0, 1.0, 1.0], &[(vec![0, 1], 2.0), (vec![2, 3], 2.0)]), None);
        assert_eq!(of(&[0.0, 0.0], &[]), None);
        assert_eq!(of(&[], &[]), None);
        let by_way = of(&[2.0, 2.0, 2.0], &[(vec![0, 1], 3.0), (vec![1, 2], 3.0)]);
        assert!(by_way.is_some(), "by way of the middle one");
    }
}
