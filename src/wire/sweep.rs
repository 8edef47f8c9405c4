//! A sweep over how large and how finely photos are sent: a run whose columns differ in that, and what each costs in accuracy.

use serde::{Deserialize, Serialize};

use super::comparison::{Figure, Measure, Verdict};
use super::ids::RunId;
use super::money::UsdMicros;
use super::prompt_parts::{Parameters, Takes};
use super::run::StartRun;

/// Longer edge of a photo that is sent, in pixels.
pub const EDGE_PX: std::ops::RangeInclusive<u32> = 64..=8_192;
pub const QUALITY: std::ops::RangeInclusive<u8> = 10..=100;
/// Sizes × qualities of one sweep.
pub const IMAGES_MOST: usize = 40;
/// Sets of parameters of one run.
pub const PARAMETERS_MOST: usize = 40;

/// How a column's photos are sent, in place of what the model's own rule and the pipeline's rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SentImage {
    /// `None`: as usual for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_edge_px: Option<u32>,
    /// Of the JPEG. `None`: as usual for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
}

impl SentImage {
    /// All sizes in all qualities; with one of the lists empty, the other one as it is.
    #[must_use]
    pub fn all(sizes: &[u32], qualities: &[u8]) -> Vec<Self> {
        let sizes = || sizes.iter().copied().map(Some).chain(sizes.is_empty().then_some(None));
        let qualities = || qualities.iter().copied().map(Some).chain(qualities.is_empty().then_some(None));
        let all = sizes().flat_map(|max_edge_px| qualities().map(move |quality| Self { max_edge_px, quality }));
        all.filter(|image| *image != Self { max_edge_px: None, quality: None }).collect()
    }

    /// `512 px, quality 60`.
    #[must_use]
    pub fn words(self) -> String {
        let size = self.max_edge_px.map(|edge| format!("{edge} px"));
        let quality = self.quality.map(|quality| format!("quality {quality}"));
        size.into_iter().chain(quality).collect::<Vec<String>>().join(", ")
    }
}

/// `POST /api/ai/testing/live-test` and `…/estimate`: a run, whose columns may be asked with photos of several sizes and qualities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartSweep {
    #[serde(flatten)]
    pub run: StartRun,
    /// Beside the photo as it is usually sent, which each column is held against. Empty: no sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<SentImage>,
    /// A column each, in place of what the prompt says of them; what they leave out is as the prompt says. Empty: as the prompt says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameters>,
    /// No call is begun that might bring the whole above it. `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<UsdMicros>,
}

impl StartSweep {
    /// What the columns of one prompt on one model differ in.
    #[must_use]
    pub fn variants(&self) -> Variants<'_> {
        Variants { images: &self.images, parameters: &self.parameters }
    }
}

impl From<StartRun> for StartSweep {
    fn from(run: StartRun) -> Self {
        Self { run, images: Vec::new(), parameters: Vec::new(), max_cost_usd: None }
    }
}

/// What the columns of one prompt on one model differ in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variants<'a> {
    pub images: &'a [SentImage],
    pub parameters: &'a [Parameters],
}

impl Variants<'_> {
    /// Columns of one prompt on one model, at the most.
    #[must_use]
    pub fn most(self) -> usize {
        (1 + self.images.len()) * self.parameters.len().max(1)
    }

    /// The parameters that a model is asked with, each set once; `None`: those of the prompt. What a model does not take makes no
    /// difference to it.
    #[must_use]
    pub fn parameters_of(self, takes: &Takes) -> Vec<Option<Parameters>> {
        let mut all: Vec<Option<Parameters>> = Vec::new();
        for parameters in self.parameters {
            let taken = Some(parameters.taken(takes)).filter(|taken| !taken.is_unset());
            if !all.contains(&taken) {
                all.push(taken);
            }
        }
        if all.is_empty() { vec![None] } else { all }
    }
}

/// The name of a column: the prompt's, and what is particular to it.
#[must_use]
pub fn column_name(prompt: &str, parameters: Option<Parameters>, image: Option<SentImage>) -> String {
    let said = parameters.map(|parameters| parameters.words()).unwrap_or_default();
    let particular: Vec<String> = said.into_iter().chain(image.map(SentImage::words)).collect();
    if particular.is_empty() { prompt.to_owned() } else { format!("{prompt} · {}", particular.join(", ")) }
}

/// `GET /api/ai/testing/live-test/{run}/sweep`: accuracy against cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    pub run_id: RunId,
    /// F1 where photos have labels, else agreement with the photo as it is usually sent.
    pub measure: Measure,
    /// How the intervals were found, in a sentence.
    pub method: String,
    /// By prompt and model, in the order of the columns.
    pub lines: Vec<SweepLine>,
}

/// One prompt on one model, in all its sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepLine {
    pub prompt_name: String,
    /// Full name.
    pub model: String,
    /// The dearest first, those of unknown cost last.
    pub points: Vec<SweepPoint>,
    /// The cheapest that is not shown to be worse than the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// One size and quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepPoint {
    /// Index into `Run::columns`.
    pub column: u32,
    /// `None`: as it is usually sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SentImage>,
    pub photos: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Figure>,
    /// Accuracy, this minus the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Figure>,
    pub verdict: Verdict,
    /// USD an answer; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Figure>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::prompt_parts::Effort;

    #[test]
    fn sizes_and_qualities_are_multiplied_and_one_alone_stands_for_itself() {
        let words = |sizes: &[u32], qualities: &[u8]| SentImage::all(sizes, qualities).into_iter().map(SentImage::words).collect::<Vec<_>>();
        assert_eq!(words(&[512, 768], &[60, 85]), ["512 px, quality 60", "512 px, quality 85", "768 px, quality 60", "768 px, quality 85"]);
        assert_eq!(words(&[512], &[]), ["512 px"]);
        assert_eq!(words(&[], &[60]), ["quality 60"]);
        assert!(words(&[], &[]).is_empty());
    }

    #[test]
    fn parameters_that_a_model_does_not_take_make_no_columns() {
        let of = |temperature, effort| Parameters { temperature, effort, ..Parameters::default() };
        let all = Parameters::all(&[0.0, 0.7], &[Effort::Low, Effort::High]);
        assert_eq!(all.len(), 4);
        let variants = Variants { images: &[], parameters: &all };
        let names = |takes: &Takes| variants.parameters_of(takes).into_iter().map(|one| column_name("P", one, None)).collect::<Vec<_>>();
        let both = Takes { temperature: true, efforts: vec![Effort::Low, Effort::High], ..Takes::default() };
        let expected = ["P · temperature 0, thinking low", "P · temperature 0, thinking high", "P · temperature 0.7, thinking low"];
        assert_eq!(names(&both)[..3], expected);
        assert_eq!(names(&Takes { temperature: true, ..Takes::default() }), ["P · temperature 0", "P · temperature 0.7"]);
        assert_eq!(names(&Takes::default()), ["P"]);
        assert_eq!(Parameters::all(&[], &[Effort::Low]), [of(None, Some(Effort::Low))]);
        assert_eq!((Parameters::all(&[], &[]).len(), Variants::default().parameters_of(&both)), (0, vec![None]));
        let image = SentImage { max_edge_px: Some(512), quality: None };
        assert_eq!(column_name("P", Some(of(Some(0.2), None)), Some(image)), "P · temperature 0.2, 512 px");
    }
}
