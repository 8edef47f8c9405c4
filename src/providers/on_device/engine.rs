//! The two networks: pixels in, class probabilities and objects out.
//!
//! Inputs as `assets/model/NOTICE.txt` names them: RGB, (v − 127) / 128, NCHW; the classifier takes the centre 260 × 260
//! of the photo scaled to a short side of 297, the detector the whole photo in the upper left of 320 × 320 padded with 127.

use std::sync::Arc;

use image::RgbImage;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};

use crate::photos;

const CLASSIFIER: &[u8] = include_bytes!("../../../assets/model/efficientnet_lite2_f16.onnx");
const DETECTOR: &[u8] = include_bytes!("../../../assets/model/efficientdet_lite0_int8.onnx");

const CLASSIFIER_EDGE: u32 = 260;
/// 260 / 0.875, the crop that the network was trained with.
const CLASSIFIER_SHORT_SIDE: u32 = 297;
const DETECTOR_EDGE: u32 = 320;
/// The detector's slots for COCO's 80 classes.
pub const COCO_SLOTS: usize = 90;
/// The classifier is under-confident: its logits are scaled by this before the softmax. Chosen on a small set; a hint,
/// not a calibration.
const LOGIT_SCALE: f32 = 1.6;

/// The best detection of one COCO class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Object {
    /// Index into `coco_labels_90.txt`.
    pub slot: usize,
    pub score: f32,
    /// `[left, top, right, bottom]` as fractions of the photo.
    pub bounds: [f32; 4],
}

pub struct Engine {
    classifier: Model,
    logits: NodeId,
    detector: Model,
    scores: NodeId,
    boxes: NodeId,
}

impl Engine {
    /// Takes about 50 ms.
    pub fn load() -> Result<Self, String> {
        let load =
            |bytes: &'static [u8]| ModelOptions::with_all_ops().prepack_weights(true).load_static_slice(bytes).map_err(|error| error.to_string());
        let (classifier, detector) = (load(CLASSIFIER)?, load(DETECTOR)?);
        let logits = *classifier.output_ids().first().ok_or("the classifier has no output")?;
        let node = |name: &str| detector.node_id(name).map_err(|error| error.to_string());
        let (scores, boxes) = (node("scores")?, node("boxes")?);
        Ok(Self { classifier, logits, detector, scores, boxes })
    }

    /// Probability of each of the 1,000 ImageNet classes.
    pub fn classify(&self, image: &RgbImage) -> Result<Vec<f32>, String> {
        let input = self.classifier.input_ids().first().copied().ok_or("the classifier has no input")?;
        let pixels = nchw(&centre_crop(image));
        let [logits] = self.classifier.run_n(vec![(input, pixels.view().into())], [self.logits], one_thread()).map_err(|error| error.to_string())?;
        let logits: NdTensor<f32, 2> = logits.try_into().map_err(|_| "the classifier's answer has another shape")?;
        Ok(softmax(&logits.to_vec()))
    }

    /// The best detection of every class that was seen at all.
    pub fn detect(&self, image: &RgbImage) -> Result<Vec<Object>, String> {
        let input = self.detector.input_ids().first().copied().ok_or("the detector has no input")?;
        let (padded, [across, down]) = pad(image);
        let pixels = nchw(&padded);
        let [scores, boxes] =
            self.detector.run_n(vec![(input, pixels.view().into())], [self.scores, self.boxes], one_thread()).map_err(|error| error.to_string())?;
        let scores: NdTensor<f32, 3> = scores.try_into().map_err(|_| "the detector's answer has another shape")?;
        let boxes: NdTensor<f32, 3> = boxes.try_into().map_err(|_| "the detector's answer has another shape")?;
        Ok(best_by_class(&scores.view(), &boxes.view(), across, down))
    }
}

/// The caller has a thread of its own for the photo; the networks stay on one, so that photos run side by side.
#[expect(clippy::unnecessary_wraps, reason = "the form that the model takes its options in")]
fn one_thread() -> Option<RunOptions> {
    thread_local! {
        static POOL: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
    }
    Some(RunOptions::default().with_thread_pool(Some(POOL.with(Arc::clone))))
}

