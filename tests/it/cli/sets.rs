//! `minerva sets`: made of files, a folder and a zip, changed and read again.

use std::io::Write;
use std::path::Path;

use crate::support::binary::run;
use crate::support::platform::jpeg;

fn zip(path: &Path, names: &[(&str, u8)]) {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(path).expect("a file"));
    for (name, seed) in names {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
        writer.write_all(&jpeg(40, 30, *seed)).expect("written");
    }
    writer.finish().expect("finished");
}

#[test]
fn a_set_is_made_of_files_folders_and_zips_and_each_change_is_a_version() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("photos");
    std::fs::create_dir(&folder).expect("a folder");
    for seed in [1, 2] {
        std::fs::write(folder.join(format!("{seed}.jpg")), jpeg(40, 30, seed)).expect("a file");
    }
    let packed = home.path().join("more.zip");
    zip(&packed, &[("deep/3.jpg", 3), ("2 again.jpg", 2), ("notes.txt", 9)]);
    let sets = |arguments: &[&str]| {
        let said = run(home.path(), &[&["sets"], arguments].concat());
        (said.code, said.out, said.err)
    };
    let (folder, packed) = (folder.to_string_lossy().into_owned(), packed.to_string_lossy().into_owned());
    assert_eq!(sets(&["create", "Pets", &folder]).1, "Photo set Pets made with 2 photos\n");
    let (code, out, err) = sets(&["add", "pets", &packed]);
    assert_eq!((code, out.as_str()), (Some(0), "Photo set Pets: 1 photo added\n"), "{err}");
    assert!(err.contains("more.zip/2 again.jpg is the same photo as 2.jpg\n"), "{err}");
    let (code, out, err) = sets(&["create", "pets", &packed]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "before any photo is read");
    assert!(err.ends_with("minerva: There is a photo set Pets already. Nothing was added; choose another name\n"), "{err}");
    assert_eq!(sets(&["show", "Pets"]).1, "1.jpg\n2.jpg\n3.jpg\n");
    assert_eq!(sets(&["rename", "Pets", "Animals"]).1, "Photo set Pets: renamed to Animals\n");
    assert_eq!(sets(&["go-back", "Animals", "1"]).1, "Photo set Animals: as in version 1\n");
    let (code, _, err) = sets(&["go-back", "Animals", "9"]);
    assert!(code == Some(2) && err.contains("Animals has no version 9: its versions are 1 to 3"), "{err}");
    assert_eq!(sets(&["list"]).1, "Animals\tv3\t2 photos\n");
    let (code, out, err) = sets(&["add", "Animals", &format!("{folder}/1.jpg"), &packed, "nope.jpg"]);
    assert_eq!((code, out.as_str()), (Some(1), "Photo set Animals: 1 photo added\n"), "the rest is done: {err}");
    assert!(err.contains("nope.jpg") && err.ends_with("minerva: 1 file was left out; the others are in the set\n"), "{err}");

    let (code, _, err) = sets(&["show", "Pets"]);
    assert_eq!((code, err.as_str()), (Some(2), "minerva: There is no photo set 'Pets'; there is Animals\n"));
    assert_eq!(sets(&["delete", "Animals"]).1, "Photo set Animals deleted\n");
    assert_eq!(sets(&["list"]).1, "");
}
