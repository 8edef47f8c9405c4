//! Lines that were not rewritten but stand elsewhere.

use std::collections::HashMap;

use crate::wire::prompt_diff::Hunk;

/// Shorter lines (`}`, `---`, `Yes.`) are the same by chance.
const LETTERS_LEAST: usize = 8;

/// Marks the lines that are only on one side in one place and, word for word, only on the other side in another. Returns how many moved.
pub fn mark(hunks: &mut [Hunk], left: &str, right: &str) -> u32 {
    let text = |line: &[u32; 2], of: &str| of.get(line[0] as usize..line[1] as usize).unwrap_or_default().trim().to_owned();
    // Lines that went, by their words: where they stood, the first first.
    let mut gone: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for (at, hunk) in hunks.iter().enumerate() {
        for (beside, row) in hunk.rows.iter().enumerate() {
            if let (Some(_), None, [whole]) = (row.left, row.right, row.removed.as_slice()) {
                let words = text(whole, left);
                if words.chars().count() >= LETTERS_LEAST {
                    gone.entry(words).or_default().push((at, beside));
                }
            }
        }
    }
    for places in gone.values_mut() {
        places.reverse();
    }
    let mut moves = Vec::new();
    for (at, hunk) in hunks.iter().enumerate() {
        for (beside, row) in hunk.rows.iter().enumerate() {
            if let (None, Some(line), [whole]) = (row.left, row.right, row.added.as_slice())
                && let Some(from) = gone.get_mut(&text(whole, right)).and_then(Vec::pop)
            {
                moves.push((from, (at, beside), line));
            }
        }
    }
    for ((hunk, row), (to_hunk, to_row), line) in &moves {
        let from = hunks[*hunk].rows[*row].left;
        hunks[*hunk].rows[*row].moved = Some(*line);
        hunks[*to_hunk].rows[*to_row].moved = from;
    }
    moves.len() as u32
}
