//! The photos that the program brings along; who made them stands in `assets/photos/LICENSES.md`.

macro_rules! bundled {
    ($($name:literal),+ $(,)?) => {
        /// File name and bytes, by name.
        pub const PHOTOS: &[(&str, &[u8])] = &[$(($name, include_bytes!(concat!("../../../assets/photos/", $name)))),+];
    };
}

bundled![
    "astronaut_portrait.jpg",
    "blue_flowers.jpg",
    "boats_1865.jpg",
    "book_page.jpg",
    "cat.jpg",
    "city_night.jpg",
    "city_sunset.jpg",
    "coffee.jpg",
    "colosseum.jpg",
    "coral_reef.jpg",
    "dandelions.jpg",
    "desert_hikers.jpg",
    "dogs_window.jpg",
    "fig_bowl.jpg",
    "lake_mountains.jpg",
    "officer_portrait.jpg",
    "osprey.jpg",
    "otters.jpg",
    "raccoon.jpg",
    "rocket_pad_dusk.jpg",
    "spiral_staircase.jpg",
    "temple_china.jpg",
    "tourist_phone.jpg",
    "wine_table.jpg",
];
