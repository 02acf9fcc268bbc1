//! Answers: a struct that is serialized and described, and how it is made of a row of the warehouse.

/// Declares a struct for JSON with one line a field: its name, its type and its value out of the row.
macro_rules! dto {
    ($(#[$meta:meta])* $name:ident from $row:ty as $var:ident {
        $($(#[$field_meta:meta])* $field:ident: $kind:ty = $value:expr,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $kind,)*
        }

        impl From<$row> for $name {
            fn from($var: $row) -> Self {
                Self { $($field: $value,)* }
            }
        }
    };
}
