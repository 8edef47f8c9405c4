//! One photo, answered by production and by another version: what would change. The one definition of it.
//!
//! **Tags** change when the set of names that count is another. A tag counts with a confidence at or above the accept threshold,
//! or without a confidence, where a model gives none. Names are compared as answers hold them: trimmed and in lower case. The
//! order, and a confidence that moves on one side of the threshold, change nothing: between two calls of one model they move by
//! themselves.
//!
//! The **decision** changes when the thresholds of now say something else of the two answers.
//!
//! A photo that production answers and the version fails on, for a fault of its own (a text that can't be rendered, an answer
//! that can't be read, is refused or cut), changes in both. A fault of the provider or of the photo says nothing of the version:
//! such a photo is left out.

use std::collections::HashSet;

use crate::platform::domain::analysis;
use crate::wire::config::ProcessingRules;
use crate::wire::deployment::PhotoChange;
use crate::wire::ids::PhotoId;
use crate::wire::result::{Answer, Decision, Fault, FaultKind, Tag};

/// What is known of one photo.
#[derive(Debug, PartialEq)]
pub enum Compared {
    /// Nothing that matters would change.
    Same,
    Changed(Change),
    /// It can't be told.
    LeftOut,
}

/// What would change.
#[derive(Debug, PartialEq)]
pub struct Change {
    pub photo: PhotoChange,
    pub tags: bool,
    pub decision: bool,
    /// For the order: the worst has the most.
    pub badness: f64,
}

/// Holds two answers against each other.
#[must_use]
pub fn compare(photo_id: PhotoId, production: &Answer, version: Result<&Answer, &Fault>, rules: &ProcessingRules) -> Compared {
    let decision_before = analysis::decide(production, rules);
    let change = |decision_after, lost: Vec<Tag>, gained: Vec<Tag>, kept, fault| PhotoChange {
        photo_id,
        file_name: String::new(),
        decision_before,
        decision_after,
        lost,
        gained,
        kept,
        fault,
    };
    let before = counting(production, rules.accept_threshold);
    let answer = match version {
        Ok(answer) => answer,
        Err(fault) if is_of_the_version(fault.kind) => {
            let lost = before.into_iter().cloned().collect();
            let photo = change(None, lost, Vec::new(), 0, Some(fault.message.clone()));
            return Compared::Changed(Change { photo, tags: true, decision: true, badness: 100.0 });
        }
        Err(_) => return Compared::LeftOut,
    };
    let after = counting(answer, rules.accept_threshold);
    let missing = |from: &[&Tag], others: &[&Tag]| {
        let names: HashSet<&str> = others.iter().map(|tag| tag.name.as_str()).collect();
        from.iter().filter(|tag| !names.contains(tag.name.as_str())).map(|tag| (*tag).clone()).collect::<Vec<Tag>>()
    };
    let (lost, gained) = (missing(&before, &after), missing(&after, &before));
    let decision_after = analysis::decide(answer, rules);
    let (tags, decision) = (!lost.is_empty() || !gained.is_empty(), decision_after != decision_before);
    if !tags && !decision {
        return Compared::Same;
    }
    let kept = before.len() - lost.len();
    // Jaccard's distance of the two sets, and worse decisions before all.
    let all = kept + lost.len() + gained.len();
    let distance = if all == 0 { 0.0 } else { (lost.len() + gained.len()) as f64 / all as f64 };
    let fall = f64::from(rank(decision_before) - rank(decision_after));
    let badness = if decision { 20.0 + 10.0 * fall + distance } else { distance };
    let kept = u32::try_from(kept).unwrap_or(u32::MAX);
    Compared::Changed(Change { photo: change(Some(decision_after), lost, gained, kept, None), tags, decision, badness })
}

/// The tags that count.
fn counting(answer: &Answer, threshold: f32) -> Vec<&Tag> {
    answer.tags.iter().filter(|tag| tag.confidence.is_none_or(|confidence| confidence >= threshold)).collect()
}

/// Whether another version of the prompt could be the reason.
#[must_use]
pub fn is_of_the_version(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Prompt | FaultKind::BadAnswer | FaultKind::Refused | FaultKind::Truncated | FaultKind::BadRequest | FaultKind::TooLarge)
}

