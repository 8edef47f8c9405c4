//! `minerva truth`: labels in from files, and out again.

use crate::support::binary::run;
use crate::support::platform::jpeg;

#[test]
fn labels_come_from_a_file_and_go_out_as_they_came() {
    let home = tempfile::tempdir().expect("a folder");
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    for seed in [1, 2] {
        std::fs::write(path(&format!("{seed}.jpg")), jpeg(40, 30, seed)).expect("a file");
    }
    let command = |arguments: &[&str]| {
        let said = run(home.path(), arguments);
        (said.code, said.out, said.err)
    };
    assert_eq!(command(&["sets", "create", "Two", &path("1.jpg"), &path("2.jpg")]).0, Some(0));
    std::fs::write(path("labels.csv"), "photo,tag\n1.jpg,Cat\n2.jpg,dog\n9.jpg,sea\n").expect("a file");
    let (code, out, err) = command(&["truth", "import", "--dry-run", &path("labels.csv")]);
    assert_eq!((code, out.as_str()), (Some(1), "2 photos labelled with 2 tags; 2 of them would be changed\n"), "{err}");
    assert_eq!(err, "No photo is called 9.jpg\nminerva: 1 name is left out, since no photo has it\n");
    let (_, out, _) = command(&["truth", "import", "--set", "two", &path("labels.csv")]);
    assert_eq!(out, "2 photos labelled with 2 tags; 2 of them are changed\n");
    assert_eq!(command(&["truth", "export"]).1, "photo,tag\n1.jpg,cat\n2.jpg,dog\n");
    assert_eq!(command(&["truth", "export", "--out", &path("out.json")]).0, Some(0));
    let written = std::fs::read_to_string(path("out.json")).expect("written");
    assert_eq!(written, "{\n  \"1.jpg\": [\n    \"cat\"\n  ],\n  \"2.jpg\": [\n    \"dog\"\n  ]\n}\n");

    std::fs::write(path("bad.csv"), "picture;what\n").expect("a file");
    let (code, _, err) = command(&["truth", "import", &path("bad.csv")]);
    assert!(code == Some(2) && err.contains("bad.csv, line 1"), "{err}");
    let (code, _, err) = command(&["truth", "export", "--out", &path("out.pdf")]);
    assert!(code == Some(2) && err.contains(".csv, .json"), "{err}");
    let (code, _, err) = command(&["truth", "export", "--set", "Nothing"]);
    assert!(code == Some(2) && err.contains("There is no photo set 'Nothing'; there is Two"), "{err}");
}