fn centre_crop(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let shorter = width.min(height).max(1);
    let scaled = |edge: u32| ((u64::from(edge) * u64::from(CLASSIFIER_SHORT_SIDE) + u64::from(shorter) / 2) / u64::from(shorter)) as u32;
    // A panorama is cropped to three short sides first, or scaling it would need far more pixels than are kept.
    let (keep_width, keep_height) = (width.min(shorter.saturating_mul(3)), height.min(shorter.saturating_mul(3)));
    let cropped;
    let source = if (keep_width, keep_height) == (width, height) {
        image
    } else {
        cropped = image::imageops::crop_imm(image, (width - keep_width) / 2, (height - keep_height) / 2, keep_width, keep_height).to_image();
        &cropped
    };
    let small = photos::resize(source, scaled(keep_width).max(CLASSIFIER_SHORT_SIDE), scaled(keep_height).max(CLASSIFIER_SHORT_SIDE));
    let (left, top) = ((small.width() - CLASSIFIER_EDGE) / 2, (small.height() - CLASSIFIER_EDGE) / 2);
    image::imageops::crop_imm(&small, left, top, CLASSIFIER_EDGE, CLASSIFIER_EDGE).to_image()
}

/// The photo in the upper left of the detector's square, and which fraction of the square it takes across and down.
fn pad(image: &RgbImage) -> (RgbImage, [f32; 2]) {
    let (width, height) = image.dimensions();
    let longer = width.max(height).max(1);
    let scaled = |edge: u32| ((u64::from(edge) * u64::from(DETECTOR_EDGE) + u64::from(longer) / 2) / u64::from(longer)).max(1) as u32;
    let small = photos::resize(image, scaled(width), scaled(height));
    let mut square = RgbImage::from_pixel(DETECTOR_EDGE, DETECTOR_EDGE, image::Rgb([127; 3]));
    image::imageops::replace(&mut square, &small, 0, 0);
    let edge = DETECTOR_EDGE as f32;
    (square, [small.width() as f32 / edge, small.height() as f32 / edge])
}

fn nchw(image: &RgbImage) -> NdTensor<f32, 4> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut values = vec![0_f32; 3 * width * height];
    let (red, rest) = values.split_at_mut(width * height);
    let (green, blue) = rest.split_at_mut(width * height);
    for (at, pixel) in image.pixels().enumerate() {
        let [r, g, b] = pixel.0.map(|value| (f32::from(value) - 127.0) / 128.0);
        (red[at], green[at], blue[at]) = (r, g, b);
    }
    NdTensor::from_data([1, 3, height, width], values)
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| ((logit - highest) * LOGIT_SCALE).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn best_by_class(scores: &NdTensorView<f32, 3>, boxes: &NdTensorView<f32, 3>, across: f32, down: f32) -> Vec<Object> {
    let scores = scores.to_vec();
    let boxes = boxes.to_vec();
    let mut best = [(0.0_f32, 0_usize); COCO_SLOTS];
    for (anchor, row) in scores.chunks_exact(COCO_SLOTS).enumerate() {
        for (held, score) in best.iter_mut().zip(row) {
            if *score > held.0 {
                *held = (*score, anchor);
            }
        }
    }
    let objects = best.iter().enumerate().filter(|(_, (score, _))| *score > 0.05).filter_map(|(slot, (score, anchor))| {
        let [top, left, bottom, right] = *boxes.get(anchor * 4..anchor * 4 + 4)?.first_chunk::<4>()?;
        let part = |edge: f32, whole: f32| (edge / whole).clamp(0.0, 1.0);
        Some(Object { slot, score: *score, bounds: [part(left, across), part(top, down), part(right, across), part(bottom, down)] })
    });
    objects.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let sum: f32 = softmax(&[1.0, 2.0, -40.0, 80.0]).iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }

    #[test]
    fn the_strangest_shapes_still_give_the_networks_their_sizes() {
        for (width, height) in [(1, 1), (1, 4_000), (4_000, 1), (3, 2)] {
            let image = RgbImage::new(width, height);
            assert_eq!(centre_crop(&image).dimensions(), (260, 260));
            assert_eq!(pad(&image).0.dimensions(), (320, 320));
        }
    }
}
