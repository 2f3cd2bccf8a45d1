//! The two languages of error messages, and the texts that exist in both.
//!
//! Rule: only the gateway's envelope (shape 5) with a code is localised; the platform's texts are English literals.

use serde::{Deserialize, Serialize};

/// What `dadosfera-lang` chose; Portuguese unless English was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Language {
    Portuguese,
    English,
}

/// The refusals that are told in the caller's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Unauthorized,
    WrongPassword,
    Forbidden,
    UserDisabled,
    TooManyAttempts,
}

impl Language {
    /// Reads the header's value, in any case.
    pub(crate) fn from_header(value: Option<&str>) -> Self {
        match value {
            Some(value) if value.trim().eq_ignore_ascii_case("en-us") => Self::English,
            _ => Self::Portuguese,
        }
    }
}

impl Told {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Unauthorized | Self::WrongPassword => 401,
            Self::Forbidden | Self::UserDisabled => 403,
            Self::TooManyAttempts => 429,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unauthorized | Self::WrongPassword => "AUTH.UNAUTHORIZED",
            Self::Forbidden => "AUTH.FORBIDDEN",
            Self::UserDisabled => "AUTH.USER_DISABLED",
            Self::TooManyAttempts => "AUTH.TOO_MANY_ATTEMPTS",
        }
    }

    pub(crate) fn message(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Unauthorized, Language::Portuguese) => "Não autorizado",
            (Self::Unauthorized, Language::English) => "Unauthorized",
            (Self::WrongPassword, Language::Portuguese) => "Usuário ou senha inválidos",
            (Self::WrongPassword, Language::English) => "Invalid username or password",
            (Self::Forbidden, Language::Portuguese) => {
                "Você não tem permissões suficientes para realizar essa operação"
            }
            (Self::Forbidden, Language::English) => {
                "You do not have sufficient permissions to perform this operation"
            }
            (Self::UserDisabled, Language::Portuguese) => "Usuário desativado",
            (Self::UserDisabled, Language::English) => "User is disabled",
            (Self::TooManyAttempts, Language::Portuguese) => {
                "Muitas tentativas. Tente novamente mais tarde"
            }
            (Self::TooManyAttempts, Language::English) => "Too many attempts. Try again later",
        }
    }

    pub(crate) fn error(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::TooManyAttempts, Language::Portuguese) => "Muitas requisições",
            (Self::TooManyAttempts, Language::English) => "Too Many Requests",
            (_, Language::Portuguese) => "Não autorizado",
            (_, Language::English) => "Unauthorized",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_asked_for_in_any_case_and_all_else_is_portuguese() {
        assert_eq!(Language::from_header(Some("en-us")), Language::English);
        assert_eq!(Language::from_header(Some("EN-US")), Language::English);
        for other in [None, Some("pt-br"), Some("PT-BR"), Some(""), Some("fr")] {
            assert_eq!(Language::from_header(other), Language::Portuguese);
        }
    }
}
