//! Photos that look alike: found by their perceptual hashes, so that a burst or a copy counts once in statistics.

use std::collections::HashMap;

use super::statistics::Units;
use super::{Core, Result, photo_files};
use crate::photos::{self, perceptual_hash};
use crate::platform::store;
use crate::wire::ids::PhotoId;
use crate::wire::photo::LookAlikes;

/// Photos whose hash is made at one go.
const AT_ONCE: u32 = 50;

/// The groups of photos of the library that look alike, the photo that came first leading each.
pub async fn list(core: &Core) -> Result<LookAlikes> {
    let hashes = store::photos::hashes(&core.db, core.org, None).await?;
    let groups = core.on_a_core(move || groups(&hashes)).await?;
    Ok(LookAlikes { groups })
}

/// What counts once of these photos: those that look alike count together.
pub async fn units(core: &Core, ids: &[PhotoId]) -> Result<Units> {
    let hashes = store::photos::hashes(&core.db, core.org, Some(ids)).await?;
    let photos = ids.to_vec();
    core.on_a_core(move || Units::of_groups(&photos, &groups(&hashes))).await
}

/// Hashes photos that came before there were hashes, some at a time, until all have one.
pub async fn hash_old(core: &Core) -> Result<()> {
    loop {
        let open = store::photos::without_hash(&core.db, core.org, AT_ONCE).await?;
        if open.is_empty() || core.stop.is_cancelled() {
            return Ok(());
        }
        let mut hashed = Vec::with_capacity(open.len());
        for (id, content_hash) in open {
            let hash = match photo_files::read_photo(core, &content_hash).await {
                Ok(bytes) => {
                    core.on_a_core(move || photos::decode(&bytes).ok().map(|photo| perceptual_hash::looks(&photo.image, &photo.image))).await?
                }
                Err(_) => None,
            };
            // One that can't be read is like no other; its id is as good as random.
            hashed.push((id, hash.unwrap_or_else(|| id.0.as_u64_pair().1)));
        }
        let mut change = core.change().await?;
        for (id, hash) in hashed {
            store::photos::set_hash(&mut change.tx, core.org, id, hash).await?;
        }
        change.commit().await?;
    }
}

/// Photos that are alike directly or by way of others, in the order given; only groups of two and more.
fn groups(hashes: &[(PhotoId, u64)]) -> Vec<Vec<PhotoId>> {
    let mut parents: Vec<usize> = (0..hashes.len()).collect();
    // Of eight bytes, two hashes that differ in six bits share at least two: only those with a byte in common are compared.
    let mut by_byte: HashMap<(u32, u8), Vec<usize>> = HashMap::new();
    for (at, (_, hash)) in hashes.iter().enumerate() {
        for place in 0..8 {
            let same = by_byte.entry((place, (hash >> (place * 8)) as u8)).or_default();
            for other in same.iter().copied().filter(|other| perceptual_hash::is_near(*hash, hashes[*other].1)) {
                let (one, other) = (root(&mut parents, at), root(&mut parents, other));
                parents[one.max(other)] = one.min(other);
            }
            same.push(at);
        }
    }
    let mut groups: Vec<Vec<PhotoId>> = vec![Vec::new(); hashes.len()];
    for (at, (id, _)) in hashes.iter().enumerate() {
        groups[root(&mut parents, at)].push(*id);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(number: usize) -> PhotoId {
        PhotoId(uuid::Uuid::from_u128(number as u128))
    }

    fn numbered(hashes: &[u64]) -> Vec<(PhotoId, u64)> {
        hashes.iter().enumerate().map(|(at, hash)| (photo(at), *hash)).collect()
    }

    #[test]
    fn alike_is_up_to_six_bits_and_goes_by_way_of_others() {
        let far = 0xFFFF_0000_FFFF_0000_u64;
        let found = groups(&numbered(&[0, far, 0b11_1111, 0b1111_1111_1111, 0b111_1111 << 20, far ^ 1]));
        assert_eq!(found, [vec![photo(0), photo(2), photo(3)], vec![photo(1), photo(5)]]);
    }

    #[test]
    fn what_is_found_is_what_every_pair_says() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut hashes: Vec<u64> = (0..400).map(|_| random.u64(..)).collect();
        for at in 0..200 {
            let copy = (0..random.usize(..9)).fold(hashes[at], |hash, _| hash ^ (1 << random.u32(..64)));
            hashes.push(copy);
        }
        let pairs: usize = (0..hashes.len()).map(|at| (0..at).filter(|other| perceptual_hash::is_near(hashes[at], hashes[*other])).count()).sum();
        let grouped: usize = groups(&numbered(&hashes)).iter().map(|group| group.len() - 1).sum();
        assert_eq!(grouped, pairs, "each copy is alike to one photo alone here");
    }
}
