//! What a photo looks like, in 64 bits: photos that look alike differ in few of them.

use image::RgbImage;
use image_hasher::{HashAlg, HasherConfig};

use super::fit;

/// Bits in which two photos may differ that are taken for the same scene: copies in another size, quality or crop of a few
/// pixels, and the shots of a burst. Photos of other things differ in about 32.
pub const NEAR_BITS: u32 = 6;
/// The hash looks at far fewer pixels than this.
const LOOKED_AT_PX: u32 = 256;

/// The hash of a photo: pHash, the signs of its 8 × 8 lowest frequencies against their median (Zauner 2010). CPU-bound.
#[must_use]
pub fn perceptual_hash(image: &RgbImage) -> u64 {
    let small = fit(image, LOOKED_AT_PX);
    let hasher = HasherConfig::new().hash_size(8, 8).hash_alg(HashAlg::Median).preproc_dct().to_hasher();
    let hash = hasher.hash_image(&small);
    hash.as_bytes().iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

/// Whether two photos look alike.
#[must_use]
pub fn is_near(one: u64, other: u64) -> bool {
    (one ^ other).count_ones() <= NEAR_BITS
}

#[cfg(test)]
mod tests {
    use super::super::{decode, encode_jpeg};
    use super::*;

    fn bundled(name: &str) -> RgbImage {
        let path = format!("{}/assets/photos/{name}", env!("CARGO_MANIFEST_DIR"));
        decode(&std::fs::read(path).expect("a bundled photo")).expect("a photo").image
    }

    #[test]
    fn a_copy_in_another_size_quality_or_light_is_near_and_another_photo_is_not() {
        let cat = bundled("cat.jpg");
        let hash = perceptual_hash(&cat);
        let smaller = fit(&cat, 400);
        let poor = decode(&encode_jpeg(&smaller, 30).expect("encodes")).expect("a photo").image;
        let brighter = image::imageops::colorops::brighten(&cat, 15);
        let (width, height) = cat.dimensions();
        let cropped = image::imageops::crop_imm(&cat, 2, 2, width - 4, height - 4).to_image();
        for (what, copy) in [("smaller", smaller), ("poor", poor), ("brighter", brighter), ("cropped", cropped)] {
            let copy = perceptual_hash(&copy);
            assert!(is_near(hash, copy), "{what}: {} bits", (hash ^ copy).count_ones());
        }
        for name in ["dogs_window.jpg", "osprey.jpg", "coffee.jpg", "book_page.jpg", "city_night.jpg"] {
            let other = perceptual_hash(&bundled(name));
            assert!(!is_near(hash, other), "{name}: {} bits", (hash ^ other).count_ones());
        }
    }
}
