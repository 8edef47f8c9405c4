//! How many tokens a photo is, from the pixels that are sent.

use serde::Deserialize;

/// A provider's rule. Sizes are those after the photo rule: what really travels.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ImageTokens {
    /// Gemini 3 and later: by `mediaResolution` alone. <https://ai.google.dev/gemini-api/docs/media-resolution>
    GeminiLevel { level: MediaLevel },
    /// The same for every photo.
    Flat { tokens: u64 },
    /// OpenAI's newer models: patches of 32 × 32 px, shrunk to a longest edge and a most of patches, times a factor.
    /// <https://developers.openai.com/api/docs/guides/images-vision>
    Patches { times: f64, max_edge_px: u32, most: u64 },
    /// OpenAI 4o, 4.1 and 5: tiles of 512 px after fitting into 2048 × 2048 and a shorter edge of 768.
    Tiles { base: u64, each: u64 },
    /// Claude: patches of 28 × 28 px, shrunk to a longest edge and a most of tokens.
    /// <https://platform.claude.com/docs/en/build-with-claude/vision>
    Claude { max_edge_px: u32, most: u64 },
}

/// Gemini's `mediaResolution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaLevel {
    Low,
    Medium,
    High,
    UltraHigh,
}

impl MediaLevel {
    #[must_use]
    pub fn tokens(self) -> u64 {
        match self {
            Self::Low => 280,
            Self::Medium => 560,
            Self::High => 1_120,
            Self::UltraHigh => 2_240,
        }
    }
}

impl ImageTokens {
    /// Tokens of a photo of this size; 0 × 0 counts as one pixel.
    #[must_use]
    pub fn of(self, width_px: u32, height_px: u32) -> u64 {
        let (width, height) = (width_px.max(1), height_px.max(1));
        match self {
            Self::GeminiLevel { level } => level.tokens(),
            Self::Flat { tokens } => tokens,
            Self::Patches { times, max_edge_px, most } => (patches(width, height, max_edge_px, most) as f64 * times).ceil() as u64,
            Self::Tiles { base, each } => base + each * tiles(width, height),
            Self::Claude { max_edge_px, most } => claude(width, height, max_edge_px, most),
        }
    }

    /// Why the rule can't be used; `None` when it can.
    pub(super) fn problem(self) -> Option<&'static str> {
        match self {
            Self::Patches { times, max_edge_px, most } if !(0.01..=100.0).contains(&times) || max_edge_px == 0 || most == 0 => {
                Some("'times' must be 0.01–100, 'max_edge_px' and 'most' at least 1")
            }
            Self::Claude { max_edge_px, most } if max_edge_px == 0 || most == 0 => Some("'max_edge_px' and 'most' must be at least 1"),
            _ => None,
        }
    }
}

fn grid(width: u32, height: u32, side: u32) -> u64 {
    u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side))
}

/// A photo of too many patches is shrunk until they fit, then once more so that whole patches fill one direction.
fn patches(width: u32, height: u32, max_edge_px: u32, most: u64) -> u64 {
    let fit = (f64::from(max_edge_px) / f64::from(width.max(height))).min(1.0);
    let fitted = |edge: u32| (f64::from(edge) * fit).round().max(1.0) as u32;
    let (width, height) = (fitted(width), fitted(height));
    let whole = grid(width, height, 32);
    if whole <= most {
        return whole;
    }
    let (width, height) = (f64::from(width), f64::from(height));
    let shrink = (1024.0 * most as f64 / (width * height)).sqrt();
    let aligned = |edge: f64| {
        let patches = edge * shrink / 32.0;
        if patches < 1.0 { 1.0 } else { patches.floor() / patches }
    };
    let shrink = shrink * aligned(width).min(aligned(height));
    // A hair more, so that 1,823.9999 px are 1,824.
    let resized = |edge: f64| (edge * shrink + 1e-6).floor().max(1.0) as u32;
    grid(resized(width), resized(height), 32).min(most)
}

fn tiles(width: u32, height: u32) -> u64 {
    let (mut width, mut height) = (f64::from(width), f64::from(height));
    let fit = (2048.0 / width.max(height)).min(1.0);
    (width, height) = (width * fit, height * fit);
    let short = (768.0 / width.min(height)).min(1.0);
    let count = |edge: f64| (edge * short / 512.0 - 1e-6).ceil().max(1.0) as u64;
    count(width) * count(height)
}