/// Higher is better.
#[must_use]
pub fn rank(decision: Decision) -> i8 {
    match decision {
        Decision::Reject => 0,
        Decision::Review => 1,
        Decision::Accept => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::result::{ConfidenceKind, Usage};

    static RULES: std::sync::LazyLock<ProcessingRules> =
        std::sync::LazyLock::new(|| ProcessingRules { accept_threshold: 0.6, reject_threshold: 0.2, ..ProcessingRules::default() });

    fn answer(tags: &[(&str, Option<f32>)]) -> Answer {
        let tag = |(name, confidence): &(&str, Option<f32>)| Tag { name: (*name).to_owned(), confidence: *confidence, bounds: None };
        Answer {
            caption: None,
            tags: tags.iter().map(tag).collect(),
            confidence_kind: ConfidenceKind::SelfReported,
            usage: Usage::default(),
            cost_usd: None,
            retries: 0,
            notes: Vec::new(),
        }
    }

    fn changed(before: &[(&str, Option<f32>)], after: &[(&str, Option<f32>)]) -> Option<Change> {
        match compare(PhotoId::fresh(), &answer(before), Ok(&answer(after)), &RULES) {
            Compared::Changed(change) => Some(change),
            Compared::Same => None,
            Compared::LeftOut => panic!("both are answered"),
        }
    }

    fn names(tags: &[Tag]) -> Vec<&str> {
        tags.iter().map(|tag| tag.name.as_str()).collect()
    }

    #[test]
    fn order_and_confidence_on_one_side_of_the_threshold_change_nothing() {
        let before = [("cat", Some(0.9)), ("sofa", Some(0.6)), ("lamp", Some(0.5))];
        assert_eq!(changed(&before, &[("sofa", Some(0.99)), ("cat", Some(0.6)), ("vase", Some(0.59))]), None);
        assert_eq!(changed(&[("cat", None)], &[("cat", Some(0.8))]).map(|change| change.tags), Some(false), "the decision alone is another");
        assert_eq!(changed(&[], &[]), None);
    }

    #[test]
    fn a_name_that_comes_or_goes_over_the_threshold_is_a_change() {
        let change =
            changed(&[("cat", Some(0.9)), ("sofa", Some(0.7))], &[("cat", Some(0.9)), ("sofa", Some(0.5)), ("rug", Some(0.8))]).expect("changed");
        assert_eq!((names(&change.photo.lost), names(&change.photo.gained), change.photo.kept), (vec!["sofa"], vec!["rug"], 1));
        assert!(change.tags && !change.decision);
        let unsure = changed(&[("cat", None)], &[("cat", None), ("dog", None)]).expect("changed");
        assert_eq!(names(&unsure.photo.gained), ["dog"], "a tag without a confidence counts");
    }

    #[test]
    fn the_worst_is_what_is_answered_no_more_then_what_is_decided_worse_then_what_has_other_tags() {
        let before = answer(&[("cat", Some(0.9))]);
        let badness = |version| match compare(PhotoId::fresh(), &before, version, &RULES) {
            Compared::Changed(change) => change.badness,
            other => panic!("{other:?}"),
        };
        let fault = Fault::new(FaultKind::BadAnswer, "not JSON");
        let rejected = answer(&[("cat", Some(0.1))]);
        let reviewed = answer(&[("cat", Some(0.4))]);
        let other = answer(&[("dog", Some(0.9))]);
        let more = answer(&[("cat", Some(0.9)), ("dog", Some(0.9))]);
        let order = [badness(Err(&fault)), badness(Ok(&rejected)), badness(Ok(&reviewed)), badness(Ok(&other)), badness(Ok(&more))];
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
    }

    #[test]
    fn a_fault_of_the_provider_says_nothing_of_the_version() {
        let before = answer(&[("cat", Some(0.9))]);
        for kind in FaultKind::ALL {
            let compared = compare(PhotoId::fresh(), &before, Err(&Fault::new(kind, "no")), &RULES);
            assert_eq!(matches!(compared, Compared::LeftOut), !is_of_the_version(kind), "{kind:?}");
        }
        assert!(!is_of_the_version(FaultKind::RateLimited) && is_of_the_version(FaultKind::Refused));
    }
}
