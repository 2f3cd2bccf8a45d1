//! The ids of things, one type for each kind of thing.
//!
//! Rule: the API writes ids with underscores and takes them with hyphens too. How an id is spelt is settled here and
//! nowhere else: an id is kept and sent in the spelling that the API answers, so both spellings are the same id.
//! An id that no server could have made is refused before anything is sent.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Longer than any id that was seen; a longer one is something else that slipped in.
const LONGEST: usize = 255;

/// Checks what no server could have made.
fn check(noun: &str, text: &str) -> Result<(), Error> {
    let fault = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > LONGEST {
        format!(
            "is {} bytes long, and {LONGEST} is the longest that can be",
            text.len()
        )
    } else if let Some(found) = text.chars().find(|c| c.is_control()) {
        format!("holds {found:?}")
    } else if let Some(found) = text.chars().find(|c| matches!(c, '/' | '\\')) {
        format!("holds `{found}`")
    } else if matches!(text, "." | "..") {
        format!("is `{text}`")
    } else {
        return Ok(());
    };
    Err(Error::invalid_input(
        format!("the {noun} id {fault}, so no server can have made it"),
        "pass the id as the API answered it",
    ))
}

/// The id in the API's spelling.
fn spelt(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() {
        return text.to_owned();
    }
    text.replace(from, to)
}

/// Writes one type of id. Where hyphens and underscores are not the same, the spelling is `"" => ""`: kept as it is.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $noun:literal, $from:literal => $to:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes an id in any spelling.
            ///
            /// # Errors
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what no server could have made: nothing,
            /// `.` or `..`, control characters, `/` or `\`, or more than 255 bytes.
            pub fn new(text: impl AsRef<str>) -> Result<Self, Error> {
                let text = text.as_ref();
                check($noun, text)?;
                Ok(Self(spelt(text, $from, $to)))
            }

            /// The id as the API spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = Error;

            fn try_from(text: &String) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.clone()
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
    };
}

id! {
    /// The id of a pipeline: a UUID that the client makes. Written with underscores by the API, taken with hyphens too.
    ///
    /// ```
    /// use dadosfera::PipelineId;
    ///
    /// let answered: PipelineId = "1b33ad2f_33d3_4837_9eeb_83c82c8b909d".parse()?;
    /// let written: PipelineId = "1b33ad2f-33d3-4837-9eeb-83c82c8b909d".parse()?;
    /// assert_eq!(answered, written);
    /// assert_eq!(written.to_string(), "1b33ad2f_33d3_4837_9eeb_83c82c8b909d");
    /// assert!("../admin".parse::<PipelineId>().is_err());
    /// assert_ne!(PipelineId::random(), PipelineId::random());
    /// assert_eq!(answered.job(0).to_string(), "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    PipelineId, "pipeline", "-" => "_"
}

id! {
    /// The id of a job: its pipeline's id, an underscore, and its index from 0.
    ///
    /// ```
    /// let id = dadosfera::JobId::new("1b33ad2f-33d3-4837-9eeb-83c82c8b909d-0")?;
    /// assert_eq!(id.as_str(), "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    JobId, "job", "-" => "_"
}

id! {
    /// The id of one run of a pipeline, called `pipeline_run_id` by the API.
    ///
    /// ```
    /// let id = dadosfera::PipelineRunId::new("0c9a7a5e-8d3b-4c57-a3f2-5f6e2d9f1b11")?;
    /// assert_eq!(id.as_str(), "0c9a7a5e_8d3b_4c57_a3f2_5f6e2d9f1b11");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    PipelineRunId, "run", "-" => "_"
}

id! {
    /// The id of an API key: a UUID, with hyphens.
    ///
    /// ```
    /// let id = dadosfera::ApiKeyId::new("8f14e45f-ceea-467f-a0e6-7bd1a36a5b2c")?;
    /// assert_eq!(id.as_str(), "8f14e45f-ceea-467f-a0e6-7bd1a36a5b2c");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    ApiKeyId, "API key", "_" => "-"
}

id! {
    /// The id of a connection, such as `1763991009206_kvpd3364_mysql-1.0.0`; jobs call it `config_id`.
    ///
    /// ```
    /// let id = dadosfera::ConnectionId::new("1763991009206_kvpd3364_mysql-1.0.0")?;
    /// assert_eq!(id.as_str(), "1763991009206_kvpd3364_mysql-1.0.0");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    ConnectionId, "connection", "" => ""
}

