//! Who may enter which room: read from the imports.
