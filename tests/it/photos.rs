//! Good and bad photo files, told apart by their content.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use minerva_console::photos::{decode, encode_jpeg, fit};
use proptest::prelude::*;
use tiff::encoder::TiffEncoder;
use tiff::tags::Tag;

use crate::support::camera;

fn red(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| Rgb([200, (x % 251) as u8, (y % 241) as u8])))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

fn code(bytes: &[u8]) -> &'static str {
    let error = decode(bytes).expect_err("refused");
    assert!(error.message.len() > 20, "{error}");
    error.code
}

#[test]
fn every_format_is_read_whatever_its_name() {
    for (format, name) in [
        (ImageFormat::Jpeg, "jpeg"),
        (ImageFormat::Png, "png"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::Tiff, "tiff"),
        (ImageFormat::Bmp, "bmp"),
    ] {
        let photo = decode(&encoded(&red(40, 30), format)).expect(name);
        assert_eq!((photo.format, photo.image.dimensions()), (name, (40, 30)));
    }
}

#[test]
fn sixteen_bits_and_transparency_become_eight_bits_on_white() {
    let deep = DynamicImage::ImageRgb16(image::ImageBuffer::from_pixel(3, 3, Rgb([65_535, 32_768, 0])));
    assert_eq!(decode(&encoded(&deep, ImageFormat::Png)).expect("reads").image.get_pixel(1, 1).0, [255, 128, 0]);
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(3, 3, Rgba([0, 0, 0, 0])));
    let photo = decode(&encoded(&clear, ImageFormat::Png)).expect("reads");
    assert_eq!(photo.image.get_pixel(1, 1).0, [255, 255, 255]);
    assert_eq!(photo.notes.len(), 1);
}

/// A JPEG with the EXIF orientation 6: the camera was held upright.
#[test]
fn exif_orientation_is_applied() {
    let jpeg = encoded(&red(40, 20), ImageFormat::Jpeg);
    let exif: &[u8] = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(u16::try_from(exif.len() + 2).expect("short").to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    assert_eq!(decode(&bytes).expect("reads").image.dimensions(), (20, 40));
}

/// Red of sRGB is (234, 51, 35) in Display P3: CSS Color 4, `color(display-p3 0.9175 0.2003 0.1386)`.
#[test]
fn colours_of_a_profile_become_those_of_srgb() {
    let phone = decode(&camera::with_profile([234, 51, 35], &moxcms::ColorProfile::new_display_p3())).expect("reads");
    let [red, green, blue] = phone.image.get_pixel(20, 20).0;
    assert!(red >= 253 && green <= 4 && blue <= 4, "{red} {green} {blue}");
    assert!(phone.notes.iter().any(|note| note.starts_with("Colours taken from ")), "{:?}", phone.notes);
    let usual = decode(&camera::with_profile([234, 51, 35], &moxcms::ColorProfile::new_srgb())).expect("reads");
    let [red, green, blue] = usual.image.get_pixel(20, 20).0;
    assert!(red.abs_diff(234) <= 2 && green.abs_diff(51) <= 2 && blue.abs_diff(35) <= 2, "{red} {green} {blue}");
    assert_eq!(usual.notes, Vec::<String>::new());
}

#[test]
fn what_a_camera_wrote_is_read_but_for_the_place() {
    let read = minerva_console::photos::metadata::read(&camera::with_exif([10, 200, 90], true));
    let fields: Vec<(&str, &str)> = read.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let told = [
        ("Camera", "Canon EOS R5"),
        ("Taken", "2026-03-01 14:05:09"),
        ("Lens", "RF24-70mm F2.8 L IS USM"),
        ("Exposure", "1/200 s"),
        ("Aperture", "f/2.8"),
        ("ISO", "400"),
        ("Focal length", "50 mm"),
    ];
    assert_eq!(fields, told);
    assert!(read.has_location);
    assert!(!minerva_console::photos::metadata::read(&camera::with_exif([10, 200, 90], false)).has_location);
    let plain = minerva_console::photos::metadata::read(&encoded(&red(8, 8), ImageFormat::Png));
    assert_eq!((plain.fields.len(), plain.has_location, plain.colour_profile), (0, false, None));
    assert_eq!(minerva_console::photos::metadata::read(b"no photo at all").fields, []);
}

#[test]
fn cmyk_is_read() {
    let output = std::process::Command::new("convert")
        .args(["-size", "24x16", "xc:red", "-colorspace", "CMYK", "jpeg:-"])
        .output()
        .expect("ImageMagick runs; 'tests/run --setup' installs it");
    let [red, green, blue] = decode(&output.stdout).expect("reads").image.get_pixel(8, 8).0;
    assert!(red > 200 && green < 80 && blue < 80, "{red} {green} {blue}");
}

#[test]
fn an_animation_gives_its_first_frame_and_says_so() {
    let mut bytes = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        for colour in [[255, 0, 0, 255], [0, 0, 255, 255]] {
            encoder.encode_frame(image::Frame::new(RgbaImage::from_pixel(8, 8, Rgba(colour)))).expect("encodes");
        }
    }
    let photo = decode(&bytes).expect("reads");
    assert_eq!(photo.image.get_pixel(2, 2).0, [255, 0, 0]);
    assert!(photo.notes.iter().any(|note| note.starts_with("Animated")), "{:?}", photo.notes);
}

