//! Screens are pictured in the same looks everywhere.

/// One test for each look in which a screen is pictured, by `fn pictures(name: &str, look: Look)` beside it.
macro_rules! pictured {
    (in every look) => {
        crate::gui::pictured::pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL, pictures_at_150_percent "150" ENLARGED);
    };
    ($($test:ident $name:literal $look:ident),+) => {
        $(
            #[test]
            fn $test() {
                pictures($name, Look::$look);
            }
        )+
    };
}
pub(crate) use pictured;
