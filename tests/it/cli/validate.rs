//! `minerva validate`: exit codes, the JUnit report, and the comparison with the validation before.

use crate::support::binary::run;

#[test]
fn it_passes_with_0_fails_with_1_and_writes_a_report_that_ci_reads() {
    let home = tempfile::tempdir().expect("a folder");
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/photos");
    let command = |arguments: &[&str]| {
        let said = run(home.path(), arguments);
        (said.code, said.out, said.err)
    };
    let photos = ["cat.jpg", "coffee.jpg", "osprey.jpg"].map(|name| format!("{assets}/{name}"));
    let create: Vec<&str> = ["sets", "create", "Three"].into_iter().chain(photos.iter().map(String::as_str)).collect();
    assert_eq!(command(&create).0, Some(0));
    let (code, _, err) = command(&["truth", "import", &format!("{assets}/truth.csv")]);
    assert_eq!(code, Some(1), "it labels more photos than there are: {err}");

    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let (junit, page) = (path("report.xml"), path("report.html"));
    let (code, out, err) =
        command(&["validate", "--set", "three", "--min-f1", "0.05", "--min-valid-answers", "1", "--junit", &junit, "--out", &page]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("Photo tags v1 on on-device, Three v1 (3 photos, 3 with ground truth)"), "{out}");
    assert!(out.trim_end().ends_with("Passed all 2 gates on Three v1"), "{out}");
    let xml = std::fs::read_to_string(&junit).expect("written");
    assert!(xml.contains("tests=\"2\"") && xml.contains("failures=\"0\"") && xml.contains("classname=\"minerva.validation\""), "{xml}");
    let page = std::fs::read_to_string(&page).expect("written");
    assert!(page.contains("<h1>Validation</h1>") && page.contains("Passed all 2 gates on Three v1"), "{page}");

    let (code, out, _) = command(&["validate", "--set", "Three", "--min-f1", "0.999", "--junit", &junit, "--compare-with", "last"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("FAILED\tF1\tF1 0.") && out.contains("too few photos for an interval"), "{out}");
    assert!(out.contains("(other gates or limits), 3 photos: F1 too few photos to tell, +0.0 pt"), "{out}");
    let xml = std::fs::read_to_string(&junit).expect("written");
    assert!(xml.contains("failures=\"1\"") && xml.contains("<failure message=\"F1 0."), "{xml}");

    for (arguments, says) in [
        (&["validate", "--set", "Nothing"][..], "There is no photo set 'Nothing'"),
        (&["validate", "--set", "Three", "--out", "report.pdf"], "'.pdf' stands for no format that can be written"),
        (&["validate", "--set", "Three", "--prompt", "Photo tags v7"], "Photo tags has no version 7; its newest is 1"),
        (&["validate", "--set", "Three", "--prompt", "Nobody"], "There is no prompt 'Nobody'; there is Photo tags"),
        (&["validate", "--set", "Three", "--min-f1", "70"], "the limit is a share from 0 to 1"),
        (&["validate", "--set", "Three", "--min-f1", "nan", "--max-p95-ms", "9"], "the limit is a share from 0 to 1"),
        (&["validate", "--set", "Three", "--model", "nobody/none"], "nobody"),
        (&["validate"], "--set"),
    ] {
        let (code, _, err) = command(arguments);
        assert!(code == Some(2) && err.contains(says), "{arguments:?}: {err}");
    }
}
