//! How pipeline, job and run ids are spelled: the one place where hyphens and underscores meet.
//!
//! Rule: answers use underscores; requests may use either. The hexadecimal digits of a UUID may come in any case.

use uuid::Uuid;

const UUID_LENGTH: usize = 36;

/// The spelling of answers: underscores, and a leading UUID in lower case.
pub(crate) fn canonical(id: &str) -> String {
    let spelled = id.replace('-', "_");
    match spelled.get(..UUID_LENGTH) {
        Some(head) if uuid_of(head).is_some() => {
            head.to_ascii_lowercase() + &spelled[UUID_LENGTH..]
        }
        _ => spelled,
    }
}

/// The UUID that an id spells, if it spells one.
pub(crate) fn uuid_of(id: &str) -> Option<Uuid> {
    if id.len() == UUID_LENGTH {
        Uuid::try_parse(&id.replace('_', "-")).ok()
    } else {
        None
    }
}

/// A UUID as answers spell it.
pub(crate) fn underscored(uuid: Uuid) -> String {
    uuid.to_string().replace('-', "_")
}

/// The id of a pipeline's job.
pub(crate) fn job_id(pipeline_id: &str, index: usize) -> String {
    format!("{pipeline_id}_{index}")
}

/// The pipeline and the index that a job id names; only the spelling of [`job_id`] counts, so `_00` names nothing.
pub(crate) fn split_job_id(job_id: &str) -> Option<(&str, usize)> {
    let (pipeline_id, digits) = job_id.rsplit_once('_')?;
    let index: usize = digits.parse().ok()?;
    (index.to_string() == digits).then_some((pipeline_id, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_and_underscores_and_upper_case_are_one_uuid() {
        let canonical_id = "1b33ad2f_33d3_4837_9eeb_83c82c8b909d";
        for spelling in [
            "1b33ad2f-33d3-4837-9eeb-83c82c8b909d",
            "1B33AD2F_33D3_4837_9EEB_83C82C8B909D",
            canonical_id,
        ] {
            assert_eq!(canonical(spelling), canonical_id);
        }
        assert_eq!(
            canonical("1B33AD2F-33D3-4837-9EEB-83C82C8B909D-0"),
            "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0"
        );
    }

    #[test]
    fn an_id_that_is_no_uuid_keeps_its_case() {
        assert_eq!(canonical("Test-Pipeline_12345"), "Test_Pipeline_12345");
        assert_eq!(canonical("ação-🚀"), "ação_🚀");
        assert_eq!(canonical(""), "");
    }

    #[test]
    fn only_the_canonical_index_names_a_job() {
        assert_eq!(split_job_id("a_b_12"), Some(("a_b", 12)));
        for no_job in ["a", "a_", "a_01", "a_+1", "a_99999999999999999999999"] {
            assert_eq!(split_job_id(no_job), None, "{no_job}");
        }
    }
}
