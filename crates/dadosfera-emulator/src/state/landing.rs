//! The names of the tables in which a job's rows land.
//!
//! Rule (documented): `tb__{code}__{schema}__{table}`, where the code is the first six characters of the z-base-32
//! of the pipeline's UUID bytes; `full_load` and `incremental` land in `PUBLIC`, `incremental_with_qualify` lands raw
//! in `PUBLIC` and qualified in `STAGED`.
//! Ours: an id that is no UUID stands for the first 16 bytes of its SHA-256; a source without a schema uses its plugin's name.

use sha2::{Digest, Sha256};

use crate::state::ids;

const Z_BASE_32: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// The schema of raw tables.
pub(crate) const RAW_SCHEMA: &str = "PUBLIC";
/// The schema of qualified tables.
pub(crate) const QUALIFY_SCHEMA: &str = "STAGED";

/// The six characters that stand for a pipeline.
pub(crate) fn code(pipeline_id: &str) -> String {
    let bytes = match ids::uuid_of(pipeline_id) {
        Some(uuid) => first_four(uuid.as_bytes()),
        None => first_four(&Sha256::digest(pipeline_id.as_bytes())),
    };
    let bits = u32::from_be_bytes(bytes);
    (0..6)
        .map(|place| char::from(Z_BASE_32[(bits >> (27 - 5 * place)) as usize & 31]))
        .collect()
}

/// The name of the table for one source table.
pub(crate) fn table_name(pipeline_id: &str, schema: &str, table: &str) -> String {
    format!(
        "tb__{}__{}__{}",
        code(pipeline_id),
        plain(schema),
        plain(table)
    )
}

/// Six characters of five bits are decided by the first four bytes.
fn first_four(bytes: &[u8]) -> [u8; 4] {
    let mut four = [0; 4];
    for (to, from) in four.iter_mut().zip(bytes) {
        *to = *from;
    }
    four
}

/// Lower case, with an underscore for whatever a table's name cannot hold.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_matches_both_published_vectors() {
        assert_eq!(code("fb3dc75a-11f8-4c61-99c4-e804871d166d"), "9c6hqs");
        assert_eq!(code("7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae"), "xqfu8g");
        assert_eq!(code("7b8b3399_b8c0_4fc5_9116_142cd9f4e7ae"), "xqfu8g");
    }

    #[test]
    fn an_id_that_is_no_uuid_has_a_code_of_its_own() {
        let one = code("test_pipeline_12345");
        assert_eq!(one.len(), 6);
        assert_eq!(one, code("test_pipeline_12345"));
        assert_ne!(one, code("test_pipeline_12346"));
    }

    #[test]
    fn a_table_name_is_lower_case_and_plain() {
        assert_eq!(
            table_name(
                "7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae",
                "Public",
                "Orders 2024"
            ),
            "tb__xqfu8g__public__orders_2024"
        );
    }
}
