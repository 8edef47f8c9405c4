//! What a photo looks like, in 64 bits: photos that look alike differ in few of them.

use image::RgbImage;
use image_hasher::{HashAlg, HasherConfig};

use super::fit;

/// Bits in which two photos may differ that are taken for the same scene: copies in another size, quality or crop of a few
/// pixels, and the shots of a burst. Photos of other things differ in about 32.
pub const NEAR_BITS: u32 = 6;
/// The hash looks at far fewer pixels than this.
const LOOKED_AT_PX: u32 = 256;

/// Structure is looked for in so many pixels a side.
const GRID_PX: u32 = 32;
/// Of 255: what the light of a picture differs from a smooth slope (standard deviation), below which there is nothing that a hash of
/// frequencies could tell from noise.
const STRUCTURE_LEAST: f64 = 3.0;

/// What a photo looks like. A plain picture is only like one with the same pixels. CPU-bound. `small`: the photo, scaled down.
#[must_use]
pub fn looks(image: &RgbImage, small: &RgbImage) -> u64 {
    perceptual_hash(small).unwrap_or_else(|| pixel_hash(image))
}

/// Of the pixels as they are.
fn pixel_hash(image: &RgbImage) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&image.width().to_le_bytes()).update(&image.height().to_le_bytes()).update(image.as_raw());
    hasher.finalize().as_bytes().iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

/// Whether there is more to see than one colour or a smooth slope of light: what is left of the luminance when the surface of second
/// degree that fits it best is taken away.
fn has_structure(small: &RgbImage) -> bool {
    let grid = image::imageops::resize(small, GRID_PX, GRID_PX, image::imageops::FilterType::Triangle);
    let light: Vec<f64> =
        grid.pixels().map(|pixel| pixel.0).map(|[r, g, b]| 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)).collect();
    let at = |place: u32| 2.0 * f64::from(place) / f64::from(GRID_PX - 1) - 1.0;
    let square_mean = (0..GRID_PX).map(|place| at(place).powi(2)).sum::<f64>() / f64::from(GRID_PX);
    let places: Vec<(f64, f64)> = (0..GRID_PX).flat_map(|y| (0..GRID_PX).map(move |x| (at(x), at(y)))).collect();
    // On a square grid these are orthogonal, so each takes its own part of the sum of squares.
    let surfaces: [&dyn Fn(f64, f64) -> f64; 6] =
        [&|_, _| 1.0, &|x, _| x, &|_, y| y, &|x, y| x * y, &|x, _| x * x - square_mean, &|_, y| y * y - square_mean];
    let explained: f64 = surfaces
        .iter()
        .map(|surface| {
            let values = || places.iter().map(|(x, y)| surface(*x, *y));
            let along: f64 = values().zip(&light).map(|(value, light)| value * light).sum();
            along * along / values().map(|value| value * value).sum::<f64>()
        })
        .sum();
    let left = (light.iter().map(|light| light * light).sum::<f64>() - explained).max(0.0) / light.len() as f64;
    left.sqrt() >= STRUCTURE_LEAST
}

/// The hash of a photo: pHash, the signs of its 8 × 8 lowest frequencies against their median (Zauner 2010); `None` for a picture
/// without structure, whose signs are chance. CPU-bound.
#[must_use]
pub fn perceptual_hash(image: &RgbImage) -> Option<u64> {
    let small = fit(image, LOOKED_AT_PX);
    if !has_structure(&small) {
        return None;
    }
    let hasher = HasherConfig::new().hash_size(8, 8).hash_alg(HashAlg::Median).preproc_dct().to_hasher();
    let hash = hasher.hash_image(&small);
    Some(hash.as_bytes().iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte)))
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
        let hash = perceptual_hash(&cat).expect("structure");
        let smaller = fit(&cat, 400);
        let poor = decode(&encode_jpeg(&smaller, 30).expect("encodes")).expect("a photo").image;
        let brighter = image::imageops::colorops::brighten(&cat, 15);
        let (width, height) = cat.dimensions();
        let cropped = image::imageops::crop_imm(&cat, 2, 2, width - 4, height - 4).to_image();
        for (what, copy) in [("smaller", smaller), ("poor", poor), ("brighter", brighter), ("cropped", cropped)] {
            let copy = perceptual_hash(&copy).expect("structure");
            assert!(is_near(hash, copy), "{what}: {} bits", (hash ^ copy).count_ones());
        }
        for name in ["dogs_window.jpg", "osprey.jpg", "coffee.jpg", "book_page.jpg", "city_night.jpg"] {
            let other = perceptual_hash(&bundled(name)).expect("structure");
            assert!(!is_near(hash, other), "{name}: {} bits", (hash ^ other).count_ones());
        }
    }

    #[test]
    fn plain_pictures_are_alike_only_where_their_pixels_are_equal() {
        let picture = |of: &dyn Fn(u8, u8) -> [u8; 3]| RgbImage::from_fn(200, 150, |x, y| image::Rgb(of(x as u8, y as u8)));
        let plain = [
            picture(&|_, _| [200, 30, 30]),
            picture(&|_, _| [30, 200, 30]),
            picture(&|x, _| [x, x, x]),
            picture(&|x, y| [x / 2 + y, y, 255 - x]),
            picture(&|x, y| [(u16::from(x) * u16::from(x) / 256) as u8, y, 90]),
        ];
        for (at, one) in plain.iter().enumerate() {
            assert_eq!(perceptual_hash(one), None, "picture {at}");
            for other in &plain[at + 1..] {
                assert!(!is_near(looks(one, one), looks(other, other)));
            }
            assert_eq!(looks(one, one), looks(&one.clone(), one));
        }
        for name in ["cat.jpg", "osprey.jpg", "city_night.jpg", "book_page.jpg"] {
            assert!(perceptual_hash(&bundled(name)).is_some(), "{name}");
        }
    }
}
