//! Enums whose variants have one public name, which is what is stored and what the API says.

/// Something with a fixed list of named values.
pub trait Named: Copy + Default + PartialEq + Sized + 'static {
    /// Every value with its name, in the order they are listed to people.
    const ALL: &'static [(Self, &'static str)];

    /// The public name.
    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(value, _)| *value == self);
        found.map_or("", |(_, name)| name)
    }

    /// Reads a public name; `None` for an unknown one.
    fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(value, _)| *value)
    }
}

/// Declares an enum with its [`Named`] and the serialised form of its names.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant),+
        }

        impl $crate::Named for $name {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $text)),+];
        }
    };
}

pub(crate) use named;