#[test]
fn what_is_no_photo_is_refused_with_its_reason() {
    assert_eq!(code(b""), "empty");
    assert_eq!(code(b"this is a text that calls itself holiday.jpg"), "not_a_photo");
    assert_eq!(code(b"%PDF-1.7 ..."), "unsupported_format");
    assert_eq!(code(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "unsupported_format");
    assert_eq!(code(b"\0\0\0\x20ftypavif\0\0\0\0"), "unsupported_format");
    assert!(decode(b"\0\0\0\x18ftypheic").expect_err("refused").message.contains("HEIC"));
}

#[test]
fn truncated_files_are_refused_in_every_format() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(&red(300, 200), format);
        let error = decode(&whole[..whole.len() * 6 / 10]).expect_err("refused");
        assert!(matches!(error.code, "truncated" | "unreadable"), "{format:?}: {error}");
    }
    let jpeg = encoded(&red(300, 200), ImageFormat::Jpeg);
    assert_eq!(code(&jpeg[..jpeg.len() - 2]), "truncated");
}

/// 100,000 × 100,000 pixels in 100 bytes.
#[test]
fn a_decompression_bomb_is_refused_before_it_is_unpacked() {
    let mut png = encoded(&red(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(code(&png), "too_many_pixels");
}

/// The CRC of PNG (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }))
}

#[test]
fn a_raw_photo_is_named_and_its_preview_is_not_taken_for_it() {
    let with = |tag: Tag, value: u32| {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).expect("begins");
        let mut image = encoder.new_image::<tiff::encoder::colortype::RGB8>(2, 2).expect("begins");
        image.encoder().write_tag(tag, value).expect("written");
        image.write_data(&[9; 12]).expect("written");
        bytes.into_inner()
    };
    for (tag, value) in [(Tag::NewSubfileType, 1), (Tag::Unknown(50_706), 0x0001_0400)] {
        let refused = decode(&with(tag, value)).expect_err("a raw photo");
        assert_eq!((refused.code, refused.message.contains("raw photo")), ("unsupported_format", true), "{tag:?}: {refused}");
    }
    assert_eq!(decode(&with(Tag::NewSubfileType, 0)).expect("a plain TIFF").format, "tiff");
}

#[test]
fn fit_scales_down_only_and_keeps_the_shape() {
    let photo = red(400, 100).into_rgb8();
    assert_eq!(fit(&photo, 200).dimensions(), (200, 50));
    assert_eq!(fit(&photo, 1_000).dimensions(), (400, 100));
    assert_eq!(fit(&red(4_000, 1).into_rgb8(), 10).dimensions(), (10, 1));
}

#[test]
fn what_is_sent_carries_no_metadata() {
    let bytes = encode_jpeg(&red(40, 30).into_rgb8(), 85).expect("encodes");
    assert!(!bytes.windows(4).any(|window| window == b"Exif"));
    assert_eq!(decode(&bytes).expect("reads").image.dimensions(), (40, 30));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the bytes, there is an answer and no panic.
    #[test]
    fn damaged_photos_never_panic(at in 0_usize..4_000, length in 0_usize..64, value: u8, cut in 0_usize..6_000, which in 0_usize..6) {
        let format = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Tiff, ImageFormat::Bmp][which];
        let mut bytes = encoded(&red(48, 32), format);
        let end = bytes.len();
        for byte in &mut bytes[at.min(end)..(at + length).min(end)] {
            *byte = value;
        }
        bytes.truncate(cut);
        let _ = decode(&bytes);
    }
}
