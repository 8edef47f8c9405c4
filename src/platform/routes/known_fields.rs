//! What a write brings must be known: a field that nobody reads is a wish that nobody hears. Answers are read leniently on the
//! other side, so that an older window can talk to a newer platform.

use axum::http::StatusCode;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Error, Value};

use super::Refusal;
use crate::wire::prompt_parts::{Parameters, PromptParts};
use crate::wire::run::StartRun;

/// Letters by which a known name may differ to be offered.
const CLOSE: usize = 3;

/// Refuses a body that has a field which `T` does not know, by its name. A body that is wrong in another way passes: it is
/// refused where it is read.
pub fn check<T: DeserializeOwned>(body: &[u8]) -> Result<(), Refusal> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    if let Some(unknown) = in_parameters(&body, "") {
        return Err(unknown.refusal());
    }
    let Err(error) = serde_path_to_error::deserialize::<_, T>(Strict(body)) else { return Ok(()) };
    let path = error.path().to_string();
    Unknown::read(&error.inner().to_string(), if path == "." { "" } else { &path }).map_or(Ok(()), |unknown| Err(unknown.refusal()))
}

/// A field of a model's parameters that there is not. They are flattened into other bodies with the rest of a prompt's parts, and
/// serde looks into nothing that is.
fn in_parameters(value: &Value, path: &str) -> Option<Unknown> {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, inner)| {
            let path = under(name);
            let known = fields_of::<Parameters>();
            // Only beside a text: elsewhere a person may call something so.
            let is_of_prompt = name == "parameters" && fields.contains_key("content");
            let strange = inner.as_object().filter(|_| is_of_prompt).and_then(|inner| inner.keys().find(|name| !known.contains(&name.as_str())));
            match strange {
                Some(field) => Some(Unknown { field: field.clone(), path, known: known.iter().map(|name| (*name).to_owned()).collect() }),
                None => in_parameters(inner, &path),
            }
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| in_parameters(item, &format!("{path}[{at}]"))),
        _ => None,
    }
}

/// A field that nobody knows, and the names that stand beside it.
struct Unknown {
    field: String,
    /// What it stands in; empty: the body itself.
    path: String,
    known: Vec<String>,
}

impl Unknown {
    /// Out of serde's words: "unknown field `a`, expected one of `b`, `c`".
    fn read(said: &str, path: &str) -> Option<Self> {
        let mut names = said.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2).map(str::to_owned);
        let field = names.next()?;
        let mut known: Vec<String> = names.collect();
        if known.is_empty() {
            known = names_of_parts();
        }
        Some(Self { field, path: path.to_owned(), known })
    }

    fn refusal(&self) -> Refusal {
        let field = if self.path.is_empty() { self.field.clone() } else { format!("{}.{}", self.path, self.field) };
        let title = format!("There is no field '{field}'");
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", title, self.advice())
    }

    fn advice(&self) -> String {
        let is_inner = |name: &&String| name.rsplit_once('.').is_some_and(|(_, last)| last == self.field);
        let near = self.known.iter().map(|name| (strsim::damerau_levenshtein(&self.field, name), name)).min();
        let near = near.filter(|(distance, _)| *distance <= CLOSE).map(|(_, name)| name);
        match self.known.iter().find(is_inner).or(near) {
            Some(name) => format!("Nothing was done. Is '{name}' meant?"),
            None => format!("Nothing was done. Take the field out; there are: {}", self.known.join(", ")),
        }
    }
}

/// The fields of what others are flattened around, where serde names none.
fn names_of_parts() -> Vec<String> {
    let mut names: Vec<String> =
        ["name", "content", "note", "author", "photo_id", "model", "models", "prompt_id", "count_tokens", "images"].map(str::to_owned).to_vec();
    names.extend(fields_of::<PromptParts>().iter().chain(fields_of::<StartRun>()).map(|name| (*name).to_owned()));
    names.extend(fields_of::<Parameters>().iter().map(|name| format!("parameters.{name}")));
    names
}

/// The names that a structure asks for.
fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(Names(&mut names));
    names
}

struct Names<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// A value that a structure can be read from only where it knows each field.
struct Strict(Value);

impl Strict {
    fn known(&self, fields: &'static [&'static str]) -> Result<(), Error> {
        let strange = self.0.as_object().and_then(|object| object.keys().find(|name| !fields.contains(&name.as_str())));
        strange.map_or(Ok(()), |name| Err(Error::unknown_field(name, fields)))
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(Fields { left: object.into_iter(), value: None }),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.known(fields)?;
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(object) if object.len() == 1 => {
                let mut fields = Fields { left: object.into_iter(), value: None };
                visitor.visit_enum(&mut fields)
            }
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|value| seed.deserialize(Strict(value))).transpose()
    }
}

/// The fields of an object, or the one of an enum's variant.
struct Fields {
    left: serde_json::map::IntoIter,
    value: Option<Value>,
}

impl Fields {
    fn value(&mut self) -> Strict {
        Strict(self.value.take().unwrap_or_default())
    }

    fn next_name(&mut self) -> Option<StringDeserializer<Error>> {
        let (name, value) = self.left.next()?;
        self.value = Some(value);
        Some(name.into_deserializer())
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next_name().map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.value())
    }
}

impl<'de> EnumAccess<'de> for &mut Fields {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = self.next_name().ok_or_else(|| Error::custom("a variant is missing"))?;
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Fields {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        <()>::deserialize(self.value())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.value())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.value().deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.value().deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::config::SetPipelineState;
    use crate::wire::prompt::SavePromptVersion;
    use crate::wire::rules::ProcessingRules;

    fn refused<T: DeserializeOwned>(body: &str) -> Option<(String, String)> {
        check::<T>(body.as_bytes()).err().map(|Refusal(problem)| (problem.title, problem.detail))
    }

    #[test]
    fn a_field_that_nobody_knows_is_named_with_the_one_that_may_be_meant() {
        let (title, detail) = refused::<ProcessingRules>(r#"{"dayly_limit_usd": 5}"#).expect("refused");
        assert_eq!(title, "There is no field 'dayly_limit_usd'");
        assert_eq!(detail, "Nothing was done. Is 'daily_limit_usd' meant?");
        assert!(refused::<SetPipelineState>(r#"{"state": "running", "why": "now"}"#).is_some());
        assert_eq!(refused::<SetPipelineState>(r#"{"state": "running"}"#), None);
    }

    #[test]
    fn a_field_at_the_wrong_level_is_told_its_place() {
        let (title, detail) = refused::<SavePromptVersion>(r#"{"content": "Look", "temperature": 0.2}"#).expect("refused");
        assert!(title.contains("'temperature'") && detail.contains("'parameters.temperature'"), "{title} {detail}");
        let inner = refused::<SavePromptVersion>(r#"{"content": "Look", "parameters": {"temprature": 0.2}}"#);
        assert!(inner.is_some_and(|(title, _)| title.contains("temprature")));
        assert_eq!(refused::<SavePromptVersion>(r#"{"content": "Look", "system": "Be brief", "parameters": {"temperature": 0.2}}"#), None);
    }
}
