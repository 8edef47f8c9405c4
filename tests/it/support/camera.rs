//! Photos as cameras and phones write them: with EXIF and a colour profile.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageEncoder as _, Rgb, RgbImage};

/// A JPEG of one colour, as a camera with these settings writes it. `place`: it also says where.
pub fn with_exif(colour: [u8; 3], place: bool) -> Vec<u8> {
    let text = |tag: Tag, words: &str| Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![words.as_bytes().to_vec()]) };
    let number = |tag: Tag, num: u32, denom: u32| Field { tag, ifd_num: In::PRIMARY, value: Value::Rational(vec![Rational { num, denom }]) };
    let mut fields = vec![
        text(Tag::Make, "Canon"),
        text(Tag::Model, "Canon EOS R5"),
        text(Tag::LensModel, "RF24-70mm F2.8 L IS USM\0\0"),
        text(Tag::DateTimeOriginal, "2026:03:01 14:05:09"),
        number(Tag::ExposureTime, 1, 200),
        number(Tag::FNumber, 28, 10),
        number(Tag::FocalLength, 50, 1),
        Field { tag: Tag::PhotographicSensitivity, ifd_num: In::PRIMARY, value: Value::Short(vec![400]) },
    ];
    if place {
        let degrees = [48, 12, 30].map(|num| Rational { num, denom: 1 }).to_vec();
        fields.push(Field { tag: Tag::GPSLatitude, ifd_num: In::PRIMARY, value: Value::Rational(degrees) });
    }
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).expect("EXIF is written");
    with_segment(&jpeg(colour), 0xe1, &[b"Exif\0\0", tiff.get_ref().as_slice()].concat())
}

/// A JPEG of one colour, in the colours of a profile.
pub fn with_profile(colour: [u8; 3], profile: &moxcms::ColorProfile) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    encoder.set_icc_profile(profile.encode().expect("a profile")).expect("JPEG takes profiles");
    encoder.encode_image(&RgbImage::from_pixel(48, 32, Rgb(colour))).expect("encodes");
    bytes
}

fn jpeg(colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 100).encode_image(&RgbImage::from_pixel(48, 32, Rgb(colour))).expect("encodes");
    bytes
}

/// The JPEG with one more segment right behind its start.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("short");
    [&jpeg[..2], &[0xff, marker], &length.to_be_bytes(), content, &jpeg[2..]].concat()
}
