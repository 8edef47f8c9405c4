//! Gives the Windows program its icon and version; other systems take them from `assets/packaging`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets/icons/minerva.ico");
    if std::env::var_os("CARGO_CFG_WINDOWS").is_none() {
        return;
    }
    let mut resource = winresource::WindowsResource::new();
    resource.set_icon("assets/icons/minerva.ico").set("ProductName", "Minerva Console").set("FileDescription", "Minerva Console");
    if let Err(error) = resource.compile() {
        println!("cargo:warning=the program's icon and version could not be embedded: {error}");
    }
}