/// The largest size of the same shape that keeps both limits.
fn claude(width: u32, height: u32, max_edge_px: u32, most: u64) -> u64 {
    let (long, short) = (width.max(height), width.min(height));
    let tokens = |edge: u32| {
        let other = (f64::from(edge) * f64::from(short) / f64::from(long)).round().max(1.0) as u32;
        grid(edge, other, 28)
    };
    let (mut fits, mut too_long) = (0, long.min(max_edge_px) + 1);
    while too_long - fits > 1 {
        let middle = fits.midpoint(too_long);
        if tokens(middle) <= most { fits = middle } else { too_long = middle }
    }
    tokens(fits.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GPT_6: ImageTokens = ImageTokens::Patches { times: 1.2, max_edge_px: 2_048, most: 2_500 };
    const CLAUDE_5: ImageTokens = ImageTokens::Claude { max_edge_px: 2_576, most: 4_784 };
    const CLAUDE_4_6: ImageTokens = ImageTokens::Claude { max_edge_px: 1_568, most: 1_568 };
    const GPT_4O: ImageTokens = ImageTokens::Tiles { base: 85, each: 170 };

    /// 1024 × 768 is 32 × 24 patches of 32 px, 37 × 28 of 28 px, and 2 × 2 tiles.
    #[test]
    fn a_photo_of_a_megapixel() {
        assert_eq!(GPT_6.of(1024, 768), 922);
        assert_eq!(ImageTokens::Patches { times: 1.62, max_edge_px: 2_048, most: 6_144 }.of(1024, 768), 1_245);
        assert_eq!(CLAUDE_5.of(1024, 768), 1_036);
        assert_eq!(CLAUDE_4_6.of(1024, 768), 1_036);
        assert_eq!(GPT_4O.of(1024, 768), 765);
        assert_eq!(ImageTokens::Tiles { base: 70, each: 140 }.of(1024, 768), 630);
        assert_eq!(ImageTokens::GeminiLevel { level: MediaLevel::Medium }.of(1024, 768), 560);
    }

    /// 4032 × 3024 in `original` detail is 126 × 95 patches; in `high` it is shrunk to 57 × 43. Claude shrinks to 79 × 60,
    /// and to 46 × 34 before 4.7.
    #[test]
    fn a_photo_of_twelve_megapixels_is_shrunk() {
        assert_eq!(ImageTokens::Patches { times: 1.2, max_edge_px: 65_535, most: 30_000 }.of(4032, 3024), 14_364);
        assert_eq!(GPT_6.of(4032, 3024), 2_942);
        // 2048 × 137 px: 64 × 5 patches.
        assert_eq!(GPT_6.of(6000, 400), 384);
        assert_eq!(CLAUDE_5.of(4032, 3024), 4_740);
        assert_eq!(CLAUDE_4_6.of(4032, 3024), 1_564);
        assert_eq!(GPT_4O.of(4032, 3024), 765);
        assert_eq!(ImageTokens::GeminiLevel { level: MediaLevel::High }.of(4032, 3024), 1_120);
    }

    #[test]
    fn lying_and_standing_photos_are_the_same() {
        for rule in [GPT_6, CLAUDE_5, CLAUDE_4_6, GPT_4O] {
            for (width, height) in [(4032, 3024), (1024, 683), (6000, 400), (33, 31), (1, 9_000)] {
                assert_eq!(rule.of(width, height), rule.of(height, width), "{rule:?} {width} × {height}");
            }
        }
    }

    #[test]
    fn no_size_breaks_the_limits() {
        for (width, height) in [(0, 0), (1, 1), (1, 60_000), (60_000, 60_000), (8_000, 31), (u32::MAX, 1)] {
            assert!((1..=3_000).contains(&GPT_6.of(width, height)), "{width} × {height}");
            assert!((1..=4_784).contains(&CLAUDE_5.of(width, height)), "{width} × {height}");
            assert!((85..=85 + 170 * 16).contains(&GPT_4O.of(width, height)), "{width} × {height}");
        }
    }
}