id! {
    /// The id of a catalog asset: a UUID.
    ///
    /// ```
    /// let id = dadosfera::DataAssetId::new("2d044685-9d3f-4a8b-8d5c-6f0c9f6f4c11")?;
    /// assert_eq!(id.as_str(), "2d044685-9d3f-4a8b-8d5c-6f0c9f6f4c11");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    DataAssetId, "data asset", "" => ""
}

id! {
    /// The id of a table.
    ///
    /// ```
    /// let id = dadosfera::TableId::new("7")?;
    /// assert_eq!(id.as_str(), "7");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    TableId, "table", "" => ""
}

id! {
    /// The id of a dataset.
    ///
    /// ```
    /// let id = dadosfera::DatasetId::new("7")?;
    /// assert_eq!(id.as_str(), "7");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    DatasetId, "dataset", "" => ""
}

id! {
    /// The id of a user: a UUID.
    ///
    /// ```
    /// let id = dadosfera::UserId::new("5b0e7c55-1b0f-4a40-9d61-8d2a3f0f9a77")?;
    /// assert_eq!(id.as_str(), "5b0e7c55-1b0f-4a40-9d61-8d2a3f0f9a77");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    UserId, "user", "" => ""
}

id! {
    /// The id of a customer.
    ///
    /// ```
    /// let id = dadosfera::CustomerId::new("acme")?;
    /// assert_eq!(id.as_str(), "acme");
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    CustomerId, "customer", "" => ""
}

impl PipelineId {
    /// A new id for a pipeline that is to be created.
    #[must_use]
    pub fn random() -> Self {
        Self(
            uuid::Uuid::new_v4()
                .hyphenated()
                .to_string()
                .replace('-', "_"),
        )
    }

    /// The id of the pipeline's job at `index`, counted from 0 in the order of creation.
    #[must_use]
    pub fn job(&self, index: usize) -> JobId {
        JobId(format!("{}_{index}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_id_that_no_server_could_have_made_is_refused_with_its_fault() {
        for (text, fault) in [
            ("", "is empty"),
            (".", "is `.`"),
            ("..", "is `..`"),
            ("a/b", "holds `/`"),
            (r"..\..\admin", r"holds `\`"),
            ("a\nb", r"holds '\n'"),
        ] {
            let error = PipelineId::new(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(fault), "{error}");
        }
        assert!(PipelineId::new("x".repeat(256)).is_err());
        assert!(PipelineId::new("x".repeat(255)).is_ok());
    }

    #[test]
    fn ids_that_are_no_uuid_are_taken() {
        assert_eq!(
            PipelineId::new("test_pipeline_12345")
                .expect("seen in the wild")
                .as_str(),
            "test_pipeline_12345"
        );
    }

    #[test]
    fn a_job_is_named_after_its_pipeline() {
        let pipeline = PipelineId::new("1b33ad2f-33d3-4837-9eeb-83c82c8b909d").expect("a UUID");
        assert_eq!(
            pipeline.job(0),
            JobId::new("1b33ad2f-33d3-4837-9eeb-83c82c8b909d-0").expect("a job id")
        );
    }

    #[test]
    fn an_api_key_keeps_its_hyphens() {
        let id = ApiKeyId::new("1b33ad2f_33d3-4837-9eeb-83c82c8b909d").expect("a UUID");
        assert_eq!(id.as_str(), "1b33ad2f-33d3-4837-9eeb-83c82c8b909d");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_taken_can_be_one_segment_of_a_path(text in any::<String>()) {
            if let Ok(id) = PipelineId::new(&text) {
                prop_assert!(!id.as_str().is_empty() && id.as_str().len() <= LONGEST);
                prop_assert!(!id.as_str().chars().any(|c| c.is_control() || matches!(c, '/' | '\\')));
                prop_assert!(!matches!(id.as_str(), "." | ".."));
                prop_assert_eq!(PipelineId::new(id.as_str()).expect("canonical"), id);
            }
        }

        #[test]
        fn spellings_are_one_id(text in "[a-z0-9_-]{1,40}") {
            let hyphens = PipelineId::new(text.replace('_', "-")).expect("plain");
            let underscores = PipelineId::new(text.replace('-', "_")).expect("plain");
            prop_assert_eq!(hyphens, underscores);
        }
    }
}
